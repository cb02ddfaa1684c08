"""Reads the badge of a picture: its modules where they must lie, then whatever code is to be seen."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import Plane
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import tag_of_badge
from talchum.domain.rendering import CORNERS
from talchum.vision.badge import CODE_MODULES, QUIET_MODULES, BadgePlace

_SHIFTS = (0.0, -0.35, 0.35)  # pixels
_LEAST_CONTRAST = 40  # luma steps between black and white
_FINDER = np.pad(np.pad(np.ones((3, 3), np.bool_), 1), 1, constant_values=True)
_FINDER_ERRORS = 12  # of the 147 modules of three finders
_DRAWN_MODULE = 6
_ENLARGED = (1.0, 2.0)  # OpenCV finds no code of two pixels to a module
_CODE = CODE_MODULES - 2 * QUIET_MODULES


class BadgeReader:
    """Reads the badges of the pictures of one video; looks first where the last one was."""

    def __init__(self) -> None:
        self._corners = list(CORNERS)
        self._detector = cv2.QRCodeDetector()

    def read(self, luma: Plane) -> LegTag | None:
        """The tag of the badge of a whole picture, of any size; None when none can be read."""
        height, width = luma.shape
        for corner in self._corners:
            place = BadgePlace.of(width, height, corner)
            for down, across in itertools.product(_SHIFTS, repeat=2):
                modules = _modules(luma, place, across, down)
                if modules is not None and (tag := self._tag_of(_drawn(modules))) is not None:
                    self._corners.remove(corner)
                    self._corners.insert(0, corner)
                    return tag
        return None

    def find(self, luma: Plane) -> tuple[LegTag, NDArray[np.float32]] | None:
        """A badge anywhere, as in a picture within a recorded screen: its tag, and the code's four corners.

        corners: (4, 2) pixels, clockwise from the upper left.
        """
        for factor in _ENLARGED:
            large = cv2.resize(luma, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            text, corners, _ = self._detector.detectAndDecode(large)
            tag = tag_of_badge(text)
            if tag is not None:
                return tag, np.asarray(corners, np.float32).reshape(4, 2) / np.float32(factor)
        return None

    def _tag_of(self, image: Plane) -> LegTag | None:
        return tag_of_badge(self._detector.detectAndDecode(image)[0])


def _modules(luma: Plane, place: BadgePlace, across: float, down: float) -> NDArray[np.bool_] | None:
    """Which modules are dark, (21, 21); None when this is no code."""
    centres = (QUIET_MODULES + np.arange(_CODE) + 0.5) * place.module - 0.5
    xs, ys = np.meshgrid(place.x + centres + across, place.y + centres + down)
    size = max(1, round(0.6 * place.module))
    smooth = cv2.blur(luma, (size, size)) if size > 1 else luma
    levels = cv2.remap(smooth, xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR)
    low, high = np.percentile(levels, (10, 90))
    if high - low < _LEAST_CONTRAST:
        return None
    dark = levels < (low + high) / 2
    finders = dark[:7, :7], dark[:7, -7:], dark[-7:, :7]
    wrong = sum(int(np.count_nonzero(finder != _FINDER)) for finder in finders)
    return dark if wrong <= _FINDER_ERRORS else None


def _drawn(modules: NDArray[np.bool_]) -> Plane:
    """The modules as a clean code, for a decoder that corrects those that are wrong."""
    clean = modules.copy()
    finder = np.pad(_FINDER, ((0, 1), (0, 1)))  # with the white line on its inner sides
    clean[:8, :8], clean[:8, -8:], clean[-8:, :8] = finder, finder[:, ::-1], finder[::-1]
    framed = np.pad(clean, 4)
    return np.kron(np.where(framed, 0, 255), np.ones((_DRAWN_MODULE, _DRAWN_MODULE))).astype(np.uint8)
