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
    drawn: Floats, coverage: NDArray[np.uint8], yuv: NDArray[np.uint8], skin: NDArray[np.uint8]
) -> CellColours:
    """Mean colour of the skin seen in each cell.

    drawn: (rows, columns, K), its last two values the UV of each node in 0..1. coverage: (rows, columns).
    yuv: (rows, columns, 3) uint8.
    """
    sums = np.zeros((CELLS, CELLS, 4), np.float32)
    _accumulate(drawn, coverage, yuv, skin, sums)
    weights = sums[..., 3]
    colours = sums[..., :3] / np.maximum(weights, 1.0)[..., None]
    return CellColours(np.ascontiguousarray(colours), np.ascontiguousarray(weights))


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


def _smooth(values: Floats, weights: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Normalised blur: cells not seen take what their neighbours have. Also the blurred weights."""
    weighted = np.empty((CELLS, CELLS, 4), np.float32)
    weighted[..., :3] = values * weights[..., None]
    weighted[..., 3] = weights
    near = cv2.GaussianBlur(weighted, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    far = cv2.GaussianBlur(weighted, (0, 0), _FAR_CELLS, borderType=cv2.BORDER_CONSTANT)
    both = near + np.float32(0.02) * far
    colours = both[..., :3] / (both[..., 3:] + np.float32(1e-6))
    return np.asarray(colours, np.float32), np.asarray(near[..., 3], np.float32)


def _skin_light(
    scene: Floats, texture: Floats, weights: Floats, edge: Floats
) -> tuple[float, Floats, Floats]:
    """Ratio of the two low-frequency pictures: their overall exposure, and g, ku, kv relative to it."""
    weights = np.minimum(weights, 12.0)  # a near cheek has no more say than a far one
    mean = float(np.average(scene[..., 0], weights=weights))
    bare_mean = float(np.average(texture[..., 0], weights=weights))
    exposure = min(max((mean - 16.0) / max(bare_mean - 16.0, 4.0), 0.2), 4.0)
    fine, total = _ratio(scene, texture, weights, exposure, _FINE_CELLS)
    broad, _ = _ratio(scene, texture, weights, exposure, _BROAD_CELLS)
    local = broad + (fine - broad) * edge[..., None]
    return exposure, np.asarray(local, np.float32), np.minimum(1.0, total / 2.0)


def _ratio(
    scene: Floats, texture: Floats, weights: Floats, exposure: float, sigma: float
) -> tuple[Floats, Floats]:
    lit, total = _smooth(scene, weights, sigma)
    bare, _ = _smooth(texture, weights, sigma)
    luma = np.maximum(lit[..., 0] - 16.0, 4.0)
    bare_luma = np.maximum(bare[..., 0] - 16.0, 4.0)
    local = np.empty((CELLS, CELLS, 3), np.float32)
    local[..., 0] = np.clip(luma / bare_luma / exposure, 0.55, 1.7)
    gain = local[..., 0] * np.float32(exposure)
    carried = chroma_gain(gain)[..., None] * (bare[..., 1:] - 128.0)
    shift = (lit[..., 1:] - 128.0 - carried) / np.maximum(gain * bare_luma, 8.0)[..., None]
    local[..., 1:] = np.clip(shift, -0.25, 0.25)
    return local, total


def _object_light(scene: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Shading alone: how bright each part is against the whole face, and how light the room is."""
    weights = np.minimum(weights, 12.0)
    lit, total = _smooth(scene, weights, _FINE_CELLS)
    luma = np.maximum(lit[..., 0] - 16.0, 4.0)
    mean = float(np.average(luma, weights=weights))
    # 105 above black is skin in good light. The square root, since dark skin and dim light look alike here.
    exposure = math.sqrt(min(max(mean / 105.0, 0.3), 1.3))
    local = np.zeros((CELLS, CELLS, 3), np.float32)
    local[..., 0] = np.clip(luma / mean, 0.6, 1.4) ** 0.8
    return exposure, local, np.minimum(1.0, total / 2.0)


@njit(cache=True, nogil=True, fastmath=True)
def _accumulate(
    drawn: Floats, coverage: NDArray[np.uint8], yuv: NDArray[np.uint8], skin: NDArray[np.uint8], sums: Floats
) -> None:
    cells, side = sums.shape[0], skin.shape[0]
    at = drawn.shape[2] - 2
    for i in range(coverage.shape[0]):
        for j in range(coverage.shape[1]):
            if coverage[i, j] == 0:
                continue
            u, v = drawn[i, j, at], drawn[i, j, at + 1]
            si = min(side - 1, max(0, int(v * side)))
            sj = min(side - 1, max(0, int(u * side)))
            if skin[si, sj] == 0:
                continue
            ci = min(cells - 1, max(0, int(v * cells)))
            cj = min(cells - 1, max(0, int(u * cells)))
            sums[ci, cj, 0] += yuv[i, j, 0]
            sums[ci, cj, 1] += yuv[i, j, 1]
            sums[ci, cj, 2] += yuv[i, j, 2]
            sums[ci, cj, 3] += 1.0
