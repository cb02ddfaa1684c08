"""The face from the front: how things drawn flat, in decimetres of the rest head, find their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray
from faces.geometry import SKIN, HeadTopology
from faces.raster import rasterise

_FRONT_SCALE = 700.0  # pixels per decimetre of the front map
_FRONT_LEFT, _FRONT_TOP = -1.0, 8.6
_FRONT_WIDTH, _FRONT_HEIGHT = 1400, 1820


@dataclass(frozen=True, slots=True, eq=False)
class FrontMap:
    """Which triangle the rest head shows at each (x, y) from the front."""

    triangle: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, topology: HeadTopology) -> FrontMap:
        """Look at the rest head's skin from the front."""
        skin = np.flatnonzero(topology.material == SKIN)
        rest = topology.rest
        screen = np.stack(
            [
                (rest[:, 0] - _FRONT_LEFT) * _FRONT_SCALE,
                (_FRONT_TOP - rest[:, 1]) * _FRONT_SCALE,
                -rest[:, 2],
            ],
            1,
        )
        seen = rasterise(screen, topology.triangles[skin], _FRONT_HEIGHT, _FRONT_WIDTH)
        triangle = np.where(seen.triangle >= 0, skin[seen.triangle], -1).astype(np.int32)
        return cls(triangle, seen.weights)

    def covers(self, xy: FloatArray) -> NDArray[np.bool_]:
        """Whether the rest head's skin is seen at xy (..., 2) from the front."""
        column = np.rint((xy[..., 0] - _FRONT_LEFT) * _FRONT_SCALE).astype(int)
        row = np.rint((_FRONT_TOP - xy[..., 1]) * _FRONT_SCALE).astype(int)
        inside = (column >= 0) & (column < _FRONT_WIDTH) & (row >= 0) & (row < _FRONT_HEIGHT)
        seen = self.triangle[np.clip(row, 0, _FRONT_HEIGHT - 1), np.clip(column, 0, _FRONT_WIDTH - 1)] >= 0
        return np.asarray(inside & seen)

    def place(
        self,
        topology: HeadTopology,
        points: FloatArray,
        normals: FloatArray,
        xy: FloatArray,
        lift: FloatArray,
    ) -> FloatArray:
        """Where a head's skin (N, 3) is at the rest head's xy (N, 2), lifted along the normal by (N,)."""
        column = np.clip(np.rint((xy[:, 0] - _FRONT_LEFT) * _FRONT_SCALE), 0, _FRONT_WIDTH - 1).astype(int)
        row = np.clip(np.rint((_FRONT_TOP - xy[:, 1]) * _FRONT_SCALE), 0, _FRONT_HEIGHT - 1).astype(int)
        corners = topology.triangles[self.triangle[row, column]]
        weights = self.weights[row, column].astype(float)
        at = np.einsum("pkc,pk->pc", points[corners], weights)
        normal = np.einsum("pkc,pk->pc", normals[corners], weights)
        return np.asarray(at + normal * lift[:, None])


def _soft(value: FloatArray, width: float) -> FloatArray:
    return np.asarray(np.clip(value / width + 0.5, 0, 1))


def beard_area(xy: FloatArray) -> FloatArray:
    """How thickly a beard grows at points (..., 2) of the rest head's front, 0 to 1."""
    x, y = np.abs(xy[..., 0]), xy[..., 1]
    upper = np.interp(
        x, [0.0, 0.10, 0.20, 0.30, 0.45, 0.60, 0.72, 0.8], [6.80, 6.82, 6.80, 6.72, 6.60, 6.68, 6.85, 6.9]
    )
    jaw = np.interp(x, [0.0, 0.2, 0.35, 0.5, 0.7], [6.08, 6.11, 6.20, 6.40, 6.75])
    grows = _soft(upper - y, 0.10) * _soft(y - jaw, 0.08)
    mouth = ((x / 0.285) ** 2 + ((y - 6.605) / 0.135) ** 2) ** 0.5
    grows = grows * _soft(mouth - 1.0, 0.12)
    bare = np.exp(-(((x - 0.33) / 0.07) ** 2 + ((y - 6.52) / 0.12) ** 2))  # thin beside the chin
    under_lip = np.exp(-(((x - 0.13) / 0.07) ** 2 + ((y - 6.42) / 0.05) ** 2))
    return np.asarray(np.clip(grows * (1 - 0.45 * bare) * (1 - 0.5 * under_lip), 0, 1))
