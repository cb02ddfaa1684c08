"""Draw attributes of the face mesh into a small grid, hidden parts removed.

Everything the engines warp is first drawn at a low resolution (at most 160 nodes a side: 0.5 ms) and
interpolated to full size afterwards, so that the cost hardly grows with the size of the face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

MAX_GRID_SIDE = 160
_FEATHER_NODES = 3.0  # Gaussian sigma at the silhouette, nodes of a 160-node grid

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the nodes of a low-resolution grid lie on a rectangle of the frame.

    x, y: frame pixel of the corner. step_x, step_y: pixels from node to node. A node lies in the
    middle of its step, as OpenCV counts when it enlarges a picture.
    """

    x: int
    y: int
    step_x: float
    step_y: float
    columns: int
    rows: int

    @classmethod
    def over(cls, x: int, y: int, width: int, height: int, max_side: int = MAX_GRID_SIDE) -> Grid:
        """The finest grid over a rectangle with at most `max_side` nodes a side."""
        step = max(1.0, max(width, height) / max_side)
        columns, rows = max(1, round(width / step)), max(1, round(height / step))
        return cls(x, y, width / columns, height / rows, columns, rows)

    def place(self, points: Floats) -> Floats:
        """Frame coordinates (0.5 is the first pixel's centre) to node coordinates; depth is scaled alike.

        points: (N, 2 or 3). Returns float32 of the same shape.
        """
        steps = (self.step_x, self.step_y, self.step_x)[: points.shape[1]]
        shifts = (self.x / self.step_x + 0.5, self.y / self.step_y + 0.5, 0.0)[: points.shape[1]]
        placed = points / np.array(steps, np.float32) - np.array(shifts, np.float32)
        return np.ascontiguousarray(placed, np.float32)


def rasterise(
    points: Floats, attributes: Floats, triangles: NDArray[np.int32], rows: int, columns: int
) -> tuple[Floats, NDArray[np.uint8]]:
    """Interpolated vertex attributes at every node, nearest surface first, back faces left out.

    points: (N, 3) node coordinates (x right, y down, z smaller = nearer). attributes: (N, K).
    triangles: (T, 3) vertex indices, wound so that a triangle facing the camera has negative area with y
    down. Returns (rows, columns, K) float32 and the coverage (rows, columns) uint8, 1 where a triangle was
    drawn.
    """
    values = np.zeros((rows, columns, attributes.shape[1]), np.float32)
    coverage = np.zeros((rows, columns), np.uint8)
    depth = np.full((rows, columns), np.inf, np.float32)
    _rasterise(points, attributes, triangles, depth, values, coverage)
    return values, coverage


def extend_edges(values: Floats, coverage: NDArray[np.uint8], rings: int = 3) -> None:
    """Carry attributes outwards from the silhouette, in place, so that interpolating near the edge does not
    smear.

    values: (rows, columns, K); coverage: 1 inside. Nodes further than `rings` from the silhouette stay zero.
    """
    _extend(values, coverage.copy(), rings)


def soft_edge(coverage: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha, 0..255, of a face that was drawn: it fades out inside the silhouette, never beyond it."""
    inside = coverage * np.uint8(255)
    core = cv2.erode(inside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(np.minimum(cv2.GaussianBlur(core, (0, 0), _FEATHER_NODES), inside), np.uint8)


@njit(cache=True, nogil=True, fastmath=True)
def _rasterise(
    points: Floats,
    attributes: Floats,
    triangles: NDArray[np.int32],
    depth: Floats,
    values: Floats,
    coverage: NDArray[np.uint8],
) -> None:
    rows, columns = depth.shape
    count = attributes.shape[1]
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0], points[b, 1], points[b, 2]
        cx, cy, cz = points[c, 0], points[c, 1], points[c, 2]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area >= -1e-6:  # edge-on or turned away
            continue
        inverse = 1.0 / area
        left, right = max(0, int(np.ceil(min(ax, bx, cx)))), min(columns - 1, int(np.floor(max(ax, bx, cx))))
        top, bottom = max(0, int(np.ceil(min(ay, by, cy)))), min(rows - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wb = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) * inverse
                wc = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) * inverse
                wa = 1.0 - wb - wc
                if wa < -1e-4 or wb < -1e-4 or wc < -1e-4:
                    continue
                z = wa * az + wb * bz + wc * cz
                if z >= depth[y, x]:
                    continue
                depth[y, x] = z
                coverage[y, x] = 1
                for k in range(count):
                    values[y, x, k] = wa * attributes[a, k] + wb * attributes[b, k] + wc * attributes[c, k]


@njit(cache=True, nogil=True, fastmath=True)
def _extend(values: Floats, filled: NDArray[np.uint8], rings: int) -> None:
    rows, columns, count = values.shape
    ring = np.empty((rows * columns, 2), np.int32)
    for turn in range(rings):
        marker = np.uint8(turn + 2)  # nodes filled in this turn, not to be read in it
        length = 0
        for y in range(rows):
            for x in range(columns):
                if filled[y, x] == 0 and _touches(filled, y, x):
                    ring[length, 0], ring[length, 1] = y, x
                    length += 1
        for n in range(length):
            filled[ring[n, 0], ring[n, 1]] = marker
        for n in range(length):
            _continue_outwards(values, filled, ring[n, 0], ring[n, 1], marker, count)


@njit(cache=True, nogil=True)
def _touches(filled: NDArray[np.uint8], y: int, x: int) -> bool:
    rows, columns = filled.shape
    if y > 0 and filled[y - 1, x] != 0:
        return True
    if y + 1 < rows and filled[y + 1, x] != 0:
        return True
    if x > 0 and filled[y, x - 1] != 0:
        return True
    return bool(x + 1 < columns and filled[y, x + 1] != 0)


@njit(cache=True, nogil=True, fastmath=True)
def _continue_outwards(
    values: Floats, filled: NDArray[np.uint8], y: int, x: int, marker: np.uint8, count: int
) -> None:
    """Mean of what the known neighbours say, straight on from the node beyond them where there is one."""
    rows, columns = filled.shape
    known = 0
    for k in range(count):
        values[y, x, k] = 0.0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            ny, nx = y + dy, x + dx
            if not (0 <= ny < rows and 0 <= nx < columns) or not 0 < filled[ny, nx] < marker:
                continue
            known += 1
            fy, fx = ny + dy, nx + dx
            straight = 0 <= fy < rows and 0 <= fx < columns and 0 < filled[fy, fx] < marker
            for k in range(count):
                values[y, x, k] += values[ny, nx, k]
                if straight:
                    values[y, x, k] += values[ny, nx, k] - values[fy, fx, k]
    for k in range(count):
        values[y, x, k] /= max(known, 1)
