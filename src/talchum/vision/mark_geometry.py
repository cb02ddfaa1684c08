"""Where a marked picture lies in a video: all of it, or a part of a recorded screen, cut or mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import Plane

_OVERSAMPLING = 4
_BLUR = 2.4  # samples, two to a chip
_LEAST_VISIBLE = 0.9  # of a chip


@dataclass(frozen=True, slots=True)
class PictureGeometry:
    """The rectangle of the whole marked picture in pixels of the video, which may reach over its edges.

    mirrored: left and right are exchanged, as in a self-view.
    """

    left: float
    top: float
    width: float
    height: float
    mirrored: bool = False

    @classmethod
    def whole(cls, width: int, height: int, *, mirrored: bool = False) -> PictureGeometry:
        """The video is the picture."""
        return cls(0.0, 0.0, float(width), float(height), mirrored)

    @property
    def upright(self) -> bool:
        """Whether the picture is higher than wide."""
        return self.height > self.width

    def matrix(self, columns: int, rows: int) -> NDArray[np.float64]:
        """(2, 3): from the centres of a grid of this size over the picture to pixels of the video."""
        across, down = self.width / columns, self.height / rows
        left = self.left + 0.5 * across - 0.5
        if self.mirrored:
            left, across = self.left + self.width - 0.5 * across - 0.5, -across
        return np.array([[across, 0.0, left], [0.0, down, self.top + 0.5 * down - 0.5]])


def chips_in(
    luma: Plane | NDArray[np.float32], geometry: PictureGeometry, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """How much brighter each chip of the picture is than what is around it; 0 outside the video.

    shape: rows and columns of the grid of chips.
    """
    rows, columns = shape
    height, width = luma.shape
    if geometry == PictureGeometry.whole(width, height):
        samples = cv2.resize(luma, (2 * columns, 2 * rows), interpolation=cv2.INTER_AREA)
        return _chips(samples.astype(np.float32), shape)
    fine = (_OVERSAMPLING * columns, _OVERSAMPLING * rows)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix = geometry.matrix(*fine)
    sampled = cv2.warpAffine(
        luma.astype(np.float32), matrix, fine, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    samples = cv2.resize(sampled, (2 * columns, 2 * rows), interpolation=cv2.INTER_AREA)
    chips = _chips(np.asarray(samples, np.float32), shape)
    chips[~visible_chips(geometry, shape, width, height)] = 0
    return chips


def visible_chips(
    geometry: PictureGeometry, shape: tuple[int, int], width: int, height: int
) -> NDArray[np.bool_]:
    """(rows, columns): which chips lie in a video of this size."""
    rows, columns = shape
    matrix = geometry.matrix(columns, rows)
    xs = matrix[0, 0] * np.arange(columns) + matrix[0, 2]
    ys = matrix[1, 1] * np.arange(rows) + matrix[1, 2]
    half = _LEAST_VISIBLE / 2
    across, down = half * abs(matrix[0, 0]), half * matrix[1, 1]
    inside_x = (xs - across >= -0.5) & (xs + across <= width - 0.5)
    inside_y = (ys - down >= -0.5) & (ys + down <= height - 0.5)
    return np.asarray(inside_y[:, None] & inside_x[None])


def _chips(samples: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    rows, columns = shape
    sharp = cv2.subtract(samples, cv2.GaussianBlur(samples, (0, 0), _BLUR))
    return np.asarray(cv2.resize(sharp, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
