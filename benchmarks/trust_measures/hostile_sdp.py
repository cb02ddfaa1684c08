"""Hostile offers: no crash of the engine, no address that gets through, no stall of the event loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter

from benchmarks.outcome import Outcome
from talchum.protocol.messages import SessionDescription
from tests.adapters.peers import ready_engine
from tests.adapters.webrtc.hostile_offers import Stall, hostile_offer, taken

BAR_MS = 20.0
_AGAIN = 9  # rounds: a stall is the offer's only if it comes each time

_CALM_MS = 5.0
_TURN = 0.002  # seconds, so that the watch has its turn


def measure_hostile_sdp(n: int) -> Outcome:
    """Take `n` offers in a process of their own, which may die of one."""
    argv = [sys.executable, "-m", __name__, str(n)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    bar = f"no crash, no candidate, stall < {BAR_MS:.0f} ms"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Outcome("hostile SDP", bar, f"exit status {done.returncode}: {last[:200]}", n, False)
    found = json.loads(done.stdout.splitlines()[-1])
    worst, reached = (
        found["longestStallMs"],
        sum(found["fates"].get(fate, 0) for fate in ("answered", "engine")),
    )
    seen = f"no crash, no candidate, stall {worst} ms; {reached} reached the engine"
    return Outcome("hostile SDP", bar, seen, n, worst < BAR_MS, found)


async def _take_all(n: int) -> dict[str, object]:
    ready_engine()
    fates: Counter[str] = Counter()
    slow: dict[int, float] = {}
    longest = 0.0
    async with Stall.watched() as stall:
        for seed in range(n):
            begun = time.perf_counter()
            fates[await taken(hostile_offer(seed))] += 1
            took = 1e3 * (time.perf_counter() - begun)  # all of it: no stall is longer
            if took > _CALM_MS:
                slow[seed] = took
            else:
                longest = max(longest, took)
        for _ in range(_AGAIN):  # each round at another time: other programs stall a loop too, for seconds
            for seed in [seed for seed, least in slow.items() if least > _CALM_MS]:
                slow[seed] = min(slow[seed], await _stall_of(hostile_offer(seed), stall))
    return {
        "longestStallMs": round(max([longest, *slow.values()]), 1),
        "lookedAtAgain": len(slow),
        "fates": dict(fates.most_common()),
    }


async def _stall_of(offer: SessionDescription, stall: Stall) -> float:
    """Milliseconds."""
    await asyncio.sleep(_TURN)
    stall.take()
    await taken(offer)
    await asyncio.sleep(_TURN)
    return 1e3 * stall.take()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_take_all(int(sys.argv[1])))))
