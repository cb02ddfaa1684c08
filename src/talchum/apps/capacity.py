"""How many face legs this machine can serve at once, by a short measurement of the very work."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from talchum.adapters.codec_cost import vp8_seconds_per_frame
from talchum.apps.face_stage import Pipeline
from talchum.domain.frame import I420Frame

logger = logging.getLogger(__name__)

FRAMES_PER_SECOND = 30
SHARE_OF_CORES = 0.8  # the rest is for the engine's own threads, signalling and whatever else runs here
_WARM_FRAMES = 3
_MEASURED_FRAMES = 12


@dataclass(frozen=True, slots=True)
class LegCost:
    """CPU seconds of one frame of one leg."""

    pipeline: float
    codec: float

    @property
    def total(self) -> float:
        """Everything a frame costs the worker."""
        return self.pipeline + self.codec


def measure_leg_cost(pipeline: Pipeline, picture: I420Frame) -> LegCost:
    """Run a worn pipeline and the codec over a picture with a face; it takes a second and warms both."""
    for index in range(_WARM_FRAMES):
        pipeline.transform(_at(picture, index), time.monotonic())
    start = time.process_time()
    for index in range(_MEASURED_FRAMES):
        pipeline.transform(_at(picture, _WARM_FRAMES + index), time.monotonic())
    seconds = (time.process_time() - start) / _MEASURED_FRAMES
    return LegCost(pipeline=seconds, codec=vp8_seconds_per_frame(picture))


def slots_for(cost: LegCost, cores: float) -> int:
    """Legs that fit on this many cores, at least one."""
    return max(1, int(cores * SHARE_OF_CORES / (FRAMES_PER_SECOND * max(cost.total, 1e-4))))


def _at(picture: I420Frame, index: int) -> I420Frame:
    return I420Frame(picture.buffer, picture.width, picture.height, index / FRAMES_PER_SECOND)
