"""Soft light on a head: how open each vertex is to each direction of a dome, found with small depth maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, IntArray
from faces.geometry import vertex_normals
from faces.raster import rasterise

DIRECTIONS = 128
_MAP = 320


def dome(count: int = DIRECTIONS) -> FloatArray:
    """Unit directions spread evenly over the sphere (Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = np.pi * (1 + 5**0.5) * k
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(angle), z, ring * np.sin(angle)], 1)


@dataclass(frozen=True, slots=True, eq=False)
class Lamp:
    """A soft lamp: where it is (direction), linear RGB colour, and how narrow it is (cosine power)."""

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]
    power: float = 6.0


def radiance(
    lamps: tuple[Lamp, ...],
    ambient: tuple[float, float, float],
    directions: FloatArray,
    above: float = 0.0,
) -> FloatArray:
    """Light arriving from each direction, (N, 3); each lamp is normalised to its colour at normal incidence.

    above: how much brighter than level the ambient light is straight above, and darker straight below (0 to
    1).
    """
    total = np.array(ambient, float) * (1 + above * directions[:, 1:2])
    for lamp in lamps:
        unit = np.array(lamp.direction) / np.linalg.norm(lamp.direction)
        lobe = np.clip(directions @ unit, 0, None) ** lamp.power
        total += lobe[:, None] * np.array(lamp.colour) * (lamp.power + 2) / 2
    return total


def openness(points: FloatArray, triangles: IntArray, directions: FloatArray) -> NDArray[np.float32]:
    """How much of each direction each vertex sees, float32 (V, N), 0 to 1, soft at shadow borders."""
    normals = vertex_normals(points, triangles)
    centre, radius = points.mean(0), float(np.abs(points - points.mean(0)).max()) * 1.05
    result = np.zeros((len(points), len(directions)), np.float32)
    for index, direction in enumerate(directions):
        side = np.cross(direction, [0.31, 0.95, 0.02])
        side /= np.linalg.norm(side)
        up = np.cross(direction, side)
        local = (points - centre) @ np.stack([side, up, direction], 1)
        scale = _MAP / (2 * radius)
        screen = np.stack([_MAP / 2 + local[:, 0] * scale, _MAP / 2 - local[:, 1] * scale, -local[:, 2]], 1)
        depth = rasterise(screen, triangles, _MAP, _MAP).depth
        offset = 0.035  # decimetres: off the surface, so that a vertex does not shade itself
        moved = local + (normals @ np.stack([side, up, direction], 1)) * offset
        visible = np.zeros(len(points))
        for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 0)):
            x = np.clip(np.rint(_MAP / 2 + moved[:, 0] * scale + dx), 0, _MAP - 1).astype(int)
            y = np.clip(np.rint(_MAP / 2 - moved[:, 1] * scale + dy), 0, _MAP - 1).astype(int)
            visible += np.clip((depth[y, x] + moved[:, 2] + 0.10) / 0.06, 0, 1)
        result[:, index] = visible / 5
    return result


def irradiance(
    normals: FloatArray, open_to: NDArray[np.float32], light: FloatArray, directions: FloatArray
) -> FloatArray:
    """Light falling on each vertex, linear RGB (V, 3); red wraps further round than blue, as in skin."""
    cosine = normals @ directions.T
    weight = 4.0 / len(directions)
    result = np.empty((len(normals), 3))
    for channel, wrap in enumerate((0.22, 0.12, 0.08)):
        lit = np.clip((cosine + wrap) / (1 + wrap), 0, None) / (1 + 0.5 * wrap)
        result[:, channel] = (lit * open_to) @ light[:, channel] * weight
    return result
