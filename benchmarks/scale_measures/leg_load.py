"""Performers without viewers: so many face legs, and then some that find no place.

    python -m benchmarks.scale_measures.leg_load ORIGIN --legs N [--extra M] --engine E --identity I
        --clip FILE --seconds S

Runs as a process of its own, whose CPU time is counted apart, and prints what it saw as JSON, a line for each
part: when all legs show a face, what their worker said of them, and what came of those that were too many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.call import enter
from talchum.apps.headless_call import CallOptions, HeadlessCall
from talchum.protocol.messages import FaceLegQueued, FaceLegUnavailable, ServerMessage

PATIENCE = 60.0
WARM_SECONDS = 4.0
"""Of all legs together, before anything counts."""

LOOK_SECONDS = 0.05


class Performer(HeadlessCall):
    """One who wears a face, and what they were told while they waited for it."""

    places: list[int]
    refusals: list[str]

    def _on_message(self, message: ServerMessage) -> None:
        if isinstance(message, FaceLegQueued):
            self.places.append(message.place)
        elif isinstance(message, FaceLegUnavailable):
            self.refusals.append(message.code)
        super()._on_message(message)

    @property
    def has_face(self) -> bool:
        """Whether a worker returns frames and says that it wears something."""
        report = self.leg_report
        return report is not None and report.state == "face"


async def perform(options: CallOptions) -> Performer:
    """A performer in a room of their own, not yet joined."""
    server = CallServerClient(CallLink.parse(options.link))
    try:
        performer = await enter(options, server, Performer)
    finally:
        await server.close()
    performer.places, performer.refusals = [], []
    return performer


async def come(origin: str, count: int, clip: Path, identity: str, engine: str) -> list[Performer]:
    """So many performers."""
    made = []
    async with httpx.AsyncClient(base_url=origin, timeout=30) as http:
        for _ in range(count):
            link = (await http.post("/api/rooms", json={})).raise_for_status().json()["link"]
            made.append(await perform(CallOptions(link, clip, identity, engine)))
    return made


async def watch(performers: list[Performer], seconds: float) -> dict[str, Any]:
    """What their worker says of them for a while. frameAgeMs: the p95 of each second, of each leg."""
    ages: list[list[float]] = [[] for _ in performers]
    last: list[object] = [None] * len(performers)
    begun = time.monotonic()
    before = [report.frames_out if (report := one.leg_report) else 0 for one in performers]
    while time.monotonic() - begun < seconds:
        await asyncio.sleep(LOOK_SECONDS)
        for number, performer in enumerate(performers):
            report = performer.leg_report
            if report is not None and report is not last[number]:
                last[number] = report
                ages[number].append(1000 * report.frame_age.p95)
    after = [report.frames_out if (report := one.leg_report) else 0 for one in performers]
    took = time.monotonic() - begun
    return {
        "frameAgeP95Ms": [round(float(np.percentile(of, 95)), 1) if of else None for of in ages],
        "framesPerSecond": [round((b - a) / took, 1) for a, b in zip(before, after, strict=True)],
        "fallbacks": sum(bool((r := one.leg_report) and r.fallback) for one in performers),
    }


async def load(options: argparse.Namespace) -> None:
    """Say a line when all legs show a face, one when they were watched, one of those that were too many."""
    prepare_engine(zero_playout_delay=True, allow_loopback=True)
    performers = await come(options.origin, options.legs, options.clip, options.identity, options.engine)
    running = [asyncio.create_task(one.run()) for one in performers]
    async with asyncio.timeout(PATIENCE):
        while not all(one.has_face for one in performers):  # noqa: ASYNC110 - told by their workers
            await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(WARM_SECONDS)
    print(json.dumps({"legs": len(performers)}), flush=True)
    print(json.dumps(await watch(performers, options.seconds)), flush=True)
    if options.extra:
        late = await come(options.origin, options.extra, options.clip, options.identity, options.engine)
        running += [asyncio.create_task(one.run()) for one in late]
        seen = await watch(performers, options.seconds)
        told = {"places": [one.places for one in late], "refusals": [one.refusals for one in late]}
        print(json.dumps({**seen, **told, "served": sum(one.has_face for one in late)}), flush=True)
        performers += late
    for one in performers:
        one.leave()
    await asyncio.gather(*running)


def main() -> None:
    """Load the installation."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("origin")
    parser.add_argument("--legs", type=int, required=True)
    parser.add_argument("--extra", type=int, default=0)
    parser.add_argument("--identity", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    logging.disable(logging.WARNING)
    asyncio.run(load(parser.parse_args()))


if __name__ == "__main__":
    main()
