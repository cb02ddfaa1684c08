"""Pictures side by side in one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame

TILE_WIDTH, TILE_HEIGHT = 640, 480
_BLACK = (16, 128, 128)  # of Y, U and V (BT.601, limited range)


class Tiles:
    """A picture of `count` places from left to right, each 640 by 480, black until something is put there."""

    def __init__(self, count: int) -> None:
        self.width, self.height = count * TILE_WIDTH, TILE_HEIGHT
        buffer = np.empty(I420Frame.size_of(self.width, self.height), np.uint8)
        self.frame = I420Frame(buffer, self.width, self.height, 0.0)
        self._filled: list[tuple[int, int] | None] = [None] * count
        for place in range(count):
            self._blacken(place)

    def put(self, place: int, picture: I420Frame) -> None:
        """Show a picture of any size whole, as large as its place allows, in the middle of it."""
        if self._filled[place] != (picture.width, picture.height):
            self._blacken(place)
            self._filled[place] = (picture.width, picture.height)
        scale = min(TILE_WIDTH / picture.width, TILE_HEIGHT / picture.height)
        # whole chroma samples
        width = max(2, round(picture.width * scale) & ~1)
        height = max(2, round(picture.height * scale) & ~1)
        left = place * TILE_WIDTH + (TILE_WIDTH - width) // 4 * 2
        top = (TILE_HEIGHT - height) // 4 * 2
        _put(self.frame.y, picture.y, left, top, width, height)
        for canvas, plane in ((self.frame.u, picture.u), (self.frame.v, picture.v)):
            _put(canvas, plane, left // 2, top // 2, width // 2, height // 2)

    def _blacken(self, place: int) -> None:
        left = place * TILE_WIDTH
        for canvas, value, step in zip(
            (self.frame.y, self.frame.u, self.frame.v), _BLACK, (1, 2, 2), strict=True
        ):
            canvas[:, left // step : (left + TILE_WIDTH) // step] = value


def _put(
    canvas: NDArray[np.uint8], plane: NDArray[np.uint8], left: int, top: int, width: int, height: int
) -> None:
    if plane.shape != (height, width):
        smaller = plane.shape[0] > height
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        plane = np.asarray(cv2.resize(plane, (width, height), interpolation=way), np.uint8)
    canvas[top : top + height, left : left + width] = plane
