"""Whether a performer's own face gets out when something goes wrong: a canary is on it and is sought.

A leg's pipeline and compositor, the identities that ship and the project's clip. Each fault begins while a
face is shown, and lasts. Time is the clip's: a frame is a thirtieth of a second.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.faults import KINDS, Injection
from benchmarks.trust_measures.stuck_stage import STAGE_KINDS, StageRun, run_stage
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.vision.badge_reading import BadgeReader
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FacePipeline, WornFace, prepare_worn_face
from tests.browser.canary import paint, search
from tests.vision.scenes import CHEEK, clip, face_networks, tracked

FRAMES = 24
BEFORE = range(4, 10)
AFTER = 12
FRAME_MS = 1000 / 30
CARD_MS, HELD_MS = 66, 300 + FRAME_MS
WORN = {"veil": "veil", "portrait": "amara", "neural": "sora"}
TAG = LegTag(0x5A3C9F1234)


@dataclass(slots=True)
class Tally:
    """What was seen over many faults."""

    frames: int = 0
    canaries: int = 0
    badges: int = 0
    faces_after: int = 0
    worst_ms: dict[str, float] = field(default_factory=dict)
    injected: Counter[str] = field(default_factory=Counter)

    def look(self, kind: str, egress: list[EgressFrame], card_after_ms: float) -> None:
        """Count a fault. card_after_ms: from its first frame, infinite when no card came."""
        reader = BadgeReader()
        self.injected[kind] += 1
        self.frames += len(egress)
        self.canaries += sum(search(frame.picture).found for frame in egress)
        self.badges += sum(reader.read(frame.picture.y) == TAG for frame in egress)
        self.worst_ms[kind] = max(self.worst_ms.get(kind, 0.0), round(card_after_ms, 1))


def measure_canary(n: int) -> Outcome:
    """`n` faults in equal shares of every kind."""
    logging.disable(logging.ERROR)  # a traceback for each would hide the table
    try:
        tally = _tally(n)
    finally:
        logging.disable(logging.NOTSET)
    held = {kind for kind, faults in KINDS.items() if faults.held}
    at_once = max(ms for kind, ms in tally.worst_ms.items() if kind in KINDS and kind not in held)
    after_hold = max(ms for kind, ms in tally.worst_ms.items() if kind in held)
    by_clock = max(ms for kind, ms in tally.worst_ms.items() if kind in STAGE_KINDS)
    in_time = at_once <= CARD_MS and after_hold <= HELD_MS + 1
    in_time = in_time and all(tally.worst_ms[kind] <= bar for kind, bar in STAGE_KINDS.items())
    return Outcome(
        f"the performer's own face under faults of {len(tally.injected)} kinds",
        "0 frames; card within 66 ms; within 333 ms where a picture may be held",
        f"{tally.canaries} of {tally.frames} frames; card within {at_once:.0f} ms, {after_hold:.0f} ms, "
        f"{by_clock:.0f} ms by the clock where a stage's thread is stuck",
        tally.injected.total(),
        tally.canaries == 0 and tally.badges == tally.frames and in_time,
        {
            "canaryFoundInCamera": _control(),
            "egressFrames": tally.frames,
            "withBadge": tally.badges,
            "injected": dict(tally.injected),
            "worstMsToCard": tally.worst_ms,
        },
    )


def _tally(n: int) -> Tally:
    rng, tally = random.Random(4), Tally()
    kinds = [*KINDS, *STAGE_KINDS]
    for number in range(n):
        kind, turn = kinds[number % len(kinds)], number // len(kinds)
        if kind in STAGE_KINDS:
            done: StageRun = asyncio.run(
                run_stage(kind, _pipeline(list(WORN)[turn % 3]), camera(), Marking(TAG))
            )
            tally.look(kind, done.egress, done.card_after_ms)
            continue
        variants = KINDS[kind].variants
        injection = variants[turn % len(variants)]
        engine = injection.engine or list(WORN)[turn // len(variants) % 3]
        tally.look(kind, *_inject(injection, engine, rng))
    return tally


def _inject(injection: Injection, engine: str, rng: random.Random) -> tuple[list[EgressFrame], float]:
    """The egress frames before and in a fault, and milliseconds of frames until the card's end."""
    pipeline, frames = _pipeline(engine), iter(camera())
    before = 0 if injection.from_start else rng.choice(BEFORE)
    egress = [
        pipeline.transform(frame, frame.media_time) for frame, _ in zip(frames, range(before), strict=False)
    ]
    injection.breaks(pipeline)
    for frame, _ in zip(frames, range(AFTER), strict=False):
        seen, now = injection.sees(frame), frame.media_time
        egress.append(pipeline.idle(now) if seen is None else pipeline.transform(seen, now))
    return egress, _card_after_ms(egress[before:])


def _card_after_ms(egress: list[EgressFrame]) -> float:
    """Until a card is there and nothing else comes any more."""
    others = [number for number, frame in enumerate(egress) if frame.kind != "card"]
    cards = len(egress) - 1 - (others[-1] if others else -1)
    return (len(egress) - cards + 1) * FRAME_MS if cards else float("inf")


@cache
def camera() -> tuple[I420Frame, ...]:
    """The clip with a canary on the performer's cheek."""
    return tuple(_painted())


def _painted() -> Iterator[I420Frame]:
    for frame, face in zip(clip(FRAMES), tracked(FRAMES), strict=True):
        image = frame_to_image(frame)
        x, y = face.landmarks[CHEEK, :2]
        paint(image, (float(x), float(y)))
        yield image_to_frame(image, frame.media_time)


def _control() -> float:
    """The share of the camera's frames in which the search finds the canary."""
    return float(np.mean([search(frame).found for frame in camera()]))


def _pipeline(engine: str) -> FacePipeline:
    pipeline = FacePipeline(face_networks(), Marking(TAG))
    pipeline.wear(_worn(engine))
    return pipeline


@cache
def _worn(engine: str) -> WornFace:
    assets = IdentityFiles(default_identities_directory()).assets(WORN[engine])
    return prepare_worn_face(assets, engine, topology=face_networks().topology)
