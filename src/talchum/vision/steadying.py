"""Keeps a still face still: what hardly differs from the frame before is drawn towards it.

Eight-bit networks answer the slightest change of their input with half a level of noise everywhere, which
boils on a face that does not move. A change one could see passes at once, so nothing lags.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_NOISE = 2.0  # levels of 0..255 that pass at a fifth
_CHANGE = 8.0  # levels that pass whole
_LEAST_SHARE = 0.2
_GAP_SECONDS = 0.25  # after which what was painted before says nothing


class Steadier:
    """Steadies the painted square of one face through time; for one thread."""

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._time = 0.0

    def steady(self, painted: Floats, media_time: float) -> Floats:
        """The painted square, its noise taken out. painted: float32 (S, S, C) of 0..255."""
        before, elapsed = self._before, media_time - self._time
        steadied = painted
        if before is not None and before.shape == painted.shape and 0 <= elapsed <= _GAP_SECONDS:
            steadied = np.empty_like(painted)
            _towards(before, painted, steadied)
        self._before, self._time = steadied, media_time
        return steadied


@njit(cache=True, nogil=True, fastmath=True)
def _towards(before: Floats, painted: Floats, out: Floats) -> None:
    noise, least = np.float32(_NOISE), np.float32(_LEAST_SHARE)
    slope = np.float32((1 - _LEAST_SHARE) / (_CHANGE - _NOISE))
    for i in range(painted.shape[0]):
        for j in range(painted.shape[1]):
            most = np.float32(0.0)
            for k in range(painted.shape[2]):
                most = max(most, abs(painted[i, j, k] - before[i, j, k]))
            share = min(np.float32(1.0), least + slope * max(np.float32(0.0), most - noise))
            for k in range(painted.shape[2]):
                out[i, j, k] = before[i, j, k] + (painted[i, j, k] - before[i, j, k]) * share
