"""Light of the performer's scene, as a smooth field over the face, put onto another texture.

The field lives on a coarse grid of mesh UV space, so it moves with the face: it can be smoothed in time
without trailing behind a turning head, and what is hidden for a moment keeps the light it had. A texel (Y,
U, V) under light (g, ku, kv) becomes Y' = 16 + g (Y-16), U' = 128 + c(g) (U-128) + ku (Y'-16), V' alike.
c grows slower than g above 1, so that lips and blush of a dark still do not glow on a light performer.

Near the edge of the face the field is fine, to meet the neck and the temples without a seam; inside it is
broad, or the performer's own nose and cheeks would show in the shading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.frame import Plane
from talchum.vision.topology import FaceTopology

CELLS = 20  # a side; one cell is about 5 % of the face
_FINE_CELLS, _BROAD_CELLS, _FAR_CELLS = 1.6, 3.2, 5.0  # Gaussian sigmas
_EDGE_CELLS = (1.5, 4.0)  # from the edge: fine up to the first, broad from the second on
_SKIN_SIDE = 128
CHROMA_GROWTH = 0.3
_MIN_NODES = 2.0  # fewer nodes of the grid in a cell say nothing
_SETTLE_S = 0.25  # local light: slow, so that expressions and noise do not shimmer
_EXPOSURE_SETTLE_S = 0.06  # overall exposure: fast, so that a lamp switched on is followed

Floats = NDArray[np.float32]
Surface = Literal["skin", "object"]
"""skin takes the tone of the performer's skin as well as the light; an object keeps its own colours."""


@dataclass(frozen=True, slots=True, eq=False)
class CellColours:
    """Mean colour per cell of UV space.

    colours: float32 (CELLS, CELLS, 3) YUV. weights: float32 (CELLS, CELLS), nodes seen.
    """

    colours: Floats
    weights: Floats


def skin_map(topology: FaceTopology) -> NDArray[np.uint8]:
    """Where UV space shows bare skin: 1 but for eyes, brows and lips, whose colour is their own."""
    skin = np.ones((_SKIN_SIDE, _SKIN_SIDE), np.uint8)
    for name in ("EYE_LEFT", "EYE_RIGHT", "BROW_LEFT", "BROW_RIGHT", "LIPS_OUTER"):
        ring = topology.uv[list(topology.contours[name])] * _SKIN_SIDE
        hull = cv2.convexHull(np.round(ring).astype(np.int32))
        cv2.fillPoly(skin, [hull], 0)
        cv2.polylines(skin, [hull], True, 0, 3)
    return skin


def cell_colours(
    drawn: Floats, coverage: Plane, y: Plane, u: Plane, v: Plane, skin: NDArray[np.uint8]
) -> CellColours:
    """Mean colour of the skin seen in each cell.

    drawn: (rows, columns, K), its last two values the UV of each node in 0..1. coverage: (rows, columns).
    y, u, v: uint8 (rows, columns), the picture at the nodes.
    """
    sums = np.zeros((CELLS, CELLS, 4), np.float32)
    _accumulate(drawn, coverage, y, u, v, skin, sums)
    weights = np.ascontiguousarray(sums[..., 3])
    colours = sums[..., :3] / np.maximum(weights, 1.0)[..., None]
    return CellColours(colours.astype(np.float32), weights)


