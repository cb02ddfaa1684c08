"""Eyes and inner mouth as sharp as the camera saw them, in the colours and the brightness of the worn face.

A network paints an eye of a dozen pixels, and soft. Which way it looks and how far it is shut is the
performer's in any case, so inside lids and lips the fine contrast is theirs too, as in `portrait`. So are the
colours of teeth and tongue, which differ less between people than a network blurs them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from talchum.domain.frame import I420Frame, Image, Plane
from talchum.vision.blending import Patch, Rectangle
from talchum.vision.conditioning import SIDE, Box, Geometry
from talchum.vision.cropping import Affine
from talchum.vision.detail import blurred_within

ONE = 128  # the gain that changes nothing

_SIGMA = 2.0  # pixels of the square
_GAINS = (0.4, 1.3)  # more would show noise
_EDGE_SIGMA = 1.0
_MARGIN = 5  # pixels of the square around an opening that its soft edge and its blur need
_NAMES = ("eyes", "eyes", "mouth")  # in the order of the boxes
_LIMITED = 219.0 / 255.0  # of full range
_BLACK = 16.0
_ORIGIN = Rectangle(0, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """How much brighter the worn face is than the performer inside one eye or the mouth, and where that is.

    box: where in the square. gain: uint8, `ONE` for alike. share: uint8, 255 inside. coloured: whether the
    colours are the performer's too.
    """

    box: Box
    gain: Plane
    share: Plane
    coloured: bool

    def lay(self, patch: Patch, frame: I420Frame, placed: Affine) -> None:
        """Put what the performer shows there into the patch.

        placed: from pixel centres of the square to those of the frame.
        """
        area = _reached(self.box, placed, patch.rectangle)
        if area is None:
            return
        inner = _window(patch.rectangle, area)
        gain, share = (_warped(plane, self.box, placed, area) for plane in (self.gain, self.share))
        _light(patch.y[inner], frame.y[_window(_ORIGIN, area)], gain, share)
        if not self.coloured:
            return
        halved, half = placed / np.float32(2), _halved(area)
        halved[:, 2] -= np.float32(0.25)
        share = _warped(self.share, self.box, halved, half)
        inner = _window(_halved(patch.rectangle), half)
        for chroma, own in ((patch.u, frame.u), (patch.v, frame.v)):
            _colour(chroma[inner], own[_window(_ORIGIN, half)], share)


def openings(painted: Plane, own: Image, geometry: Geometry, allowed: frozenset[str]) -> list[Opening]:
    """Both eyes and the mouth, as far as an identity has openings there.

    painted: luma in limited range. own: the performer's picture, RGB. Both of the square.
    """
    found = []
    for name, around in zip(_NAMES, geometry.boxes, strict=True):
        box = _grown(around)
        if name not in allowed or box.right <= box.left or box.bottom <= box.top:
            continue
        part = np.s_[box.top : box.bottom, box.left : box.right]
        opened = geometry.opened[part]
        grey = cv2.cvtColor(own[part], cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(_LIMITED)
        theirs = blurred_within(grey, opened, _SIGMA)
        worn = blurred_within(painted[part].astype(np.float32) - np.float32(_BLACK), opened, _SIGMA)
        gain = np.clip(worn / np.maximum(theirs, np.float32(4.0)), *_GAINS) * np.float32(ONE)
        share = np.asarray(cv2.GaussianBlur(opened, (0, 0), _EDGE_SIGMA), np.uint8)
        found.append(Opening(box, np.round(gain).astype(np.uint8), share, name == "mouth"))
    return found


def _grown(box: Box) -> Box:
    low, high = max(box.left - _MARGIN, 0), max(box.top - _MARGIN, 0)
    return Box(low, high, min(box.right + _MARGIN, SIDE), min(box.bottom + _MARGIN, SIDE))


def _reached(box: Box, placed: Affine, within: Rectangle) -> Rectangle | None:
    """What a box covers of a rectangle of the frame, with even corners; None for nothing."""
    corners = np.array([[x, y, 1] for x in (box.left, box.right) for y in (box.top, box.bottom)], np.float32)
    on_frame = corners @ placed.T
    (left, top), (right, bottom) = on_frame.min(axis=0), on_frame.max(axis=0)
    x0 = max(within.x, math.floor(left) & ~1)
    y0 = max(within.y, math.floor(top) & ~1)
    x1 = min(within.x + within.width, (math.ceil(right) + 1) & ~1)
    y1 = min(within.y + within.height, (math.ceil(bottom) + 1) & ~1)
    return Rectangle(x0, y0, x1 - x0, y1 - y0) if x0 < x1 and y0 < y1 else None


def _halved(area: Rectangle) -> Rectangle:
    """The same pixels of a chroma plane."""
    height, width = area.chroma_shape
    return Rectangle(area.x // 2, area.y // 2, width, height)


def _window(outer: Rectangle, inner: Rectangle) -> tuple[slice, slice]:
    """Rows and columns of a rectangle in the plane that begins where another one does."""
    x, y = inner.x - outer.x, inner.y - outer.y
    return np.s_[y : y + inner.height, x : x + inner.width]


def _warped(plane: Plane, box: Box, placed: Affine, area: Rectangle) -> Plane:
    moved = placed.copy()
    moved[:, 2] += placed[:, :2] @ np.array([box.left, box.top], np.float32) - (area.x, area.y)
    warped = cv2.warpAffine(plane, moved, (area.width, area.height), borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(warped, np.uint8)


@njit(cache=True, nogil=True, fastmath=True)
def _light(luma: Plane, own: Plane, gain: Plane, share: Plane) -> None:
    """Lay the performer's luma, so much brighter, over a painted one. All of one size, in limited range."""
    black, white, half = np.float32(16.0), np.float32(235.0), np.float32(0.5)
    for i in range(luma.shape[0]):
        for j in range(luma.shape[1]):
            if share[i, j] == 0:
                continue
            part = np.float32(share[i, j]) * np.float32(1.0 / 255.0)
            brighter = np.float32(gain[i, j]) * np.float32(1.0 / 128.0)
            lit = black + (np.float32(own[i, j]) - black) * brighter
            value = np.float32(luma[i, j]) + (lit - np.float32(luma[i, j])) * part + half
            luma[i, j] = np.uint8(np.int32(min(max(value, black), white)))


@njit(cache=True, nogil=True, fastmath=True)
def _colour(chroma: Plane, own: Plane, share: Plane) -> None:
    """Lay the performer's own colour over a painted one. All of one size."""
    for i in range(chroma.shape[0]):
        for j in range(chroma.shape[1]):
            if share[i, j] != 0:
                painted = np.float32(chroma[i, j])
                part = np.float32(share[i, j]) * np.float32(1.0 / 255.0)
                value = painted + (np.float32(own[i, j]) - painted) * part + np.float32(0.5)
                chroma[i, j] = np.uint8(np.int32(value))
