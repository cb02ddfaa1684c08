"""The fine detail of an identity's still, laid over a face that a network painted in a small square.

A network paints 160 pixels a side and paints them soft. What is fine (pores, the hairs of a beard or a brow)
moves with the skin, so it is taken from the still, as `portrait` takes everything, in place of what was
painted that fine.
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
_FINE_SIGMA = 1.5  # pixels of the square: what is finer comes from the still
_OPENING_MARGIN = 3  # pixels of the square around lids and lips, which change more than they bend
_CUT = (3.0, 10.0)  # pixels of the square from the edge of the still, from nothing to everything
_GRAZING = (0.25, 0.6)  # how far the skin faces the viewer, from nothing to everything
_BLACK = 16.0  # luma in limited range
_STRETCHES = (1.1, 3.4)  # pixels of the frame across one that was painted, from which on it pays to enlarge

_LEAST = np.float32(0.05)

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class StillDetail:
    """How much brighter each point of a still is than the skin around it: uint8, `FLAT` for alike.

    planes: one for each number of times a square is enlarged, 1, 2 and 3 or more; each as large or larger.
    """

    planes: tuple[Plane, Plane, Plane]

    @classmethod
    def of(cls, still: I420Frame, face: Mask, opened: Mask) -> StillDetail:
        """still: the reference's square, DETAIL_SIDE pixels. face, opened: 255 in it and in its openings."""
        skin = np.asarray(cv2.bitwise_and(face, cv2.bitwise_not(opened)), np.uint8)
        luma = still.y.astype(np.float32) - np.float32(_BLACK)
        around = blurred_within(luma, skin, _FINE_SIGMA * DETAIL_SIDE / SIDE)
        brighter = (luma - around) / np.maximum(around, np.float32(8.0))
        # the edge of a still shows where it was cut rather than skin
        inwards = cv2.distanceTransform(face, cv2.DIST_L2, 3) * np.float32(SIDE / DETAIL_SIDE)
        brighter = brighter * np.clip((inwards - _CUT[0]) / (_CUT[1] - _CUT[0]), 0, 1)
        fine = np.clip(np.round(FLAT + brighter * _UNIT), 0, 255).astype(np.uint8)
        small, middle = (_shrunk(fine, side) for side in (SIDE, 2 * SIDE))
        return cls((small, middle, fine))


def times_for(side: float) -> int:
    """How many times as large as it was painted a square is needed. side: its own on the frame, pixels."""
    return 1 + sum(side > SIDE * stretch for stretch in _STRETCHES)


def enlarged(luma: Plane, times: int, detail: StillDetail, drawing: Drawing, geometry: Geometry) -> Plane:
    """The painted luma (SIDE, SIDE) so many times as large, with the still's detail where it holds."""
    size = (times * SIDE, times * SIDE)
    share = detail_share(drawing, geometry)
    skin = np.asarray(cv2.bitwise_and(geometry.inside, cv2.bitwise_not(geometry.opened)), np.uint8)
    coarse = cv2.resize(_without_fine(luma, skin, share), size, interpolation=cv2.INTER_CUBIC)
    plane = detail.planes[times - 1]
    scale, half = np.float32(plane.shape[1] / REFERENCE_SIDE), np.float32(0.5)
    # two planes: OpenCV 5.0.0 samples wrongly by one map of two channels
    x, y = (cv2.resize(drawing.texels[..., axis] * scale - half, size) for axis in (0, 1))
    sampled = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    _brighten(np.asarray(coarse), np.asarray(sampled), np.asarray(cv2.resize(share, size)))
    return np.asarray(coarse, np.uint8)


def blurred_within(plane: Floats, mask: Mask, sigma: float) -> Floats:
    """A plane blurred inside a mask, where nothing from outside comes in; as it was far outside."""
    weights = mask.astype(np.float32) / np.float32(255)
    total = cv2.GaussianBlur(weights, (0, 0), sigma)
    blurred = cv2.GaussianBlur(plane * weights, (0, 0), sigma)
    return np.asarray(np.where(total > _LEAST, blurred / np.maximum(total, _LEAST), plane), np.float32)


def _without_fine(luma: Plane, skin: Mask, share: Plane) -> Plane:
    """The luma with as much of what is fine taken away as the share says."""
    smooth = blurred_within(luma.astype(np.float32), skin, _FINE_SIGMA)
    mixed = luma + (smooth - luma) * (share * np.float32(1 / 255))
    return np.asarray((mixed + np.float32(0.5)).astype(np.uint8))


def _shrunk(plane: Plane, side: int) -> Plane:
    return np.asarray(cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def detail_share(drawing: Drawing, geometry: Geometry) -> Plane:
    """Where the still's detail holds: uint8 (SIDE, SIDE), 255 for all of it."""
    low, high = _GRAZING
    facing = np.clip((-drawing.normals[..., 2] - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    around = cv2.dilate(geometry.opened, np.ones((2 * _OPENING_MARGIN + 1,) * 2, np.uint8))
    core = cv2.erode(geometry.inside, np.ones((5, 5), np.uint8))
    share = np.minimum(np.minimum(facing, core), 255 - around)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 1.0), np.uint8)


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
