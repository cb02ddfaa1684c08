"""A z-buffer for triangles and hair lines, compiled by numba; deterministic, one thread."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from faces.images import FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What each pixel sees: depth (inf = nothing), triangle (-1 = nothing), barycentric weights (H, W, 3)."""

    depth: FloatImage
    triangle: NDArray[np.int32]
    weights: FloatImage


@numba.njit(cache=True)
def _fill(points, triangles, depth, triangle, weights):  # type: ignore[no-untyped-def]
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = (
            points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1],
        )  # fmt: skip
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area >= -1e-12:  # counter-clockwise with y up is negative with y down; the rest faces away
            continue
        inverse = 1.0 / area
        for y in range(
            max(0, int(np.ceil(min(y0, y1, y2)))), min(height - 1, int(np.floor(max(y0, y1, y2)))) + 1
        ):
            for x in range(
                max(0, int(np.ceil(min(x0, x1, x2)))), min(width - 1, int(np.floor(max(x0, x1, x2)))) + 1
            ):
                w1 = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) * inverse
                w2 = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) * inverse
                w0 = 1.0 - w1 - w2
                if w0 < -1e-6 or w1 < -1e-6 or w2 < -1e-6:
                    continue
                z = w0 * points[a, 2] + w1 * points[b, 2] + w2 * points[c, 2]
                if z < depth[y, x]:
                    depth[y, x] = z
                    triangle[y, x] = t
                    weights[y, x, 0], weights[y, x, 1], weights[y, x, 2] = w0, w1, w2


def rasterise(points: NDArray[np.float64], triangles: NDArray[np.int64], height: int, width: int) -> Surface:
    """Front-facing triangles. points: (V, 3) pixels (x right, y down) and depth (smaller is nearer)."""
    depth = np.full((height, width), np.inf, np.float32)
    triangle = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    _fill(points, triangles, depth, triangle, weights)
    return Surface(depth, triangle, weights)


@numba.njit(cache=True)
def _draw_lines(points, colours, opacity, bias, depth, image, coverage):  # type: ignore[no-untyped-def]
    height, width = depth.shape
    for s in range(points.shape[0]):
        for k in range(points.shape[1] - 1):
            x0, y0, z0 = points[s, k, 0], points[s, k, 1], points[s, k, 2]
            x1, y1, z1 = points[s, k + 1, 0], points[s, k + 1, 1], points[s, k + 1, 2]
            steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
            for i in range(steps):
                f = (i + 0.5) / steps
                fx, fy = x0 + f * (x1 - x0), y0 + f * (y1 - y0)
                x, y = int(np.floor(fx + 0.5)), int(np.floor(fy + 0.5))
                if x < 0 or y < 0 or x >= width or y >= height:
                    continue
                z = z0 + f * (z1 - z0) - bias
                if z > depth[y, x]:
                    continue
                alpha = opacity[s, k] * (1 - f) + opacity[s, k + 1] * f
                for c in range(3):
                    value = colours[s, k, c] * (1 - f) + colours[s, k + 1, c] * f
                    image[y, x, c] += alpha * (value - image[y, x, c])
                coverage[y, x] += alpha * (1.0 - coverage[y, x])
                if alpha > 0.6:
                    depth[y, x] = z


def draw_strands(
    points: NDArray[np.float64],
    colours: FloatImage,
    opacity: FloatImage,
    bias: float,
    depth: FloatImage,
    image: FloatImage,
) -> FloatImage:
    """Draw polylines one pixel wide into image, hidden behind depth; returns their coverage (H, W).

    points: (S, K, 3) pixels and depth. colours: linear RGB (S, K, 3). opacity: (S, K). bias: how much
    nearer than the surface a strand counts, in depth units. Farther strands should come first. depth and
    image are changed.
    """
    coverage = np.zeros(depth.shape, np.float32)
    _draw_lines(points, colours, opacity, bias, depth, image, coverage)
    return coverage
