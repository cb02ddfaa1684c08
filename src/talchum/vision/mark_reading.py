"""Reads the invisible mark from a few seconds of video whose picture lies where it is said to lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from talchum.domain.mark import MARK_BITS, Mark
from talchum.vision.mark_pattern import BAND_TURNS, BANDS, TURN_SECONDS, MarkPattern

LEAST_CONFIDENCE = 8.0
"""Standard deviations of the pilot; how often chance reaches it on real video is still to be measured."""

_PHASES = 8
_CLIP = 3.0
_LARGEST_STEP = 1.5  # luma steps; what changes by more than that is the picture
_DOUBTFUL = 4
_STILL = 0.05  # luma steps; what changes less than that is as good as still


@dataclass(frozen=True, slots=True)
class MarkReading:
    """What a window of video says.

    confidence: of there being any mark of this kind, in standard deviations. mark: None below
    `LEAST_CONFIDENCE`, and when the check is wrong.
    """

    confidence: float
    mark: Mark | None


def read_window(chips: NDArray[np.float32], times: NDArray[np.float64], pattern: MarkPattern) -> MarkReading:
    """The mark in consecutive pictures, at least one second of them for a fair chance.

    chips: (pictures, rows, columns). times: (pictures,) seconds.
    """
    count = len(chips)
    # An edge that moves past a chip would outweigh the mark of the whole window.
    chips = np.clip(chips - np.median(chips, axis=0), -_LARGEST_STEP, _LARGEST_STEP)
    turns = demodulators(times)[:, pattern.band]
    seen = np.einsum("pri,irc->prc", turns, chips, optimize=True)
    spread = chips.std(0) + np.float32(_STILL)
    # A chip that moved much says little.
    trusted = np.clip(seen * np.sqrt(count) / spread, -_CLIP, _CLIP)
    said = (trusted * pattern.signs).reshape(len(turns), -1)
    pilot = said[:, pattern.pilot.ravel()]
    confidence = pilot.sum(1) / np.sqrt((pilot**2).sum(1) + 1e-12)
    best = int(np.abs(confidence).argmax())
    if abs(confidence[best]) < LEAST_CONFIDENCE:
        return MarkReading(float(abs(confidence[best])), None)
    said = said[best] * np.sign(confidence[best])
    carriers = ~pattern.pilot.ravel()
    soft = np.bincount(pattern.bit.ravel()[carriers], said[carriers], MARK_BITS)
    return MarkReading(float(abs(confidence[best])), _decode(np.asarray(soft, np.float64)))


def _decode(soft: NDArray[np.float64]) -> Mark | None:
    """The bits' signs where the check is right, or else with one or two of the least certain turned round.

    Chase (1972), his second algorithm in small: eleven tries, so that chance passes the check once in 6000.
    """
    bits = soft > 0
    doubtful = np.argsort(np.abs(soft))[:_DOUBTFUL]
    for count in range(3):
        for wrong in combinations(doubtful, count):
            tried = bits.copy()
            tried[list(wrong)] ^= True
            mark = Mark.of_bits(tried)
            if mark is not None:
                return mark
    return None


def demodulators(times: NDArray[np.float64]) -> NDArray[np.float32]:
    """(phases, bands, pictures): weights that add up what turns round with a band; the rest cancels out."""
    period = 2 * TURN_SECONDS
    phases = np.arange(_PHASES) * (TURN_SECONDS / _PHASES)
    places = np.array(BAND_TURNS) * (TURN_SECONDS / BANDS)
    weights = np.where((times + places[:, None] - phases[:, None, None]) % period < TURN_SECONDS, 1.0, -1.0)
    weights -= weights.mean(2, keepdims=True)
    return np.asarray(weights / len(times), np.float32)