class SceneLight:
    """The light field of one leg, followed through time.

    texture: the mean colours of the texture that is to be lit, as `cell_colours` over its whole UV space
    gives them.
    """

    def __init__(self, texture: CellColours, surface: Surface) -> None:
        self._texture = texture
        self._surface = surface
        self._exposure = 1.0
        self._local = np.ones((CELLS, CELLS, 3), np.float32)
        self._seen_at: float | None = None
        self._edge = _edge_share(texture.weights)

    def follow(self, scene: CellColours, media_time: float) -> Floats:
        """The field after another look at the scene: float32 (CELLS, CELLS, 3) of g, ku, kv."""
        step = math.inf if self._seen_at is None else media_time - self._seen_at
        if not 0 <= step < 1.0:  # the first look, or a cut
            step = math.inf
        self._seen_at = media_time
        weights = np.minimum(scene.weights, self._texture.weights * 1e6)
        weights = np.where(weights >= _MIN_NODES, weights, 0).astype(np.float32)
        if weights.sum() < 8 * _MIN_NODES:
            return self._field()
        exposure, local, confidence = (
            _skin_light(scene.colours, self._texture.colours, weights, self._edge)
            if self._surface == "skin"
            else _object_light(scene.colours, weights)
        )
        self._exposure += (exposure - self._exposure) * _share(step, _EXPOSURE_SETTLE_S)
        share = (_share(step, _SETTLE_S) * confidence)[..., None] if math.isfinite(step) else 1.0
        self._local += (local - self._local) * share
        return self._field()

    def _field(self) -> Floats:
        field = self._local.copy()
        field[..., 0] *= np.float32(self._exposure)
        return field


def _share(step: float, settle: float) -> float:
    return 1.0 if math.isinf(step) else 1.0 - math.exp(-step / settle)


def chroma_gain(gain: Floats) -> Floats:
    """c(g): how much colour grows with light."""
    return np.asarray(np.minimum(gain, 1.0 + CHROMA_GROWTH * (gain - 1.0)), np.float32)


