"""What a face network is shown of one moment: how the performer moves, looks and is lit, in a small square.

Fourteen planes of a square that follows the head (`head_region`):

=======  =========================================================================================
0 - 2    the identity's still, bent onto the performer's mesh (RGB)
3        where the mesh is
4 - 6    its normals; the middle of the range is zero
7        contours: lids, lips, brows, irises
8 - 10   the performer's light: their own colours, blurred to a twentieth of the square (RGB)
11 - 13  the performer's own pixels inside the lids and the lips (RGB)
=======  =========================================================================================

The same code serves training and the engine, so that a network sees in a call what it learned from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.face import MESH_LANDMARKS, FaceRegion, Points
from talchum.domain.frame import Image
from talchum.vision.blending import image_to_frame
from talchum.vision.cropping import cut_region
from talchum.vision.rasterise import rasterise
from talchum.vision.topology import FaceTopology

SIDE = 160
PLANES = 14
NETWORK_INPUT, NETWORK_OUTPUT = "planes", "painted"  # as a face network's file names them
GEOMETRY_PLANES = 8  # of them; the others hold the performer's colours
REFERENCE_SIDE = 2 * SIDE

_CENTIMETRES = 22.0  # of the canonical face across the square
_BELOW = 0.9  # centimetres by which the square's middle lies below the canonical origin: jaws drop
# Bone rather than muscle: forehead, temples, bridge of the nose, corners of the eyes, cheekbones.
STABLE = (
    *(10, 151, 9, 8, 168, 6, 197, 195),
    *(33, 133, 263, 362, 127, 356, 234, 454),
    *(103, 332, 54, 284, 67, 297, 116, 345),
)
_LIGHT_SIDE = 20
_LIGHT_SIGMA = 1.6
_SUBPIXEL = 4  # bits

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]
Planes = NDArray[np.uint8]  # (n, SIDE, SIDE)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The identity's still as its network knows it.

    image: RGB uint8 (320, 320, 3), cut like a head's square. points: float32 (468, 2), its mesh, pixels.
    """

    image: Image
    points: Floats


class Box(NamedTuple):
    """Pixels of the square, right and bottom not among them."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """The planes that do not depend on the performer's colours.

    planes: uint8 (8, SIDE, SIDE). inside: 255 where the mesh is. opened: 255 inside lids and lips.
    boxes: what holds the openings: of the left eye, the right eye and the mouth.
    """

    planes: Planes
    inside: Mask
    opened: Mask
    boxes: tuple[Box, ...]


def head_region(landmarks: Points, topology: FaceTopology) -> FaceRegion:
    """The turned square around a located head. Expressions do not move it: only bone decides."""
    stable = list(STABLE)
    canonical = topology.vertices[stable, :2] * np.array([1, -1], np.float32)  # centimetres, y down
    scale, angle, x, y = similarity(canonical, landmarks[stable, :2])
    down = _BELOW * scale
    return FaceRegion(x - down * math.sin(angle), y + down * math.cos(angle), _CENTIMETRES * scale, angle)


def head_pose(landmarks: Points, topology: FaceTopology) -> tuple[float, Floats]:
    """How a located head is held: pixels a centimetre, and its turn from the canonical head, (3, 3).

    Both heads with x to the right, y down and z away from the viewer; only bone decides. W. Kabsch, "A
    solution for the best rotation to relate two sets of vectors" (1976).
    """
    stable = list(STABLE)
    canonical = topology.vertices[stable] * np.array([1, -1, -1], np.float32)
    a, b = canonical - canonical.mean(axis=0), landmarks[stable] - landmarks[stable].mean(axis=0)
    u, sizes, vt = np.linalg.svd(b.T @ a)
    mirror = np.array([1, 1, np.sign(np.linalg.det(u @ vt))], np.float32)
    scale = float((sizes * mirror).sum() / (a**2).sum())
    return scale, np.asarray((u * mirror) @ vt, np.float32)


def without_pose(landmarks: Points, pose: tuple[float, Floats], topology: FaceTopology) -> Floats:
    """A located head's mesh (468, 3), turned, scaled and moved so that its bone lies on the canonical.

    pose: its `head_pose`.
    """
    stable = list(STABLE)
    scale, turn = pose
    centred = landmarks[:MESH_LANDMARKS] - landmarks[stable].mean(axis=0)
    placed = (centred @ turn) / np.float32(scale) * np.array([1, -1, -1], np.float32)
    return np.asarray(placed + topology.vertices[stable].mean(axis=0), np.float32)


def into_square(landmarks: Points, region: FaceRegion, side: int) -> Points:
    """Landmarks in pixels of the region's square instead of the frame's, depth at the same scale."""
    scale = side / region.side
    cos, sin = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    dx, dy = landmarks[:, 0] - region.x, landmarks[:, 1] - region.y
    placed = np.empty_like(landmarks)
    placed[:, 0] = dx * cos + dy * sin + side / 2
    placed[:, 1] = dy * cos - dx * sin + side / 2
    placed[:, 2:] = landmarks[:, 2:] * np.float32(scale)
    return placed


def cut_reference(image: Image, points: Floats, topology: FaceTopology) -> Reference:
    """An identity's still. image: RGB. points: (468, 2), where the mesh lies on it, pixels."""
    region = head_region(points, topology)
    cut = cut_region(image_to_frame(image, 0.0), region, REFERENCE_SIDE)
    return Reference(cut, into_square(points, region, REFERENCE_SIDE))


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """The mesh in the square. inside: 255 where it is. normals: (SIDE, SIDE, 3), outward, z away.

    texels: (SIDE, SIDE, 2), where each pixel lies on the identity's still, pixels of the reference.
    sources: (SIDE, SIDE, 2), which of the performer's pixels lies there, where that was asked for.
    """

    inside: Mask
    normals: Floats
    texels: Floats
    sources: Floats


