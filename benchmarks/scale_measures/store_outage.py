"""Redis gone for a while, with all it held: what calls notice, what new ones are told, how soon all heals."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.error import HTTPError

from benchmarks.outcome import Outcome
from benchmarks.watched_calls import never_shown, pairs, shown_on_purpose, until, write_clip
from talchum.adapters.webrtc.engine import prepare_engine
from tests.calls.service import Service, running_service

CALLS = 2
GAP_BAR_S = 1.0
HEAL_BAR_S = 20.0
"""Celery waits up to 10 s between two looks for its broker."""


@dataclass(slots=True)
class Outage:
    """What was seen.

    gap: the longest time without a new face in a running call, to the very end. healed: to a new call's face.
    control: the share of a plain call's pictures in which the camera is found.
    """

    gap: float = 0.0
    refusal: str = ""
    healed: float = 0.0
    frames: int = 0
    canaries: int = 0
    control: float = 0.0


def measure_store_outage(n: int) -> Outcome:
    """Away for `n` seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        clip = write_clip(Path(scratch) / "camera.mp4")
        with running_service(Path(scratch) / "service") as service:
            seen = asyncio.run(_lose(service, clip, float(n)))
    return Outcome(
        f"Redis gone for {n} s under {CALLS} calls, and back empty",
        f"a face at least every {GAP_BAR_S:.0f} s, no camera frame; new calls told so; "
        f"a new call's face within {HEAL_BAR_S:.0f} s",
        f"longest gap {seen.gap:.2f} s, {seen.canaries} of {seen.frames:,} frames showed the camera; "
        f"new calls got {seen.refusal}; healed after {seen.healed:.1f} s",
        CALLS,
        seen.gap <= GAP_BAR_S
        and never_shown(seen.frames, seen.canaries, seen.control)
        and seen.refusal == "503 store_unavailable"
        and seen.healed <= HEAL_BAR_S,
        {
            "longestGapSeconds": round(seen.gap, 3),
            "healedSeconds": round(seen.healed, 1),
            "canaryFoundInCamera": seen.control,
        },
    )


async def _lose(service: Service, clip: Path, seconds: float) -> Outage:
    prepare_engine(zero_playout_delay=True, allow_loopback=True)
    seen = Outage(control=await shown_on_purpose(service, clip))
    async with pairs(service, clip, CALLS) as calls:
        await until(lambda: all(call.shows_face for call in calls), "a face in every call")
        await asyncio.sleep(2.0)
        begun = time.monotonic()
        service.lose_store()
        await asyncio.sleep(1.0)
        seen.refusal = await asyncio.to_thread(_refusal, service)
        await asyncio.sleep(max(0.0, begun + seconds - time.monotonic()))
        await asyncio.to_thread(service.start_store)
        back = time.monotonic()
        while await asyncio.to_thread(_refusal, service):  # noqa: ASYNC110 - answered over HTTP
            await asyncio.sleep(0.1)
        async with pairs(service, clip, 1) as (new,):
            await until(lambda: new.shows_face, "a face in a new call")
            seen.healed = time.monotonic() - back
        end = time.monotonic()
        for call in calls:
            times = [begun, *(face.at for face in call.seen.faces if face.at > begun), end]
            seen.gap = max(seen.gap, *(later - earlier for earlier, later in pairwise(times)))
            await asyncio.to_thread(call.watch.look)
            seen.frames += call.watch.searched
            seen.canaries += call.watch.canaries
    return seen


def _refusal(service: Service) -> str:
    """What a new call is told, empty when it is let in."""
    try:
        service.new_link()
    except HTTPError as error:
        with error:
            return f"{error.code} {json.load(error)['code']}"
    return ""
