"""Arithmetic on pictures that several drawings share, with the types OpenCV's own stubs do not give."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


def to_linear(srgb: NDArray[np.float64] | tuple[float, float, float]) -> NDArray[np.float64]:
    """sRGB 0..255 to linear 0..1 (2.2 power)."""
    return np.asarray((np.asarray(srgb, np.float64) / 255.0) ** 2.2)


def encode(linear: FloatImage) -> NDArray[np.uint8]:
    """Linear RGB to sRGB uint8 with a soft shoulder."""
    toned = np.clip(linear, 0, None)
    toned = np.where(toned > 0.7, 0.7 + 0.3 * np.tanh((toned - 0.7) / 0.3), toned)
    return np.asarray((np.clip(toned, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8))


def blurred(image: FloatImage, sigma: float) -> FloatImage:
    """Gaussian blur; sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def resized(image: FloatImage, width: int, height: int, interpolation: int = cv2.INTER_CUBIC) -> FloatImage:
    """The picture at another size."""
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.float32)


def looked_up(
    image: FloatImage, x: NDArray[np.floating], y: NDArray[np.floating], border: int = 0
) -> FloatImage:
    """Bilinear lookup at pixel coordinates; border: OpenCV's way of going on past the edge."""
    maps = (np.asarray(x, np.float32), np.asarray(y, np.float32))
    return np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=border), np.float32)


def noise(rng: np.random.Generator, cell: float, shape: tuple[int, int]) -> FloatImage:
    """Smooth unit-variance noise (H, W) with features of `cell` pixels."""
    small = (max(3, round(shape[0] / cell)), max(3, round(shape[1] / cell)))
    return resized(rng.standard_normal(small).astype(np.float32), shape[1], shape[0])
