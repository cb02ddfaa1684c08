"""Light of the performer's scene, as a smooth field over the face, put onto another texture.

The field lives on a coarse grid of mesh UV space, so it moves with the face: it can be smoothed in time
without trailing behind a turning head, and what is hidden for a moment keeps the light it had. A texel (Y,
U, V) under light (g, ku, kv) becomes Y' = 16 + g (Y-16), U' = 128 + g (U-128) + ku (Y'-16), V' alike: a
restricted linear map of colour, which leaves black black.
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
_BLUR_CELLS = 1.6
_SKIN_SIDE = 128
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
            _skin_light(scene.colours, self._texture.colours, weights)
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


def _smooth(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Normalised blur: cells not seen take what their neighbours have. Also the blurred weights."""
    weighted = np.empty((CELLS, CELLS, 4), np.float32)
    weighted[..., :3] = values * weights[..., None]
    weighted[..., 3] = weights
    near = cv2.GaussianBlur(weighted, (0, 0), _BLUR_CELLS, borderType=cv2.BORDER_CONSTANT)
    far = cv2.GaussianBlur(weighted, (0, 0), 3 * _BLUR_CELLS, borderType=cv2.BORDER_CONSTANT)
    both = near + np.float32(0.02) * far
    colours = both[..., :3] / (both[..., 3:] + np.float32(1e-6))
    return np.asarray(colours, np.float32), np.asarray(near[..., 3], np.float32)


def _skin_light(scene: Floats, texture: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Ratio of the two low-frequency pictures: their overall exposure, and g, ku, kv relative to it."""
    weights = np.minimum(weights, 12.0)  # a near cheek has no more say than a far one
    lit, total = _smooth(scene, weights)
    bare, _ = _smooth(texture, weights)
    luma = np.maximum(lit[..., 0] - 16.0, 4.0)
    bare_luma = np.maximum(bare[..., 0] - 16.0, 4.0)
    exposure = float(
        np.clip(np.average(luma, weights=weights) / np.average(bare_luma, weights=weights), 0.2, 4.0)
    )
    gain = np.clip(luma / bare_luma / exposure, 0.55, 1.7)
    target = gain * exposure
    local = np.empty((CELLS, CELLS, 3), np.float32)
    local[..., 0] = gain
    lit_luma = np.maximum(target * bare_luma, 8.0)
    for channel in (1, 2):
        shift = (lit[..., channel] - 128.0 - target * (bare[..., channel] - 128.0)) / lit_luma
        local[..., channel] = np.clip(shift, -0.25, 0.25)
    return exposure, local, np.minimum(1.0, total / 2.0)


def _object_light(scene: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Shading alone: how bright each part is against the whole face, and how light the room is."""
    weights = np.minimum(weights, 12.0)
    lit, total = _smooth(scene, weights)
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