class GeometryPainter:
    """Paints the planes of the performer's motion; keeps nothing between frames."""

    def __init__(self, topology: FaceTopology) -> None:
        contours = topology.contours
        self._triangles = np.array(topology.triangles)
        self._openings = [list(contours[name]) for name in ("EYE_LEFT", "EYE_RIGHT", "LIPS_INNER")]
        self._lines = [*self._openings, list(contours["LIPS_OUTER"])]
        self._brows = [list(contours[name]) for name in ("BROW_LEFT", "BROW_RIGHT")]
        self._irises = [list(contours[name]) for name in ("IRIS_LEFT", "IRIS_RIGHT")]

    def paint(self, landmarks: Points, reference: Reference) -> Geometry:
        """landmarks: (478, 3) in pixels of the square (`into_square`)."""
        return self.planes(self.draw(landmarks, reference), landmarks, reference)

    def draw(self, landmarks: Points, reference: Reference, own: Points | None = None) -> Drawing:
        """Where the mesh is, which way it looks, and which part of the still each pixel shows.

        own: the performer's own landmarks where those that are drawn were moved (`retargeting`).
        """
        mesh = np.ascontiguousarray(landmarks[:MESH_LANDMARKS], np.float32)
        moved = [] if own is None else [own[:MESH_LANDMARKS, :2]]
        attributes = np.concatenate([normals(mesh, self._triangles), reference.points, *moved], axis=1)
        nodes = mesh - np.array([0.5, 0.5, 0], np.float32)  # the raster counts from pixels' centres
        drawn, coverage = rasterise(nodes, attributes, self._triangles, SIDE, SIDE)
        return Drawing(coverage * np.uint8(255), drawn[..., :3], drawn[..., 3:5], drawn[..., 5:])

    def planes(self, drawing: Drawing, landmarks: Points, reference: Reference) -> Geometry:
        """The planes of a drawing of the same landmarks and reference."""
        inside = drawing.inside
        planes = np.empty((GEOMETRY_PLANES, SIDE, SIDE), np.uint8)
        x, y = (np.ascontiguousarray(drawing.texels[..., axis] - np.float32(0.5)) for axis in (0, 1))
        still = cv2.remap(reference.image, x, y, cv2.INTER_LINEAR)
        planes[0:3] = cv2.split(cv2.bitwise_and(still, still, mask=inside))
        planes[3] = inside
        _write_normals(drawing.normals, inside, planes[4:7])
        planes[7] = self._contours(landmarks)
        return Geometry(
            planes,
            inside,
            self.opened(landmarks, SIDE),
            tuple(_box(landmarks[ring]) for ring in self._openings),
        )

    def _contours(self, landmarks: Points) -> Mask:
        large = np.zeros((2 * SIDE, 2 * SIDE), np.uint8)
        points = np.round(landmarks[:, :2] * (2 << _SUBPIXEL)).astype(np.int32)
        for rings, level in ((self._lines, 255), (self._brows, 128)):
            for ring in rings:
                cv2.polylines(large, [points[ring]], True, level, 2, cv2.LINE_AA, _SUBPIXEL)
        for ring in self._irises:
            cv2.fillConvexPoly(large, cv2.convexHull(points[ring]), 200, cv2.LINE_AA, _SUBPIXEL)
        return np.asarray(cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)

    def opened(self, landmarks: Points, side: int) -> Mask:
        """255 inside the lids and the lips. landmarks: (468 or more, 2 or 3) in pixels of a square."""
        mask = np.zeros((side, side), np.uint8)
        points = np.round(landmarks[:, :2] * (1 << _SUBPIXEL)).astype(np.int32)
        for ring in self._openings:
            cv2.fillPoly(mask, [points[ring]], 255, cv2.LINE_8, _SUBPIXEL)
        return mask


