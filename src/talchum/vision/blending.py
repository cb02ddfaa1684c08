"""Rendered pixels with alpha, and putting them into a frame without leaving I420.

Only the face's rectangle is touched; the rest of the picture is one memory copy. Chroma planes are half
size, so the rectangle starts on even pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.errors import FrameError
from talchum.domain.frame import I420Frame, Image, Plane

# BT.601 limited range, full-range RGB in (ITU-R BT.601-7, 2.5.3 with 8-bit quantisation).
RGB_TO_YUV = np.array(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], np.float32
) / np.float32(255.0)
YUV_OFFSET = np.array([16.0, 128.0, 128.0], np.float32)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels of a frame; x and y are even, width and height too except where an odd frame ends."""

    x: int
    y: int
    width: int
    height: int

    @property
    def chroma_shape(self) -> tuple[int, int]:
        """(rows, columns) of the chroma planes over it."""
        return (self.height + 1) // 2, (self.width + 1) // 2

    @property
    def rows(self) -> slice:
        """Luma rows."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """Luma columns."""
        return slice(self.x, self.x + self.width)

    @property
    def chroma_rows(self) -> slice:
        """Chroma rows."""
        return slice(self.y // 2, self.y // 2 + self.chroma_shape[0])

    @property
    def chroma_columns(self) -> slice:
        """Chroma columns."""
        return slice(self.x // 2, self.x // 2 + self.chroma_shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Rendered pixels, I420, with alpha and the rectangle they belong to.

    y, alpha: uint8 (height, width); alpha 255 covers. u, v: uint8, ceil(half).
    """

    rectangle: Rectangle
    y: Plane
    u: Plane
    v: Plane
    alpha: Plane

    def __post_init__(self) -> None:
        # Compiled code does not check bounds: a patch that does not fit must not reach it.
        area = self.rectangle
        luma, chroma = (area.height, area.width), area.chroma_shape
        shapes = (self.y.shape, self.alpha.shape, self.u.shape, self.v.shape)
        if shapes != (luma, luma, chroma, chroma) or area.x % 2 or area.y % 2:
            raise FrameError(f"got patch planes of {shapes} at {area}, expected {luma} and {chroma}")


def rectangle_around(points: NDArray[np.float32], margin: float, width: int, height: int) -> Rectangle:
    """The smallest rectangle with even corners that holds all points and a margin, cut to the frame.

    points: (N, >=2) frame pixels. margin: pixels. Raises FrameError when nothing of it is on the frame.
    """
    left, top = np.floor(points[:, :2].min(0) - margin)
    right, bottom = np.ceil(points[:, :2].max(0) + margin) + 1
    if not np.isfinite([left, top, right, bottom]).all():
        raise FrameError("got points that are not finite, expected frame pixels")
    x0, y0 = max(0, int(left)) & ~1, max(0, int(top)) & ~1
    x1, y1 = min(width, int(right) + 1 & ~1), min(height, int(bottom) + 1 & ~1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        raise FrameError(f"got a face outside the frame of {width}x{height}, expected it on the frame")
    return Rectangle(x0, y0, x1 - x0, y1 - y0)


def blend(frame: I420Frame, patch: Patch) -> I420Frame:
    """A new picture: the frame with the patch over it. The frame itself is left as it was.

    Raises FrameError when the patch reaches over the frame's edge.
    """
    area = patch.rectangle
    right, bottom = area.x + area.width, area.y + area.height
    if area.x < 0 or area.y < 0 or right > frame.width or bottom > frame.height:
        raise FrameError(f"got a patch at {area}, expected it inside {frame.width}x{frame.height}")
    picture = frame.copy()
    _blend(
        picture.y[area.rows, area.columns],
        picture.u[area.chroma_rows, area.chroma_columns],
        picture.v[area.chroma_rows, area.chroma_columns],
        patch.y,
        patch.u,
        patch.v,
        patch.alpha,
    )
    return picture


def image_to_yuv(image: Image) -> NDArray[np.uint8]:
    """RGB to YUV without subsampling, BT.601 limited range, uint8 (H, W, 3)."""
    yuv = image.astype(np.float32) @ RGB_TO_YUV.T + YUV_OFFSET
    return np.clip(np.round(yuv), 0, 255).astype(np.uint8)


def frame_to_image(frame: I420Frame) -> Image:
    """The whole frame as an RGB image; for files and tests, never on the hot path."""
    rows, columns = frame.height, frame.width
    u = cv2.resize(frame.u, (columns, rows), interpolation=cv2.INTER_LINEAR)
    v = cv2.resize(frame.v, (columns, rows), interpolation=cv2.INTER_LINEAR)
    yuv = np.stack([frame.y, u, v], axis=2).astype(np.float32) - YUV_OFFSET
    rgb = yuv @ np.linalg.inv(RGB_TO_YUV).T.astype(np.float32)
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


def image_to_frame(image: Image, media_time: float) -> I420Frame:
    """An RGB image as an I420 frame; for files and tests, never on the hot path."""
    height, width = image.shape[:2]
    frame = I420Frame(np.empty(I420Frame.size_of(width, height), np.uint8), width, height, media_time)
    yuv = image_to_yuv(image)
    rows, columns = frame.chroma_shape
    frame.y[:] = yuv[..., 0]
    padded = cv2.copyMakeBorder(yuv, 0, 2 * rows - height, 0, 2 * columns - width, cv2.BORDER_REPLICATE)
    chroma = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    frame.u[:], frame.v[:] = chroma[..., 1], chroma[..., 2]
    return frame


@njit(cache=True, nogil=True)
def _blend(
    y: Plane, u: Plane, v: Plane, patch_y: Plane, patch_u: Plane, patch_v: Plane, alpha: Plane
) -> None:
    rows, columns = alpha.shape
    for i in range(rows):
        for j in range(columns):
            a = np.int32(alpha[i, j])
            if a == 255:
                y[i, j] = patch_y[i, j]
            elif a != 0:
                under = np.int32(y[i, j])
                y[i, j] = np.uint8(under + ((np.int32(patch_y[i, j]) - under) * a + 127) // 255)
    for i in range(u.shape[0]):
        i0 = 2 * i
        i1 = min(i0 + 1, rows - 1)
        for j in range(u.shape[1]):
            j0 = 2 * j
            j1 = min(j0 + 1, columns - 1)
            total = np.int32(alpha[i0, j0]) + alpha[i0, j1] + alpha[i1, j0] + alpha[i1, j1]
            if total == 0:
                continue
            under_u, under_v = np.int32(u[i, j]), np.int32(v[i, j])
            u[i, j] = np.uint8(under_u + ((np.int32(patch_u[i, j]) - under_u) * total + 510) // 1020)
            v[i, j] = np.uint8(under_v + ((np.int32(patch_v[i, j]) - under_v) * total + 510) // 1020)
