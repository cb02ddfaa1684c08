"""The fine detail of an identity's still, laid over a face that a network painted in a small square.

A network paints 160 pixels a side; a face near the camera is larger. What is finer than that (pores, the
hairs of a brow) moves with the skin, so it can be taken from the still, as `portrait` takes everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame, Plane
from talchum.vision.conditioning import REFERENCE_SIDE, SIDE, Drawing, Geometry

DETAIL_SIDE = 4 * SIDE
FLAT = 128  # the level that changes nothing

_UNIT = 255.0  # levels from nothing to twice as bright
_COARSE_SIGMA = 4.0  # pixels of the detail: one of the square, what a network paints itself
_OPENING_MARGIN = 5  # pixels of the square around lids and lips, which change more than they bend
_GRAZING = (0.25, 0.6)  # how far the skin faces the viewer, from nothing to everything
_BLACK = 16.0  # luma in limited range
_STRETCHES = (1.1, 3.4)  # pixels of the frame across one that was painted, from which on it pays to enlarge

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class StillDetail:
    """How much brighter each point of a still is than what lies around it: uint8, `FLAT` for alike.

    fine: DETAIL_SIDE pixels a side. coarse: half of that, for faces that are smaller.
    """

    fine: Plane
    coarse: Plane

    @classmethod
    def of(cls, still: I420Frame) -> StillDetail:
        """still: the reference's square, DETAIL_SIDE pixels."""
        luma = still.y.astype(np.float32) - np.float32(_BLACK)
        around = cv2.GaussianBlur(luma, (0, 0), _COARSE_SIGMA)
        brighter = (luma - around) / np.maximum(around, np.float32(8.0))
        fine = np.clip(np.round(FLAT + brighter * _UNIT), 0, 255).astype(np.uint8)
        half = (DETAIL_SIDE // 2, DETAIL_SIDE // 2)
        return cls(fine, np.asarray(cv2.resize(fine, half, interpolation=cv2.INTER_AREA), np.uint8))


def times_for(side: float) -> int:
    """How many times as large as it was painted a square is needed. side: its own on the frame, pixels."""
    return 1 + sum(side > SIDE * stretch for stretch in _STRETCHES)


def enlarged(luma: Plane, times: int, detail: StillDetail, drawing: Drawing, geometry: Geometry) -> Plane:
    """The painted luma (SIDE, SIDE) so many times as large, with the still's detail where it holds."""
    if times == 1:
        return luma
    size = (times * SIDE, times * SIDE)
    large = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    plane = detail.coarse if times == 2 else detail.fine
    scale, half = np.float32(plane.shape[1] / REFERENCE_SIDE), np.float32(0.5)
    # two planes: OpenCV 5.0.0 samples wrongly by one map of two channels
    x, y = (cv2.resize(drawing.texels[..., axis] * scale - half, size) for axis in (0, 1))
    share = cv2.resize(detail_share(drawing, geometry), size)
    sampled = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    _brighten(large, np.asarray(sampled, np.uint8), np.asarray(share, np.uint8))
    return large


def detail_share(drawing: Drawing, geometry: Geometry) -> Plane:
    """Where the still's detail holds: uint8 (SIDE, SIDE), 255 for all of it."""
    low, high = _GRAZING
    facing = np.clip((-drawing.normals[..., 2] - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    around = cv2.dilate(geometry.opened, np.ones((2 * _OPENING_MARGIN + 1,) * 2, np.uint8))
    core = cv2.erode(geometry.inside, np.ones((5, 5), np.uint8))
    share = np.minimum(np.minimum(facing, core), 255 - around)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 1.5), np.uint8)


@njit(cache=True, nogil=True, fastmath=True)
def _brighten(luma: Plane, detail: Plane, share: Plane) -> None:
    black, white, half = np.float32(16.0), np.float32(235.0), np.float32(0.5)
    unit = np.float32(1.0 / (255.0 * 255.0))
    for i in range(luma.shape[0]):
        for j in range(luma.shape[1]):
            if share[i, j] == 0:
                continue
            more = (np.float32(detail[i, j]) - np.float32(128.0)) * np.float32(share[i, j]) * unit
            value = black + (np.float32(luma[i, j]) - black) * (np.float32(1.0) + more) + half
            luma[i, j] = np.uint8(np.int32(min(max(value, black), white)))
