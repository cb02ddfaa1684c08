"""The fine detail of an identity's still, laid over a face that a network painted in a small square.

A network paints 160 pixels a side; a face near the camera is larger. What is finer than that (pores, the
hairs of a brow) moves with the skin, so it can be taken from the still, as `portrait` takes everything.
"""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame, Plane
from talchum.vision.conditioning import REFERENCE_SIDE, SIDE, Drawing, Geometry
from talchum.vision.cropping import Affine

DETAIL_SIDE = 4 * SIDE
FLAT = 128  # the level that changes nothing
_UNIT = 255.0  # levels from nothing to twice as bright
_COARSE_SIGMA = 4.0  # pixels of the detail: one of the square, what a network paints itself
_OPENING_MARGIN = 5  # pixels of the square around lids and lips, which change more than they bend
_GRAZING = (0.25, 0.6)  # how far the skin faces the viewer, from nothing to everything
_BLACK = 16.0  # luma in limited range

Floats = NDArray[np.float32]


def still_detail(still: I420Frame) -> Plane:
    """How much brighter each point is than what lies around it: uint8, `FLAT` for alike.

    still: the reference's square, DETAIL_SIDE pixels.
    """
    luma = still.y.astype(np.float32) - np.float32(_BLACK)
    around = cv2.GaussianBlur(luma, (0, 0), _COARSE_SIGMA)
    brighter = (luma - around) / np.maximum(around, np.float32(8.0))
    return np.clip(np.round(FLAT + brighter * _UNIT), 0, 255).astype(np.uint8)


def detail_share(drawing: Drawing, geometry: Geometry) -> Plane:
    """Where the still's detail holds: uint8 (SIDE, SIDE), 255 for all of it."""
    low, high = _GRAZING
    facing = np.clip((-drawing.normals[..., 2] - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    around = cv2.dilate(geometry.opened, np.ones((2 * _OPENING_MARGIN + 1,) * 2, np.uint8))
    core = cv2.erode(geometry.inside, np.ones((5, 5), np.uint8))
    share = np.minimum(np.minimum(facing, core), 255 - around)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 1.5), np.uint8)


def add_detail(luma: Plane, detail: Plane, drawing: Drawing, share: Plane, placed: Affine) -> None:
    """Lay the still's detail over the luma of a painted face, in place.

    placed: from pixel centres of the square to those of `luma`.
    """
    size = (luma.shape[1], luma.shape[0])
    scale, half = np.float32(DETAIL_SIDE / REFERENCE_SIDE), np.float32(0.5)
    # two planes: OpenCV 5.0.0 samples wrongly by one map of two channels
    x, y = (
        cv2.warpAffine(drawing.texels[..., axis] * scale - half, placed, size, flags=cv2.INTER_LINEAR)
        for axis in (0, 1)
    )
    where = cv2.warpAffine(share, placed, size, flags=cv2.INTER_LINEAR)
    sampled = cv2.remap(detail, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    _brighten(luma, np.asarray(sampled, np.uint8), np.asarray(where, np.uint8))


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