def _edge_share(weights: Floats) -> Floats:
    """1 at the edge of the face, 0 well inside: float32 (CELLS, CELLS)."""
    face = np.pad((weights > 0).astype(np.uint8), 2)
    closed = cv2.morphologyEx(face, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    depth = cv2.distanceTransform(closed, cv2.DIST_L2, 5)[2:-2, 2:-2]
    near, far = _EDGE_CELLS
    return np.asarray(np.clip((far - depth) / (far - near), 0.0, 1.0), np.float32)


def _skin_light(
    scene: Floats, texture: Floats, weights: Floats, edge: Floats
) -> tuple[float, Floats, Floats]:
    """Ratio of the two low-frequency pictures: their overall exposure, and g, ku, kv relative to it."""
    weights = np.minimum(weights, 12.0)  # a near cheek has no more say than a far one
    total = float(weights.sum())
    mean, bare_mean = (float((colours[..., 0] * weights).sum()) / total for colours in (scene, texture))
    exposure = min(max((mean - 16.0) / max(bare_mean - 16.0, 4.0), 0.2), 4.0)
    fine, seen = _ratio(scene, texture, weights, exposure, _FINE_CELLS)
    broad, _ = _ratio(scene, texture, weights, exposure, _BROAD_CELLS)
    return exposure, broad + (fine - broad) * edge[..., None], np.minimum(1.0, seen / 2.0)


def _ratio(
    scene: Floats, texture: Floats, weights: Floats, exposure: float, sigma: float
) -> tuple[Floats, Floats]:
    """g, ku, kv of each cell, and how much was seen around it."""
    blurred = np.empty((CELLS, CELLS, 7), np.float32)
    _blur(scene, texture, weights, _gaussian(sigma), _gaussian(_FAR_CELLS), blurred)
    local = np.empty((CELLS, CELLS, 3), np.float32)
    _divide(blurred, np.float32(exposure), np.float32(CHROMA_GROWTH), local)
    return local, blurred[..., 6]


def _smooth_scene(scene: Floats, weights: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Normalised blur: cells not seen take what their neighbours have. Also how much was seen."""
    blurred = np.empty((CELLS, CELLS, 7), np.float32)
    _blur(scene, scene, weights, _gaussian(sigma), _gaussian(_FAR_CELLS), blurred)
    return blurred[..., :3], blurred[..., 6]


def _gaussian(sigma: float) -> Floats:
    """One side of a Gaussian, its centre first, over all distances on the grid."""
    distance = np.arange(CELLS, dtype=np.float32) / np.float32(sigma)
    side = np.exp(-0.5 * distance**2)
    return np.asarray(side / (2 * side.sum() - side[0]), np.float32)


def _object_light(scene: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Shading alone: how bright each part is against the whole face, and how light the room is."""
    weights = np.minimum(weights, 12.0)
    lit, total = _smooth_scene(scene, weights, _FINE_CELLS)
    luma = np.maximum(lit[..., 0] - 16.0, 4.0)
    mean = float(np.average(luma, weights=weights))
    # 105 above black is skin in good light. The square root, since dark skin and dim light look alike here.
    exposure = math.sqrt(min(max(mean / 105.0, 0.3), 1.3))
    local = np.zeros((CELLS, CELLS, 3), np.float32)
    local[..., 0] = np.clip(luma / mean, 0.6, 1.4) ** 0.8
    return exposure, local, np.minimum(1.0, total / 2.0)


@njit(cache=True, nogil=True, fastmath=True)
def _accumulate(
    drawn: Floats, coverage: Plane, y: Plane, u: Plane, v: Plane, skin: NDArray[np.uint8], sums: Floats
) -> None:
    cells, side = sums.shape[0], skin.shape[0]
    at = drawn.shape[2] - 2
    for i in range(coverage.shape[0]):
        for j in range(coverage.shape[1]):
            if coverage[i, j] == 0:
                continue
            s, t = drawn[i, j, at], drawn[i, j, at + 1]
            if skin[min(side - 1, max(0, int(t * side))), min(side - 1, max(0, int(s * side)))] == 0:
                continue
            row = min(cells - 1, max(0, int(t * cells)))
            column = min(cells - 1, max(0, int(s * cells)))
            sums[row, column, 0] += y[i, j]
            sums[row, column, 1] += u[i, j]
            sums[row, column, 2] += v[i, j]
            sums[row, column, 3] += 1.0


@njit(cache=True, nogil=True, fastmath=True)
def _blur(scene: Floats, texture: Floats, weights: Floats, near: Floats, far: Floats, out: Floats) -> None:
    """Normalised blurs of scene (0..2) and texture (3..5), and the weight (6)."""
    cells = weights.shape[0]
    lines = np.zeros((2, cells, cells, 7), np.float32)
    for i in range(cells):
        for j in range(cells):
            weight = weights[i, j]
            if weight == 0:
                continue
            for k in range(cells):
                a, b = weight * near[abs(k - j)], weight * far[abs(k - j)]
                for c in range(3):
                    lines[0, i, k, c] += a * scene[i, j, c]
                    lines[0, i, k, 3 + c] += a * texture[i, j, c]
                    lines[1, i, k, c] += b * scene[i, j, c]
                    lines[1, i, k, 3 + c] += b * texture[i, j, c]
                lines[0, i, k, 6] += a
                lines[1, i, k, 6] += b
    both = np.empty(7, np.float32)
    for i in range(cells):
        for j in range(cells):
            both[:] = 0.0
            seen = np.float32(0.0)
            for k in range(cells):
                a, b = near[abs(k - i)], np.float32(0.02) * far[abs(k - i)]
                seen += a * lines[0, k, j, 6]
                for c in range(7):
                    both[c] += a * lines[0, k, j, c] + b * lines[1, k, j, c]
            for c in range(6):
                out[i, j, c] = both[c] / (both[6] + np.float32(1e-6))
            out[i, j, 6] = seen


@njit(cache=True, nogil=True, fastmath=True)
def _divide(blurred: Floats, exposure: np.float32, growth: np.float32, local: Floats) -> None:
    """g, ku, kv from blurred scene and texture: bounded, lest a hard shadow or a beard burn in."""
    black, grey, floor = np.float32(16.0), np.float32(128.0), np.float32(4.0)
    for i in range(local.shape[0]):
        for j in range(local.shape[1]):
            luma = max(blurred[i, j, 0] - black, floor)
            bare = max(blurred[i, j, 3] - black, floor)
            gain = min(max(luma / bare / exposure, np.float32(0.55)), np.float32(1.7))
            local[i, j, 0] = gain
            gain *= exposure
            colour = min(gain, np.float32(1.0) + growth * (gain - np.float32(1.0)))
            for c in range(1, 3):
                carried = colour * (blurred[i, j, 3 + c] - grey)
                shift = (blurred[i, j, c] - grey - carried) / max(gain * bare, np.float32(8.0))
                local[i, j, c] = min(max(shift, np.float32(-0.25)), np.float32(0.25))
