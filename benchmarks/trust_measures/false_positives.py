"""How often the reader finds an invisible mark where there is none: without a mark, or with another key's.

A window is two seconds of video after an encoder. Read with the key of all installations it must say nothing
when nothing was marked, as it is and mirrored; read with a key that nobody used it must say nothing either
way, which is how there can be so many windows: a fresh key makes of each a new one. Every scene is another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.channels import h264, vp8_small, vp8_tiny, whole_geometry
from benchmarks.trust_measures.contents import RATE, drawn_content
from benchmarks.trust_measures.payload import WINDOW_SECONDS, chips_of
from talchum.domain.leg_tag import LegTag
from talchum.vision.mark_pattern import MarkPattern
from talchum.vision.mark_reading import LEAST_CONFIDENCE, MarkReading, read_window
from talchum.vision.marks import Marking, Marks

CHANNELS = (vp8_small, h264, vp8_tiny)
_LENGTH = round(WINDOW_SECONDS * RATE)
_STEP = 8  # frames from one window of a scene to the next
_WINDOWS = 9

Chips = NDArray[np.float32]


def measure_false_positives(n: int) -> Outcome:
    """At least `n` readings: a sixth with the own key on unmarked video, the rest with other keys on both."""
    clean, marked_ones = math.ceil(n / 100), math.ceil(n / 400)
    keys = math.ceil(max(1, n - 2 * clean * _WINDOWS) / ((clean + marked_ones) * _WINDOWS))
    own: list[MarkReading] = []
    others: list[MarkReading] = []
    for scene in range(clean + marked_ones):
        for number, window in enumerate(_windows(_scene(scene, with_mark=scene >= clean))):
            if scene < clean:
                own += [_read(window), _read(window[:, :, ::-1])]
            words = (f"{scene} {number} {key}".encode() for key in range(keys))
            others += [_read(window, MarkPattern.of(upright=False, word=word)) for word in words]
    readings = own + others
    wrong = sum(reading.mark is not None for reading in readings)
    highest = max(reading.confidence for reading in readings)
    return Outcome(
        "invisible mark found where there is none",
        "0",
        f"{wrong}, highest confidence {highest:.1f} (least that counts: {LEAST_CONFIDENCE:.0f})",
        len(readings),
        wrong == 0,
        {
            "scenes": clean + marked_ones,
            "overLeastConfidence": sum(reading.confidence >= LEAST_CONFIDENCE for reading in readings),
            "unmarked": _figures(own),
            "otherKeys": _figures(others),
        },
    )


def _scene(number: int, *, with_mark: bool) -> Chips:
    """Chips of a scene that is like no other, after one of the channels."""
    marks = Marks(Marking(LegTag(number)))
    sent = []
    for place, frame in enumerate(drawn_content(number, _LENGTH + (_WINDOWS - 1) * _STEP)):
        if with_mark:
            marks.put(frame, "synthetic", place / RATE)
        sent.append(frame)
    received = CHANNELS[number % len(CHANNELS)](sent)
    return chips_of(received, whole_geometry(received))


def _windows(chips: Chips) -> Iterator[Chips]:
    for number in range(_WINDOWS):
        yield chips[number * _STEP : number * _STEP + _LENGTH]


def _read(window: Chips, pattern: MarkPattern | None = None) -> MarkReading:
    times = np.arange(len(window)) / RATE
    return read_window(window, times, pattern or MarkPattern.of(upright=False))


def _figures(readings: list[MarkReading]) -> dict[str, float]:
    found = [reading.confidence for reading in readings]
    if not found:
        return {"n": 0}
    points = {f"p{share}": round(float(np.percentile(found, share)), 2) for share in (50, 99)}
    return {"n": len(found), **points, "highest": round(max(found), 2)}
