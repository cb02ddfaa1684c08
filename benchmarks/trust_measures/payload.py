"""Whether the invisible mark says exactly what it said, after what a call and a recording do to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.channels import (
    CHANNELS,
    Frames,
    searched_geometry,
    whole_geometry,
    windows,
)
from benchmarks.trust_measures.contents import CARRIED, CONTENTS, RATE, content
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark, MarkKind
from talchum.vision.mark_geometry import PictureGeometry, chips_in
from talchum.vision.mark_pattern import MarkPattern
from talchum.vision.mark_reading import MarkReading, read_window
from talchum.vision.marks import Marking, Marks

WINDOW_SECONDS = 2.0
SCREEN = "0.55 of it on a screen, cut to 4:3"
_LEAST_WINDOWS = 2  # so that three seconds can be searched


def measure_payload(n: int) -> Outcome:
    """`n` windows of two seconds, none over another, in equal shares of every content and channel."""
    each = max(_LEAST_WINDOWS, math.ceil(n / (len(CONTENTS) * len(CHANNELS))))
    readings = {name: _through_all(name, each, number) for number, name in enumerate(CONTENTS)}
    rows = [row for found in readings.values() for row in found.values()]
    exact, total = sum(row["exact"] for row in rows), sum(row["windows"] for row in rows)
    return Outcome(
        "invisible mark read exactly from 2 s",
        "100 % of windows",
        f"{exact} of {total}",
        total,
        exact == total,
        {"contents": readings, "beyondTheBar": {CARRIED: _through_all(CARRIED, each, len(CONTENTS))}},
    )


def _through_all(name: str, count: int, number: int) -> dict[str, dict[str, Any]]:
    """What is read of one content after each channel."""
    mark = Mark(_kind(name), LegTag.drawn(np.random.default_rng(number).bytes(5)))
    sent = list(marked(name, count, mark, 0.137 * number))
    rows = {}
    for channel, through in CHANNELS.items():
        received = through(sent)
        found = read(received, _geometry(channel, received))
        rows[channel] = {
            "exact": sum(reading.mark == mark for reading in found),
            "windows": len(found),
            "leastConfidence": round(min(reading.confidence for reading in found), 1),
        }
    return rows


def marked(name: str, count: int, mark: Mark, start: float) -> Iterator[I420Frame]:
    """Frames for so many windows, marked as the compositor marks them. start: monotonic seconds."""
    marks = Marks(Marking(mark.tag))
    for number, frame in enumerate(content(name, round(count * WINDOW_SECONDS * RATE))):
        picture = frame.copy()
        marks.put(picture, mark.kind, start + number / RATE)
        yield picture


def read(frames: Frames, geometry: PictureGeometry | None) -> list[MarkReading]:
    """Every window; nothing in any of them when nobody knows where the picture lies."""
    parts = list(windows(frames, WINDOW_SECONDS))
    if geometry is None:
        return [MarkReading(0.0, None) for _ in parts]
    pattern = MarkPattern.of(upright=geometry.upright)
    return [read_window(chips_of(part, geometry), _times(part), pattern) for part in parts]


def chips_of(frames: Frames, geometry: PictureGeometry) -> NDArray[np.float32]:
    """(pictures, rows, columns)."""
    shape = MarkPattern.of(upright=geometry.upright).shape
    return np.stack([chips_in(frame.y, geometry, shape) for frame in frames])


def _times(frames: Frames) -> NDArray[np.float64]:
    return np.arange(len(frames)) / RATE


def _geometry(channel: str, frames: Frames) -> PictureGeometry | None:
    return searched_geometry(frames) if channel == SCREEN else whole_geometry(frames)


def _kind(content_name: str) -> MarkKind:
    return "card" if content_name == "card" else "synthetic"