def with_colours(geometry: Geometry, own: Image) -> Planes:
    """All fourteen planes. own: the performer's picture in the square, RGB (SIDE, SIDE, 3)."""
    planes = np.empty((PLANES, SIDE, SIDE), np.uint8)
    planes[:GEOMETRY_PLANES] = geometry.planes
    planes[8:11] = cv2.split(blurred_light(own, geometry.inside))
    planes[11:14] = cv2.split(cv2.bitwise_and(own, own, mask=geometry.opened))
    return planes


def unshuffled(planes: Planes) -> NDArray[np.uint8]:
    """The planes as a network takes them: every 2 x 2 pixels as four channels, (1, 56, SIDE / 2, SIDE / 2).

    In the order of PyTorch's `pixel_unshuffle`; inside the network it would take ten times as long.
    """
    out = np.empty((1, 4 * PLANES, SIDE // 2, SIDE // 2), np.uint8)
    _unshuffle(planes, out[0])
    return out


def _box(points: Points) -> Box:
    low = np.clip(np.floor(points[:, :2].min(axis=0)), 0, SIDE).astype(int)
    high = np.clip(np.ceil(points[:, :2].max(axis=0)) + 1, 0, SIDE).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def bent(own: Image, drawing: Drawing) -> Image:
    """The performer's picture with each part of the face where its landmarks were moved to."""
    x, y = (np.ascontiguousarray(drawing.sources[..., axis] - np.float32(0.5)) for axis in (0, 1))
    return np.asarray(cv2.remap(own, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def blurred_light(own: Image, inside: Mask) -> Image:
    """The performer's own colours, too blurred to know anybody by: RGB (SIDE, SIDE, 3)."""
    core = cv2.erode(inside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    small = (_LIGHT_SIDE, _LIGHT_SIDE)
    weights = cv2.resize(core, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    masked = cv2.bitwise_and(own, own, mask=core)
    colours = cv2.resize(masked, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    weights = cv2.GaussianBlur(weights, (0, 0), _LIGHT_SIGMA) / np.float32(255)
    colours = cv2.GaussianBlur(colours, (0, 0), _LIGHT_SIGMA) / (weights[..., None] + np.float32(0.01))
    even = np.clip(colours, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(even, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def normals(mesh: Points, triangles: NDArray[np.int32]) -> Floats:
    """Unit normals at the vertices, float32 (N, 3); triangles wound as `rasterise` asks."""
    sums = np.zeros_like(mesh)
    _sum_normals(mesh, triangles, sums)
    return sums


def similarity(points: Floats, onto: Floats) -> tuple[float, float, float, float]:
    """Scale, turn (radians, clockwise as seen) and shift that bring points closest to others.

    S. Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns" (1991).
    """
    mean, target = points.mean(axis=0), onto.mean(axis=0)
    a, b = points - mean, onto - target
    size = float((a**2).sum())
    cos = float((a * b).sum()) / size
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / size
    x = float(target[0] - cos * mean[0] + sin * mean[1])
    y = float(target[1] - sin * mean[0] - cos * mean[1])
    return math.hypot(cos, sin), math.atan2(sin, cos), x, y


@njit(cache=True, nogil=True)
def _unshuffle(planes: Planes, out: Planes) -> None:
    for plane in range(planes.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[4 * plane, i, j] = planes[plane, 2 * i, 2 * j]
                out[4 * plane + 1, i, j] = planes[plane, 2 * i, 2 * j + 1]
                out[4 * plane + 2, i, j] = planes[plane, 2 * i + 1, 2 * j]
                out[4 * plane + 3, i, j] = planes[plane, 2 * i + 1, 2 * j + 1]


@njit(cache=True, nogil=True, fastmath=True)
def _write_normals(found: Floats, inside: Mask, out: Planes) -> None:
    for i in range(inside.shape[0]):
        for j in range(inside.shape[1]):
            for axis in range(3):
                level = (found[i, j, axis] + np.float32(1.0)) * np.float32(127.5)
                out[axis, i, j] = np.uint8(min(max(level, 0.0), 255.0)) if inside[i, j] else np.uint8(0)


@njit(cache=True, nogil=True, fastmath=True)
def _sum_normals(mesh: Points, triangles: NDArray[np.int32], sums: Floats) -> None:
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = mesh[b, 0] - mesh[a, 0], mesh[b, 1] - mesh[a, 1], mesh[b, 2] - mesh[a, 2]
        vx, vy, vz = mesh[c, 0] - mesh[a, 0], mesh[c, 1] - mesh[a, 1], mesh[c, 2] - mesh[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            sums[corner, 0] += x
            sums[corner, 1] += y
            sums[corner, 2] += z
    for i in range(sums.shape[0]):
        length = np.sqrt(sums[i, 0] ** 2 + sums[i, 1] ** 2 + sums[i, 2] ** 2) + np.float32(1e-9)
        for k in range(3):
            sums[i, k] /= length
