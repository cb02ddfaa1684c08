"""A cover that nothing can be read back from: a few flat cells that move with the face, or one flat colour.

The cover reaches from hairline to chin plus 25 %, in 6 x 8 cells, at most 4.8 of them across the face. A
cell's colour is the mean over it, slowed in time and rounded to coarse steps with hysteresis. Cells sit on
the face, not on the frame, so a small movement shows the same mean again instead of another sample between
the cells. Each leg also draws an offset for each cell once: it never changes, so no averaging removes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame, Plane
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import Patch, Rectangle, image_to_yuv, rectangle_around
from talchum.vision.identity import MESH_VERTICES, IdentityAssets
from talchum.vision.topology import FaceTopology

CELLS_ACROSS = 6
CELLS_DOWN = 8
ENLARGE = 1.25
_LUMA_STEP = 14.0
_CHROMA_STEP = 7.0
_HYSTERESIS = 0.75  # of a step; more than half, so that a value between two steps stays where it was
_SETTLE_S = 0.3

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PreparedVeil:
    """colour: YUV of a solid cover, or None for cells of the scene's own colours."""

    colour: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Cover:
    """The covered area as an upright grid turned with the face.

    origin: frame pixel of its top left corner. across, down: (x, y) frame pixels of one cell along each axis.
    """

    origin: tuple[float, float]
    across: tuple[float, float]
    down: tuple[float, float]

    @classmethod
    def over(cls, mesh: Floats, top: int, bottom: int) -> Cover:
        """The cover of a face. mesh: (468, >=2) frame pixels. top, bottom: vertices at hairline and chin."""
        points = mesh[:, :2].astype(np.float64)
        # Hairline to chin tells the roll at any yaw; the line of the eyes shrinks to nothing in profile.
        axis = points[bottom] - points[top]
        down = axis / max(float(np.hypot(*axis)), 1e-6)
        across = np.array([down[1], -down[0]])
        along = np.stack([points @ across, points @ down])
        centre = (along.max(1) + along.min(1)) / 2
        size = np.maximum(np.ptp(along, axis=1), 4.0) * ENLARGE
        corner = (centre[0] - size[0] / 2) * across + (centre[1] - size[1] / 2) * down
        step_across, step_down = across * size[0] / CELLS_ACROSS, down * size[1] / CELLS_DOWN
        return cls(_pair(corner), _pair(step_across), _pair(step_down))

    def corners(self) -> Floats:
        """float32 (4, 2), frame pixels."""
        origin, across, down = (np.array(v) for v in (self.origin, self.across, self.down))
        full_across, full_down = across * CELLS_ACROSS, down * CELLS_DOWN
        corners = [origin, origin + full_across, origin + full_down, origin + full_across + full_down]
        return np.array(corners, np.float32)

    def inverse(self) -> Floats:
        """float32 (2, 3): frame pixels to cells, (column, row) = M @ (x, y, 1)."""
        matrix = np.linalg.inv(np.array([self.across, self.down]).T)
        shift = -matrix @ np.array(self.origin)
        return np.concatenate([matrix, shift[:, None]], axis=1).astype(np.float32)


class VeilEngine:
    """Flat cells over the face: irreversible, for people who must not be recognised."""

    name: ClassVar[str] = "veil"

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None:
        oval = list(topology.contours["FACE_OVAL"])
        heights = topology.vertices[oval, 1]
        self._top, self._bottom = oval[int(np.argmax(heights))], oval[int(np.argmin(heights))]
        self._covered = _covered_cells()
        self._smooth = np.zeros((CELLS_DOWN, CELLS_ACROSS, 3), np.float32)
        self._steps = np.zeros((CELLS_DOWN, CELLS_ACROSS, 3), np.float32)
        self._seen_at: float | None = None
        # Who knew the offsets could take them off: only the parts of one clip may share what they come from,
        # since an average over several draws would take them off too.
        offsets = np.random.default_rng(entropy).uniform(-1.0, 1.0, self._steps.shape) * [1.0, 0.5, 0.5]
        self._offsets = offsets.astype(np.float32)

    @classmethod
    def prepare(
        cls, assets: IdentityAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL
    ) -> PreparedVeil:
        """Cells without a texture; with one, a solid cover of the texture's mean colour."""
        if assets.texture is None:
            return PreparedVeil(None)
        mean = image_to_yuv(assets.texture).reshape(-1, 3).mean(0)
        return PreparedVeil((int(mean[0]), int(mean[1]), int(mean[2])))

    def render(self, frame: I420Frame, face: TrackedFace, prepared: PreparedVeil) -> Patch:
        """The cover of this face. Raises FrameError when the face is outside the frame."""
        cover = Cover.over(face.landmarks[:MESH_VERTICES], self._top, self._bottom)
        area = rectangle_around(cover.corners(), 1.0, frame.width, frame.height)
        inverse = cover.inverse()
        if prepared.colour is None:
            colours = self._follow(frame, area, inverse)
        else:
            colours = np.empty((CELLS_DOWN, CELLS_ACROSS, 3), np.uint8)
            colours[:] = prepared.colour
        return _paint(area, inverse, colours, self._covered)

    def _follow(self, frame: I420Frame, area: Rectangle, inverse: Floats) -> NDArray[np.uint8]:
        """This frame's cell colours: mean, slowed, rounded with hysteresis."""
        sums = np.zeros((CELLS_DOWN, CELLS_ACROSS, 4), np.float32)
        luma = np.array(frame.y[area.rows, area.columns][::2, ::2])
        u = np.array(frame.u[area.chroma_rows, area.chroma_columns])
        v = np.array(frame.v[area.chroma_rows, area.chroma_columns])
        _cell_sums(luma, u, v, inverse, np.float32(area.x), np.float32(area.y), sums)
        seen = sums[..., 3] > 0
        means = sums[..., :3] / np.maximum(sums[..., 3:], 1)
        step = math.inf if self._seen_at is None else frame.media_time - self._seen_at
        self._seen_at = frame.media_time
        fresh = not 0 <= step < 1.0
        share = 1.0 if fresh else 1.0 - math.exp(-step / _SETTLE_S)
        self._smooth = np.where(seen[..., None], self._smooth + (means - self._smooth) * share, self._smooth)
        units = self._smooth / np.array([_LUMA_STEP, _CHROMA_STEP, _CHROMA_STEP], np.float32) + self._offsets
        stale = (np.abs(units - self._steps) > _HYSTERESIS) | fresh
        self._steps = np.where(stale, np.round(units), self._steps).astype(np.float32)
        colours = self._steps * np.array([_LUMA_STEP, _CHROMA_STEP, _CHROMA_STEP], np.float32)
        return np.clip(np.round(colours), 16, 235).astype(np.uint8)


