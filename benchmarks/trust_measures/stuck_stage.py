"""Faults that need a thread and a clock: a stage that does not come back, marks that cannot be put in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from talchum.apps.face_stage import STUCK_SECONDS, WATCHDOG_SECONDS, FaceStage
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FacePipeline

_PERIOD = 1 / 30
_AFTER_SECONDS = 0.8
_SLACK_MS = 100.0
"""For a machine that does other work too: these are times by the clock."""

STAGE_KINDS: Mapping[str, float] = MappingProxyType(
    {
        "a stage is stuck": 1e3 * (STUCK_SECONDS + WATCHDOG_SECONDS) + _SLACK_MS,
        "marks cannot be put in": 1e3 * (STUCK_SECONDS + WATCHDOG_SECONDS) + _SLACK_MS,
    }
)
"""By what it is, with the milliseconds within which the card must be there."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """What a leg sent, and how long after the last picture of a face the card came; infinite without one."""

    egress: list[EgressFrame]
    card_after_ms: float


async def run_stage(
    kind: str, pipeline: FacePipeline, camera: Sequence[I420Frame], marking: Marking
) -> StageRun:
    """A stage that shows a face, and then the fault."""
    sent: list[tuple[float, EgressFrame]] = []
    stage = FaceStage(pipeline, lambda egress: sent.append((time.monotonic(), egress)), marking)
    freed = threading.Event()
    stage.start()
    told, threading.excepthook = threading.excepthook, lambda _arguments: None  # the thread may end by it
    try:
        await _play(stage, camera, lambda: bool(sent) and sent[-1][1].kind == "face")
        _break(kind, pipeline, freed)
        ends = time.monotonic() + _AFTER_SECONDS
        await _play(stage, camera, lambda: time.monotonic() >= ends)
    finally:
        freed.set()
        await stage.close()
        threading.excepthook = told
    return StageRun([egress for _, egress in sent], _card_after_ms(sent))


async def _play(stage: FaceStage, camera: Sequence[I420Frame], done: Callable[[], bool]) -> None:
    number = 0
    while not done():
        now = time.monotonic()
        frame = camera[number % len(camera)]
        stage.take(I420Frame(frame.buffer, frame.width, frame.height, now), now)
        number += 1
        await asyncio.sleep(_PERIOD)


def _break(kind: str, pipeline: FacePipeline, freed: threading.Event) -> None:
    def stuck(*_: Any, **__: Any) -> Any:
        freed.wait()
        raise RuntimeError("freed")

    def fails(*_: Any, **__: Any) -> Any:
        raise OSError("broken")

    if kind == "a stage is stuck":
        pipeline._tracker.update = stuck  # type: ignore[method-assign]
    else:
        pipeline._compositor._marks.put = fails  # type: ignore[method-assign]


def _card_after_ms(sent: list[tuple[float, EgressFrame]]) -> float:
    last_face = max((at for at, egress in sent if egress.kind != "card"), default=0.0)
    return 1e3 * min((at - last_face for at, _ in sent if at > last_face), default=float("inf"))
