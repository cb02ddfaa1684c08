"""Hostile offers: no crash of the engine, no address that gets through, no stall of the event loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter

from benchmarks.trust_measures.outcome import Outcome
from tests.adapters.peers import ready_engine
from tests.adapters.webrtc.hostile_offers import Stall, hostile_offer, taken

BAR_MS = 20.0
_AGAIN = 9  # a stall is the offer's only if it comes each time; other programs stall a loop too

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
    longest = 0.0
    async with Stall.watched() as stall:
        for seed in range(n):
            offer = hostile_offer(seed)
            begun = time.perf_counter()
            fate = await taken(offer)
            stalls = [1e3 * (time.perf_counter() - begun)]  # all of it: no stall is longer
            while min(stalls) > _CALM_MS and len(stalls) < _AGAIN:
                await asyncio.sleep(_TURN)
                stall.take()
                await taken(offer)
                await asyncio.sleep(_TURN)
                stalls.append(1e3 * stall.take())
            fates[fate] += 1
            longest = max(longest, min(stalls))
    return {"longestStallMs": round(longest, 1), "fates": dict(fates.most_common())}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_take_all(int(sys.argv[1])))))
