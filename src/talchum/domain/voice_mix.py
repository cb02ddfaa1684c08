"""Several voices on one time line, each where it arrived."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

GAP_SECONDS = 0.2
"""A voice that arrives later than this after its last samples was silent in between."""


class VoiceMix:
    """Adds voices up, in samples since the beginning; what was taken out comes to be added no more."""

    def __init__(self, voices: int, rate: int) -> None:
        self._rate = rate
        self._ends = [0] * voices
        self._start = 0
        self._sum = np.zeros(0, np.int32)

    def add(self, voice: int, samples: Samples, at: float) -> None:
        """Samples (n,) of a voice that arrived `at` seconds after the beginning."""
        due = round(at * self._rate)
        if due - self._ends[voice] > GAP_SECONDS * self._rate:
            self._ends[voice] = due
        first = self._ends[voice]
        self._ends[voice] = first + len(samples)
        skipped = max(0, self._start - first)
        if skipped >= len(samples):
            return
        self._grow(self._ends[voice] - self._start)
        begin = first + skipped - self._start
        self._sum[begin : begin + len(samples) - skipped] += samples[skipped:]

    def take(self, until: float) -> Samples:
        """What has not been taken yet, up to `until` seconds after the beginning; silence where none was."""
        count = max(0, round(until * self._rate) - self._start)
        self._grow(count)
        taken, self._sum = self._sum[:count], self._sum[count:].copy()
        self._start += count
        return np.clip(taken, -32768, 32767).astype(np.int16)

    def _grow(self, length: int) -> None:
        if length > len(self._sum):
            self._sum = np.concatenate([self._sum, np.zeros(length - len(self._sum), np.int32)])
