"""How alike two pictures are."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

_WINDOW = 7
_C1, _C2 = 1e-4, 9e-4


def psnr(a: Tensor, b: Tensor, where: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of (B, 3, H, W) in 0..1, over the pixels of (B, 1, H, W) bool."""
    chosen = where.expand_as(a)
    error = float(((a - b)[chosen] ** 2).mean())
    return -10 * math.log10(max(error, 1e-10))


def ssim_map(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity around each pixel: (B, 3, H, W), at most 1.

    Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004), with a
    flat window of 7 pixels.
    """
    mean_a, mean_b = _window(a), _window(b)
    variance_a, variance_b = _window(a * a) - mean_a**2, _window(b * b) - mean_b**2
    covariance = _window(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    below = (mean_a**2 + mean_b**2 + _C1) * (variance_a + variance_b + _C2)
    return above / below


def gradients(x: Tensor) -> Tensor:
    """Differences to the next pixel right and down, (B, 2 C, H, W); zero at the far edges."""
    right = F.pad(x[..., :, 1:] - x[..., :, :-1], (0, 1, 0, 0))
    down = F.pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))
    return torch.cat([right, down], 1)


def _window(x: Tensor) -> Tensor:
    padded = F.pad(x, (_WINDOW // 2,) * 4, mode="reflect")
    return F.avg_pool2d(padded, _WINDOW, 1)
