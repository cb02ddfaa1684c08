"""How a worn face is judged: by landmarks found again on it, by recognisers, and by its pixels.

Points are float32 (N, 2 or 3) of the face mesh, pixels; series have the frames first.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from talchum.domain.frame import Image
from talchum.training import measures

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_OUTER_CORNERS = (33, 263)
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))  # upper, lower, corners
_LIPS = (13, 14, 61, 291)
_SEAM_REACH = 3.0  # pixels to either side of the edge


def interocular_distance(points: Floats) -> float:
    """Between the outer corners of the eyes, pixels."""
    a, b = (points[index, :2] for index in _OUTER_CORNERS)
    return float(np.linalg.norm(a - b))


def landmark_error(found: Floats, wanted: Floats) -> float:
    """Mean distance of the mesh's landmarks, shares of the wanted ones' interocular distance."""
    distances = np.linalg.norm(found[:468, :2] - wanted[:468, :2], axis=1)
    return float(distances.mean()) / interocular_distance(wanted)


def eye_opening(points: Floats) -> float:
    """Height over width of the eyes, their mean: T. Soukupova and J. Cech's eye aspect ratio (2016)."""
    return float(np.mean([_aspect(points, *lids) for lids in _LIDS]))


def mouth_opening(points: Floats) -> float:
    """Height of the gap between the lips over the mouth's width."""
    return _aspect(points, *_LIPS)


def correlation(a: list[float], b: list[float]) -> float | None:
    """Pearson's r; None when one of the two hardly moves."""
    if min(np.std(a), np.std(b)) < 1e-3:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def landmark_jitter(series: Floats) -> float:
    """How much landmarks of a still face tremble, shares of the interocular distance. series: (T, N, 2 or 3).

    Root mean square of the second differences: a slow drift counts for nothing.
    """
    bends = np.diff(series[:, :468, :2], n=2, axis=0)
    size = float(np.mean([interocular_distance(points) for points in series]))
    return float(np.sqrt((bends**2).sum(axis=2).mean())) / size


def texture_jitter(images: list[Image], where: Mask) -> float:
    """How much the luma of a still face flickers: root mean square over time, 0..255, over the mask."""
    lumas = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[where] for image in images]).astype(np.float32)
    return float(np.sqrt(np.diff(lumas, axis=0).var(axis=0).mean() / 2))


def seam(image: Image, oval: Floats) -> float:
    """Mean step of luma across the edge of the face, 0..255. oval: closed ring of (N, 2) points, in order."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ring = _resampled(oval[:, :2], 128)
    along = np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    sides = [_sampled(luma, ring + sign * np.float32(_SEAM_REACH) * normal) for sign in (-1, 1)]
    return float(np.abs(sides[0] - sides[1]).mean())


def sharpness(image: Image, where: Mask) -> float:
    """Root mean square of the Laplacian of luma over the mask: what blur takes away."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.sqrt((cv2.Laplacian(luma, cv2.CV_32F)[where] ** 2).mean()))


def mesh_mask(points: Floats, oval: tuple[int, ...], shape: tuple[int, int]) -> Mask:
    """Where a face is, a little inside its edge. shape: rows, columns."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(oval), :2]).astype(np.int32)], 1)
    margin = max(1, round(interocular_distance(points) / 16))
    return np.asarray(cv2.erode(mask, np.ones((2 * margin + 1,) * 2, np.uint8)) > 0)


def psnr(a: Image, b: Image, where: Mask) -> float:
    """Peak signal-to-noise ratio over the mask, dB: that of training."""
    return measures.psnr(_tensor(a), _tensor(b), torch.from_numpy(where))


def ssim(a: Image, b: Image, where: Mask) -> float:
    """Structural similarity over the mask: that of training."""
    similar = measures.ssim_map(_tensor(a), _tensor(b))
    return float(similar[torch.from_numpy(where).expand_as(similar)].mean())


def _aspect(points: Floats, upper: int, lower: int, left: int, right: int) -> float:
    height = float(np.linalg.norm(points[upper, :2] - points[lower, :2]))
    return height / max(1e-6, float(np.linalg.norm(points[left, :2] - points[right, :2])))


def _resampled(ring: Floats, count: int) -> Floats:
    closed = np.concatenate([ring, ring[:1]])
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, lengths[-1], count, endpoint=False)
    return np.stack([np.interp(at, lengths, closed[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def _sampled(luma: Floats, at: Floats) -> Floats:
    x, y = (np.ascontiguousarray(at[:, axis] - np.float32(0.5))[None] for axis in (0, 1))
    return np.asarray(cv2.remap(luma, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0])


def _tensor(image: Image) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / 255)