def _pair(vector: NDArray[np.float64]) -> tuple[float, float]:
    return float(vector[0]), float(vector[1])


def _covered_cells() -> NDArray[np.uint8]:
    """Which cells are painted: all but the four in the corners."""
    rows = (np.arange(CELLS_DOWN) + 0.5) / CELLS_DOWN * 2 - 1
    columns = (np.arange(CELLS_ACROSS) + 0.5) / CELLS_ACROSS * 2 - 1
    distance = np.hypot(*np.meshgrid(columns, rows))
    return (distance < 1.2).astype(np.uint8)


def _paint(area: Rectangle, inverse: Floats, colours: NDArray[np.uint8], covered: NDArray[np.uint8]) -> Patch:
    y = np.empty((area.height, area.width), np.uint8)
    alpha = np.empty_like(y)
    u = np.empty(area.chroma_shape, np.uint8)
    v = np.empty_like(u)
    _paint_cells(inverse, np.float32(area.x), np.float32(area.y), colours, covered, y, u, v, alpha)
    return Patch(area, y, u, v, alpha)


@njit(cache=True, nogil=True, fastmath=True)
def _cell_sums(
    luma: Plane, u: Plane, v: Plane, inverse: Floats, x: np.float32, y: np.float32, sums: Floats
) -> None:
    down, across = sums.shape[0], sums.shape[1]
    for i in range(luma.shape[0]):
        for j in range(luma.shape[1]):
            px, py = x + np.float32(2 * j) + np.float32(0.5), y + np.float32(2 * i) + np.float32(0.5)
            column = int(np.floor(inverse[0, 0] * px + inverse[0, 1] * py + inverse[0, 2]))
            row = int(np.floor(inverse[1, 0] * px + inverse[1, 1] * py + inverse[1, 2]))
            if 0 <= row < down and 0 <= column < across:
                sums[row, column, 0] += luma[i, j]
                sums[row, column, 1] += u[i, j]
                sums[row, column, 2] += v[i, j]
                sums[row, column, 3] += 1.0


@njit(cache=True, nogil=True, fastmath=True)
def _paint_cells(
    inverse: Floats,
    x: np.float32,
    y: np.float32,
    colours: NDArray[np.uint8],
    covered: NDArray[np.uint8],
    out_y: Plane,
    out_u: Plane,
    out_v: Plane,
    alpha: Plane,
) -> None:
    down, across = covered.shape
    for i in range(out_y.shape[0]):
        for j in range(out_y.shape[1]):
            px, py = x + np.float32(j), y + np.float32(i)
            column = int(np.floor(inverse[0, 0] * px + inverse[0, 1] * py + inverse[0, 2]))
            row = int(np.floor(inverse[1, 0] * px + inverse[1, 1] * py + inverse[1, 2]))
            inside = 0 <= row < down and 0 <= column < across
            column, row = min(max(column, 0), across - 1), min(max(row, 0), down - 1)
            alpha[i, j] = 255 if inside and covered[row, column] else 0
            out_y[i, j] = colours[row, column, 0]
            if i % 2 == 0 and j % 2 == 0:
                out_u[i // 2, j // 2] = colours[row, column, 1]
                out_v[i // 2, j // 2] = colours[row, column, 2]
