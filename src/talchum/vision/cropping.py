"""Cuts small RGB images out of I420 frames, so that the whole frame is never converted.

Pixel-edge coordinates throughout: the first pixel's centre lies at 0.5, and a chroma coordinate is half the
luma's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import FrameError
from talchum.domain.face import FaceRegion
from talchum.domain.frame import I420Frame, Image, Plane

BLACK = 16  # luma of black in limited range
GREY = 128  # chroma of anything without colour

Affine = NDArray[np.float32]  # (2, 3), image pixels -> frame pixels


@dataclass(frozen=True, slots=True)
class Window:
    """An upright rectangle of a frame, pixels; left and top are even, so that chroma has whole pixels
    there.
    """

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """A window shrunk into a square, bars around it.

    image: uint8 (size, size, 3) RGB. to_frame: from the square's pixels to the frame's.
    """

    image: Image
    to_frame: Affine


def letterbox(frame: I420Frame, window: Window, size: int) -> Letterbox:
    """Shrink a window of the frame into a square of `size` (a multiple of 4) without changing its shape."""
    scale = size / max(window.width, window.height)
    width = min(size, max(2, 2 * round(window.width * scale / 2)))
    height = min(size, max(2, 2 * round(window.height * scale / 2)))
    left, top = (size - width) // 4 * 2, (size - height) // 4 * 2
    packed = np.empty(size * size * 3 // 2, np.uint8)
    luma, *chroma = _planes(packed, size)
    luma.fill(BLACK)
    luma[top : top + height, left : left + width] = _shrunk(
        frame.y[window.top : window.top + window.height, window.left : window.left + window.width],
        width,
        height,
    )
    rows = slice(window.top // 2, (window.top + window.height + 1) // 2)
    columns = slice(window.left // 2, (window.left + window.width + 1) // 2)
    for canvas, plane in zip(chroma, (frame.u, frame.v), strict=True):
        canvas.fill(GREY)
        canvas[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = _shrunk(
            plane[rows, columns], width // 2, height // 2
        )
    x_scale, y_scale = window.width / width, window.height / height
    to_frame = np.array(
        [[x_scale, 0, window.left - left * x_scale], [0, y_scale, window.top - top * y_scale]], np.float32
    )
    return Letterbox(_to_rgb(packed, size), to_frame)


def region_to_frame(region: FaceRegion, size: int) -> Affine:
    """From pixels of a square of `size` to pixels of the frame, for a turned region."""
    if not all(map(math.isfinite, (region.x, region.y, region.side, region.angle))) or region.side <= 0:
        raise FrameError(
            f"got a face region of side {region.side}, expected finite numbers and a positive side"
        )
    scale = region.side / size
    cos, sin = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    half = size / 2
    return np.array(
        [[cos, -sin, region.x - (cos - sin) * half], [sin, cos, region.y - (sin + cos) * half]], np.float32
    )


def between_centres(between_edges: Affine) -> Affine:
    """The same way as OpenCV counts it, from the centres of first pixels instead of their corners."""
    centres = between_edges.copy()
    centres[:, 2] += between_edges[:, :2].sum(axis=1) * 0.5 - 0.5
    return centres


def cut_region(frame: I420Frame, region: FaceRegion, size: int) -> Image:
    """The region as an upright image, uint8 (size, size, 3) RGB; size even, the frame's edge repeated outside
    it.
    """
    to_frame = region_to_frame(region, size)
    packed = np.empty(size * size * 3 // 2, np.uint8)
    luma, *chroma = _planes(packed, size)
    _warp(*_halved(frame.y, to_frame, size), luma)
    to_chroma = to_frame.copy()
    to_chroma[:, 2] /= 2  # both sides are halved, so the linear part stays
    for canvas, plane in zip(chroma, (frame.u, frame.v), strict=True):
        _warp(plane, to_chroma, canvas)
    return _to_rgb(packed, size)


def _halved(plane: Plane, to_plane: Affine, size: int) -> tuple[Plane, Affine]:
    """What the crop shows of a plane, halved as often as the crop shrinks it by two, and the way there.

    Sampling every other pixel lets the camera's noise through; with the mean of each four, landmarks tremble
    half as much (measured with noise of 6 levels on a face of 550 pixels).
    """
    scale = math.hypot(to_plane[0, 0], to_plane[1, 0])
    while scale >= 2:
        corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ to_plane[:, :2].T + to_plane[:, 2]
        left, top = (max(0, math.floor(v) - 2) for v in corners.min(axis=0))
        right = min(plane.shape[1], math.ceil(corners[:, 0].max()) + 2)
        bottom = min(plane.shape[0], math.ceil(corners[:, 1].max()) + 2)
        width, height = (right - left) // 2, (bottom - top) // 2
        if width < 1 or height < 1:
            break
        seen = plane[top : top + 2 * height, left : left + 2 * width]
        plane = np.asarray(cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        to_plane = to_plane.copy()
        to_plane[:, 2] -= (left, top)
        to_plane /= 2
        scale /= 2
    return plane, to_plane


def _planes(packed: Plane, size: int) -> tuple[Plane, Plane, Plane]:
    luma, half = size * size, size // 2
    return (
        packed[:luma].reshape(size, size),
        packed[luma : luma + half * half].reshape(half, half),
        packed[luma + half * half :].reshape(half, half),
    )


def _shrunk(plane: Plane, width: int, height: int) -> Plane:
    shrinks = plane.shape[1] > width and plane.shape[0] > height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=interpolation), np.uint8)


def _warp(plane: Plane, to_plane: Affine, out: Plane) -> None:
    centres = between_centres(to_plane)
    size = (out.shape[1], out.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, centres, size, dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _to_rgb(packed: Plane, size: int) -> Image:
    stacked = packed.reshape(size * 3 // 2, size)
    return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420), np.uint8)
