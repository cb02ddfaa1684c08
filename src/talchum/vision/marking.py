"""The invisible mark, put into the luma of a picture: a faint pattern that turns round twice a second.

Spread-spectrum (Cox et al., 1997). How strong it is follows the picture, chip by chip: fainter where it is
flat, where the eye would find it and a codec keeps it, stronger where texture and noise hide it. A band is
fitted to the picture when it turns round, so that no frame pays for all of it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame, Plane
from talchum.domain.mark import Mark
from talchum.vision.mark_pattern import BAND_TURNS, BANDS, TURN_SECONDS, MarkPattern

FAINTEST, STRONGEST = 0.75, 1.7
"""Luma steps, root mean square, in flat parts and in the busiest."""

PER_STEP_OF_DETAIL = 0.25
_BLUR_CHIPS = 1.2
_KEPT_SHEETS = 4  # card and face, before and after a change of size


class _Sheet:
    """The pattern of one mark for pictures of one size, as what is added to and taken from their luma."""

    def __init__(self, mark: Mark, width: int, height: int) -> None:
        pattern = MarkPattern.of(upright=height > width)
        self._rows, self._columns = pattern.shape
        self._unit = _unit_pattern(pattern.chips(mark.bits()), width, height)
        # Fixed, so that strengths below one luma step survive rounding without sparkling.
        noise = np.random.default_rng(1).random((height, width), np.float32)
        self._dither = (noise - 0.5) * np.float32(0.98)
        self.plus = np.zeros((height, width), np.uint8)
        self.minus = np.zeros((height, width), np.uint8)
        self._edges = [round(height * band / BANDS) for band in range(BANDS + 1)]
        self._signs = [0] * BANDS

    def turn(self, luma: Plane, now: float) -> None:
        """Turn the bands round whose time it is, each as strong as the picture lets it be."""
        for band, place in enumerate(BAND_TURNS):
            sign = 1 - 2 * (math.floor(now / TURN_SECONDS + place / BANDS) % 2)
            rows = slice(self._edges[band], self._edges[band + 1])
            if sign != self._signs[band] and rows.start < rows.stop:
                self._signs[band] = sign
                self._fit(luma[rows], rows, sign)

    def _fit(self, luma: Plane, rows: slice, sign: int) -> None:
        height, width = luma.shape
        strength = np.full((1, 1), FAINTEST, np.float32)
        if width > 1:
            steps = cv2.absdiff(luma[:, 1:], luma[:, :-1])
            detail = cv2.resize(steps, (self._columns, self._rows // BANDS), interpolation=cv2.INTER_AREA)
            strength = np.clip(FAINTEST + PER_STEP_OF_DETAIL * detail, FAINTEST, STRONGEST, dtype=np.float32)
        spread = cv2.resize(sign * strength, (width, height), interpolation=cv2.INTER_LINEAR)
        wanted = cv2.multiply(self._unit[rows], spread)
        cv2.add(wanted, self._dither[rows], dst=wanted)
        # Saturating conversions: each keeps its own sign and rounds.
        self.plus[rows] = cv2.addWeighted(wanted, 1.0, wanted, 0.0, 0.0, dtype=cv2.CV_8U)
        self.minus[rows] = cv2.addWeighted(wanted, -1.0, wanted, 0.0, 0.0, dtype=cv2.CV_8U)


class InvisibleMarker:
    """Puts marks into pictures, in place; for one stream at a time, whose pictures resemble each other."""

    def __init__(self) -> None:
        self._sheets: dict[tuple[Mark, int, int], _Sheet] = {}

    def mark(self, picture: I420Frame, mark: Mark, now: float) -> None:
        """Mark a picture. now: monotonic seconds, which say the signs."""
        key = (mark, picture.width, picture.height)
        sheet = self._sheets.get(key)
        if sheet is None:
            while len(self._sheets) >= _KEPT_SHEETS:
                del self._sheets[next(iter(self._sheets))]
            sheet = self._sheets[key] = _Sheet(*key)
        luma = picture.y
        sheet.turn(luma, now)
        cv2.add(luma, sheet.plus, dst=luma)
        cv2.subtract(luma, sheet.minus, dst=luma)


def _unit_pattern(chips: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """The chips over a whole picture, without what the eye sees best, root mean square 1."""
    smooth = cv2.resize(chips, (width, height), interpolation=cv2.INTER_CUBIC)
    rows, columns = chips.shape
    sigma = _BLUR_CHIPS * width / columns, _BLUR_CHIPS * height / rows
    smooth = cv2.subtract(smooth, cv2.GaussianBlur(smooth, (0, 0), sigma[0], sigmaY=sigma[1]))
    return np.asarray(smooth / max(float(np.std(smooth)), 1e-6), np.float32)
