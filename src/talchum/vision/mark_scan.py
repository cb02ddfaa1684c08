"""The invisible mark along a whole video, window by window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import Plane
from talchum.domain.verification import MarkedInterval, MarkFinding
from talchum.vision.mark_geometry import PictureGeometry, chips_in
from talchum.vision.mark_pattern import MarkPattern
from talchum.vision.mark_reading import MarkReading, read_window

WINDOW_SECONDS, STEP_SECONDS = 3.0, 1.0
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Window:
    start: float
    end: float
    reading: MarkReading
    mirrored: bool


class MarkScan:
    """Reads windows of three seconds, one a second, from pictures in the order of the video.

    geometry: where the picture lies; a whole picture is read mirrored too.
    """

    def __init__(self, geometry: PictureGeometry, *, whole: bool) -> None:
        self._geometry = geometry
        self._whole = whole
        self._pattern = MarkPattern.of(upright=geometry.upright)
        self._chips: deque[NDArray[np.float32]] = deque()
        self._times: deque[float] = deque()
        self._windows: list[_Window] = []
        self._read_until = 0.0

    def add(self, time: float, luma: Plane) -> None:
        """The next picture, `time` seconds into the video."""
        if not self._times and not self._windows:
            self._read_until = time
        if self._times and self._times[-1] - self._times[0] >= WINDOW_SECONDS:
            self._read()
            self._read_until = self._times[-1]
            self._drop_until(self._times[0] + STEP_SECONDS)
        self._chips.append(chips_in(luma, self._geometry, self._pattern.shape))
        self._times.append(time)

    def finding(self) -> MarkFinding:
        """All that was read; the rest of the video, if it is long enough, is read now."""
        if self._times and self._times[-1] > self._read_until:
            if self._times[-1] - self._times[0] >= LEAST_SECONDS:
                self._read()
            self._read_until = self._times[-1]
        marked = [window for window in self._windows if window.reading.mark is not None]
        highest = max((window.reading.confidence for window in self._windows), default=0.0)
        mirrored = sum(window.mirrored for window in marked) * 2 > len(marked)
        return MarkFinding(_joined(marked), highest, not self._whole, mirrored)

    def _read(self) -> None:
        chips, times = np.stack(self._chips), np.array(self._times)
        reading, mirrored = read_window(chips, times, self._pattern), False
        if self._whole and reading.mark is None:
            other = read_window(chips[:, :, ::-1], times, self._pattern)
            if other.confidence > reading.confidence:
                reading, mirrored = other, True
        self._windows.append(_Window(self._times[0], self._times[-1], reading, mirrored))

    def _drop_until(self, time: float) -> None:
        while self._times and self._times[0] < time:
            self._times.popleft()
            self._chips.popleft()


def _joined(windows: list[_Window]) -> list[MarkedInterval]:
    """Windows of the same mark that touch, as one interval each."""
    intervals: list[MarkedInterval] = []
    confidences: list[float] = []
    for window in windows:
        mark = window.reading.mark
        if mark is None:
            continue
        last = intervals[-1] if intervals else None
        if last is not None and last.mark == mark and window.start <= last.end:
            confidences.append(window.reading.confidence)
            intervals[-1] = replace(last, end=window.end, confidence=float(np.median(confidences)))
        else:
            confidences = [window.reading.confidence]
            intervals.append(MarkedInterval(window.start, window.end, mark, window.reading.confidence))
    return intervals
