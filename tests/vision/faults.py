"""What can go wrong inside the pipeline of one leg: each stage broken in each way, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from talchum.domain.errors import FrameError
from talchum.domain.face import TrackedFace
from talchum.vision.blending import Patch, Rectangle
from talchum.vision.pipeline import FacePipeline, WornFace
from talchum.vision.tracking import TrackResult
from tests.vision.scenes import tracked

Fault = Callable[[FacePipeline], None]
"""Breaks a pipeline over the clip that is on."""


def breaking(stage: str, value: Any) -> Fault:
    """Replaces a stage's method by one that raises `value`, or returns it; of every engine alike."""
    part, _, method = stage.partition(".")

    def broken(*_: Any, **__: Any) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    def apply(pipeline: FacePipeline) -> None:
        owner = getattr(pipeline, part)
        for one in owner.values() if isinstance(owner, dict) else (owner,):
            setattr(one, method, broken)

    return apply


def shifted_landmarks(offset: float) -> TrackResult:
    face = tracked()[0]
    landmarks = face.landmarks + np.float32(offset)
    return TrackResult(TrackedFace(landmarks, 1.0, 0.0), 1, "")


def patch(width: int, height: int, alpha: int) -> Patch:
    area = Rectangle(200, 140, width, height)
    y = np.full((height, width), 100, np.uint8)
    chroma = np.full(area.chroma_shape, 128, np.uint8)
    return Patch(area, y, chroma, chroma, np.full((height, width), alpha, np.uint8))


FAULTS: dict[str, Fault] = {
    "tracker raises": breaking("_tracker.update", RuntimeError("broken")),
    "tracker runs out of memory": breaking("_tracker.update", MemoryError()),
    "tracker loses the face": breaking("_tracker.update", TrackResult(None, 0, "no_face")),
    "tracker gives no face and no reason": breaking("_tracker.update", TrackResult(None, 1, "")),
    "second face": breaking("_tracker.update", TrackResult(None, 2, "second_face")),
    "second face beside a tracked one": breaking(
        "_tracker.update", TrackResult(TrackedFace(np.ones((478, 3), np.float32), 1.0, 0.0), 2, "second_face")
    ),
    "landmarks are not numbers": breaking("_tracker.update", shifted_landmarks(float("nan"))),
    "landmarks lie outside the frame": breaking("_tracker.update", shifted_landmarks(5000.0)),
    "tracker returns something else": breaking("_tracker.update", None),
    "engine raises": breaking("_engines.render", ValueError("broken")),
    "engine refuses the frame": breaking("_engines.render", FrameError("broken")),
    "engine returns nothing": breaking("_engines.render", None),
    "patch is transparent": breaking("_engines.render", patch(240, 240, 0)),
    "patch is half transparent": breaking("_engines.render", patch(240, 240, 128)),
    "patch can be seen through": breaking("_engines.render", patch(240, 240, 215)),
    "patch is too small": breaking("_engines.render", patch(60, 60, 255)),
    "patch lies over the frame's edge": breaking("_engines.render", patch(900, 900, 255)),
    "check raises": breaking("_check.hides", RuntimeError("broken")),
    "check finds a hole": breaking("_check.hides", False),
    "compositing raises": breaking("_compositor.face", RuntimeError("broken")),
    "identity is none": lambda pipeline: setattr(
        pipeline, "_worn", WornFace("x", "synthetic", "portrait", frozenset(), None)
    ),
    "engine is unknown": lambda pipeline: setattr(
        pipeline, "_worn", WornFace("x", "synthetic", "none", frozenset(), None)
    ),
}
HELD_FAULTS = {"tracker loses the face", "tracker gives no face and no reason"}

NETWORK_ANSWERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "raises": lambda feed: feed["nothing"],
    "not numbers": lambda feed: np.full((1, 160, 160, 5), np.nan, np.float32),
    "no mask": lambda feed: np.zeros((1, 160, 160, 5), np.float32),
    "a thin mask": lambda feed: np.full((1, 160, 160, 5), (255, 255, 255, 0, 107), np.float32),
    "another size": lambda feed: np.full((1, 80, 80, 5), 255, np.float32),
    "too few planes": lambda feed: np.full((1, 160, 160, 3), 255, np.float32),
    "nothing": lambda feed: None,
}


class AnsweringNetwork:
    """A face network that answers as it is told."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self._answer = answer

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        return [self._answer(input_feed)]


def answering(answer: Callable[[dict[str, Any]], Any]) -> Fault:
    """Replaces the network of the face that is worn, which is one that `neural` paints."""

    def apply(pipeline: FacePipeline) -> None:
        face = pipeline._worn
        assert face is not None
        prepared = replace(face.prepared, session=AnsweringNetwork(answer))
        pipeline._worn = replace(face, prepared=prepared)

    return apply
