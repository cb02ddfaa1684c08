"""Another face by mesh warp: one still, bent onto the performer's mesh and lit like the scene.

The still is drawn through the mesh at a low resolution and interpolated to full size (`rasterise`), relit
(`relighting`), feathered at the silhouette, and cut open where the performer's own eyes and inner mouth show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.errors import IdentityError
from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame, Plane
from talchum.vision.blending import Patch, Rectangle, image_to_yuv, rectangle_around
from talchum.vision.identity import MESH_VERTICES, IdentityAssets
from talchum.vision.rasterise import Grid, extend_edges, rasterise
from talchum.vision.relighting import CHROMA_GROWTH, CellColours, SceneLight, Surface, cell_colours, skin_map
from talchum.vision.texturing import fill_behind_edge
from talchum.vision.topology import FaceTopology

_FEATHER_NODES = 3.0  # Gaussian sigma at the silhouette, nodes of a 160-node grid
_MARGIN_PX = 4.0
_UV_SIDE = 96

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TextureLevel:
    """One level of the texture's pyramid.

    luma: uint8 (S, S). half: uint8 (S/2, S/2, 3) YUV. scale: texels of this level in one of level 0.
    """

    luma: Plane
    half: NDArray[np.uint8]
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPortrait:
    """A still ready to be worn; nothing in it changes, so legs share it."""

    levels: tuple[TextureLevel, ...]
    alpha: Plane | None
    points: Floats  # (468, 2) texture pixels of level 0
    span: float  # diagonal of the points' box
    colours: CellColours
    surface: Surface
    openings: frozenset[str]


class PortraitEngine:
    """Mesh texture warp of one still; how it works and what it cannot do is in docs/engines.md."""

    name: ClassVar[str] = "portrait"

    def __init__(self, topology: FaceTopology) -> None:
        self._triangles = np.array(topology.triangles)
        self._uv = np.array(topology.uv)
        self._skin = skin_map(topology)
        contours = topology.contours
        self._eyes = [list(contours["EYE_LEFT"]), list(contours["EYE_RIGHT"])]
        self._mouth = [list(contours["LIPS_INNER"])]
        self._light: SceneLight | None = None
        self._lit: PreparedPortrait | None = None

    @classmethod
    def prepare(cls, assets: IdentityAssets, topology: FaceTopology) -> PreparedPortrait:
        """Convert the still once: YUV pyramid and its mean colours over the mesh."""
        if assets.texture is None:
            raise IdentityError(f"got identity {assets.name!r} without a texture, expected one for portrait")
        yuv = image_to_yuv(assets.texture)
        points = np.ascontiguousarray(assets.texture_points, np.float32)
        surface: Surface = "skin" if "mouth" in assets.openings else "object"
        if surface == "skin":
            yuv = fill_behind_edge(yuv, points, topology.triangles)
        colours = _texture_colours(yuv, points, topology)
        span = float(np.hypot(*np.ptp(points, axis=0)))
        alpha = None if assets.alpha is None else np.ascontiguousarray(assets.alpha)
        return PreparedPortrait(
            _pyramid(yuv), alpha, points, span, colours, surface, frozenset(assets.openings)
        )

    def render(self, frame: I420Frame, face: TrackedFace, prepared: PreparedPortrait) -> Patch:
        """The still on this face. Raises FrameError when the face is outside the frame."""
        mesh = np.ascontiguousarray(face.landmarks[:MESH_VERTICES], np.float32)
        area = rectangle_around(mesh, _MARGIN_PX, frame.width, frame.height)
        grid = Grid.over(area.x, area.y, area.width, area.height)
        nodes = grid.place(mesh)
        attributes = np.concatenate([prepared.points, self._uv], axis=1)
        drawn, coverage = rasterise(nodes, attributes, self._triangles, grid.rows, grid.columns)
        light = self._follow_light(frame, area, drawn, coverage, prepared)
        extend_edges(drawn, coverage)
        alpha = self._alpha(nodes, coverage, drawn, prepared)
        maps = np.zeros((grid.rows, grid.columns, 6), np.float32)
        _join_maps(drawn, alpha, light, maps)
        return _warp(maps, grid, area, _choose_level(prepared, area))

    def _follow_light(
        self,
        frame: I420Frame,
        area: Rectangle,
        drawn: Floats,
        coverage: NDArray[np.uint8],
        prepared: PreparedPortrait,
    ) -> Floats:
        if self._light is None or self._lit is not prepared:
            self._light, self._lit = SceneLight(prepared.colours, prepared.surface), prepared
        size = (coverage.shape[1], coverage.shape[0])
        # Light is low in frequency and each cell holds many nodes: points of the picture are enough.
        chroma = (area.chroma_rows, area.chroma_columns)
        luma = frame.y[area.rows, area.columns]
        y, u, v = (_at_nodes(plane, size) for plane in (luma, frame.u[chroma], frame.v[chroma]))
        return self._light.follow(cell_colours(drawn, coverage, y, u, v, self._skin), frame.media_time)

    def _alpha(
        self, nodes: Floats, coverage: NDArray[np.uint8], drawn: Floats, prepared: PreparedPortrait
    ) -> NDArray[np.uint8]:
        inside = coverage * np.uint8(255)
        core = cv2.erode(inside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        alpha = np.minimum(cv2.GaussianBlur(core, (0, 0), _FEATHER_NODES), inside)
        holes = np.zeros_like(alpha)
        rings = (self._eyes if "eyes" in prepared.openings else []) + (
            self._mouth if "mouth" in prepared.openings else []
        )
        for ring in rings:
            outline = np.round(nodes[ring, :2] * 16).astype(np.int32)
            cv2.fillPoly(holes, [outline], 255, cv2.LINE_AA, 4)
        alpha = np.minimum(alpha, 255 - cv2.GaussianBlur(holes, (0, 0), 0.8))
        if prepared.alpha is not None:
            own = cv2.remap(prepared.alpha, drawn[..., 0], drawn[..., 1], cv2.INTER_LINEAR)
            alpha = np.minimum(alpha, own)
        return np.asarray(alpha, np.uint8)


def _at_nodes(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _pyramid(yuv: NDArray[np.uint8]) -> tuple[TextureLevel, ...]:
    levels = []
    current, scale = yuv, 1.0
    while min(current.shape[:2]) >= 64:
        size = (current.shape[1] // 2, current.shape[0] // 2)
        half = np.asarray(cv2.resize(current, size, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(TextureLevel(np.ascontiguousarray(current[..., 0]), half, scale))
        current, scale = half, scale / 2
    return tuple(levels) or (TextureLevel(np.ascontiguousarray(yuv[..., 0]), yuv, 1.0),)


def _texture_colours(yuv: NDArray[np.uint8], points: Floats, topology: FaceTopology) -> CellColours:
    """Mean skin colour of the still per cell of UV space, by drawing it flat."""
    flat = np.zeros((MESH_VERTICES, 3), np.float32)
    flat[:, :2] = topology.uv * (_UV_SIDE - 1)
    drawn, coverage = rasterise(flat, points, np.array(topology.triangles), _UV_SIDE, _UV_SIDE)
    smooth = cv2.GaussianBlur(yuv, (0, 0), max(yuv.shape[:2]) / _UV_SIDE / 2)
    sampled = cv2.remap(
        smooth, drawn[..., 0], drawn[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    axis = np.linspace(0, 1, _UV_SIDE, dtype=np.float32)
    uv = np.ascontiguousarray(np.dstack(np.meshgrid(axis, axis)))
    y, u, v = (np.ascontiguousarray(sampled[..., channel], np.uint8) for channel in range(3))
    return cell_colours(uv, coverage, y, u, v, skin_map(topology))


def _choose_level(prepared: PreparedPortrait, area: Rectangle) -> TextureLevel:
    """The coarsest level that still has a texel per pixel, so that a small face does not glitter."""
    texels_per_pixel = prepared.span / math.hypot(area.width, area.height)
    wanted = math.floor(math.log2(max(1.0, texels_per_pixel)) + 0.35)
    return prepared.levels[min(wanted, len(prepared.levels) - 1)]


@njit(cache=True, nogil=True, fastmath=True)
def _join_maps(drawn: Floats, alpha: Plane, light: Floats, maps: Floats) -> None:
    """Write tx, ty, alpha, g, ku, kv at each node, the light read bilinearly at the node's UV."""
    cells = np.float32(light.shape[0])
    last = cells - np.float32(1.001)
    for i in range(alpha.shape[0]):
        for j in range(alpha.shape[1]):
            maps[i, j, 0], maps[i, j, 1], maps[i, j, 2] = drawn[i, j, 0], drawn[i, j, 1], alpha[i, j]
            x = min(max(drawn[i, j, 2] * cells - np.float32(0.5), np.float32(0.0)), last)
            y = min(max(drawn[i, j, 3] * cells - np.float32(0.5), np.float32(0.0)), last)
            x0, y0 = int(x), int(y)
            fx, fy = x - np.float32(x0), y - np.float32(y0)
            for k in range(3):
                top = light[y0, x0, k] + (light[y0, x0 + 1, k] - light[y0, x0, k]) * fx
                low = light[y0 + 1, x0, k] + (light[y0 + 1, x0 + 1, k] - light[y0 + 1, x0, k]) * fx
                maps[i, j, 3 + k] = top + (low - top) * fy


def _warp(maps: Floats, grid: Grid, area: Rectangle, level: TextureLevel) -> Patch:
    y = np.empty((area.height, area.width), np.uint8)
    alpha = np.empty_like(y)
    u = np.empty(area.chroma_shape, np.uint8)
    v = np.empty_like(u)
    _warp_luma(maps, np.float32(1 / grid.step), level.luma, np.float32(level.scale), y, alpha)
    _warp_chroma(
        maps,
        np.float32(1 / grid.step),
        level.half,
        np.float32(level.scale / 2),
        np.float32(CHROMA_GROWTH),
        u,
        v,
    )
    return Patch(area, y, u, v, alpha)


# In the loops below indices are unsigned: numba would test signed ones for Python's counting from the end.


@njit(cache=True, nogil=True, fastmath=True)
def _columns(
    count: int, first: np.float32, stride: np.float32, per_step: np.float32, last: int
) -> tuple[NDArray[np.uint32], Floats]:
    """Node to the left of each pixel, and how far beyond it the pixel lies."""
    nodes, beyond = np.empty(count, np.uint32), np.empty(count, np.float32)
    for j in range(count):
        x = (first + stride * np.float32(j)) * per_step
        node = min(int(x), last)
        nodes[j], beyond[j] = np.uint32(node), x - np.float32(node)
    return nodes, beyond


@njit(cache=True, nogil=True, fastmath=True)
def _between_rows(maps: Floats, y: np.float32, line: Floats) -> tuple[int, int]:
    """Interpolate all maps between two rows of nodes into line (K, columns).

    Returns the nodes around what is not transparent.
    """
    r = min(int(y), maps.shape[0] - 2)
    t = y - np.float32(r)
    first, last = line.shape[1], -1
    for j in range(line.shape[1]):
        for k in range(line.shape[0]):
            line[k, j] = maps[r, j, k] + (maps[r + 1, j, k] - maps[r, j, k]) * t
        if line[2, j] > 0:
            first, last = min(first, j), j
    return max(first - 1, 0), last + 1


@njit(cache=True, nogil=True, fastmath=True)
def _warp_luma(
    maps: Floats, per_step: np.float32, luma: Plane, scale: np.float32, out: Plane, alpha: Plane
) -> None:
    height, width = out.shape
    zero, half, black, white = np.float32(0.0), np.float32(0.5), np.float32(16.0), np.float32(235.0)
    bottom, right = np.float32(luma.shape[0] - 1.001), np.float32(luma.shape[1] - 1.001)
    nodes, beyond = _columns(width, zero, np.float32(1.0), per_step, maps.shape[1] - 2)
    line = np.empty((4, maps.shape[1]), np.float32)  # tx, ty, alpha, gain along one row
    texels, one, below = luma.reshape(-1), np.uint32(1), np.uint32(luma.shape[1])
    for i in range(height):
        first, last = _between_rows(maps, np.float32(i) * per_step, line)
        alpha[i, :] = 0
        out[i, :] = 16
        for j in range(int(first / per_step), min(width, int(last / per_step) + 1)):
            c, d, s = nodes[j], nodes[j] + one, beyond[j]
            tx = (line[0, c] + (line[0, d] - line[0, c]) * s) * scale - half
            ty = (line[1, c] + (line[1, d] - line[1, c]) * s) * scale - half
            gain = line[3, c] + (line[3, d] - line[3, c]) * s
            tx, ty = min(max(tx, zero), right), min(max(ty, zero), bottom)
            x0, y0 = np.uint32(tx), np.uint32(ty)
            fx, fy = tx - np.float32(x0), ty - np.float32(y0)
            at = y0 * below + x0
            top, low = np.float32(texels[at]), np.float32(texels[at + below])
            top += (np.float32(texels[at + one]) - top) * fx
            low += (np.float32(texels[at + below + one]) - low) * fx
            value = black + half + (top + (low - top) * fy - black) * gain
            out[i, j] = np.uint8(min(max(value, black), white))
            alpha[i, j] = np.uint8(line[2, c] + (line[2, d] - line[2, c]) * s + half)


@njit(cache=True, nogil=True, fastmath=True)
def _warp_chroma(
    maps: Floats,
    per_step: np.float32,
    texture: NDArray[np.uint8],
    scale: np.float32,
    growth: np.float32,
    u: Plane,
    v: Plane,
) -> None:
    zero, half, unit = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    black, grey, full = np.float32(16.0), np.float32(128.0), np.float32(240.0)
    bottom, right = np.float32(texture.shape[0] - 1.001), np.float32(texture.shape[1] - 1.001)
    # A chroma sample lies in the middle of four pixels.
    nodes, beyond = _columns(u.shape[1], half, np.float32(2.0), per_step, maps.shape[1] - 2)
    line = np.empty((6, maps.shape[1]), np.float32)
    texels, one, below = texture.reshape(-1, 3), np.uint32(1), np.uint32(texture.shape[1])
    for i in range(u.shape[0]):
        first, last = _between_rows(maps, (np.float32(2 * i) + half) * per_step, line)
        u[i, :] = 128
        v[i, :] = 128
        for j in range(int(first / per_step / 2), min(u.shape[1], int(last / per_step / 2) + 1)):
            c, d, s = nodes[j], nodes[j] + one, beyond[j]
            tx = (line[0, c] + (line[0, d] - line[0, c]) * s) * scale - half
            ty = (line[1, c] + (line[1, d] - line[1, c]) * s) * scale - half
            gain = line[3, c] + (line[3, d] - line[3, c]) * s
            tx, ty = min(max(tx, zero), right), min(max(ty, zero), bottom)
            x0, y0 = np.uint32(tx), np.uint32(ty)
            fx, fy = tx - np.float32(x0), ty - np.float32(y0)
            w11 = fx * fy
            w01, w10 = fx - w11, fy - w11
            w00 = unit - fx - w10
            at = y0 * below + x0
            p, q, r, t = at, at + one, at + below, at + below + one
            sy = w00 * texels[p, 0] + w01 * texels[q, 0] + w10 * texels[r, 0] + w11 * texels[t, 0]
            su = w00 * texels[p, 1] + w01 * texels[q, 1] + w10 * texels[r, 1] + w11 * texels[t, 1]
            sv = w00 * texels[p, 2] + w01 * texels[q, 2] + w10 * texels[r, 2] + w11 * texels[t, 2]
            lit = max(sy - black, zero) * gain
            colour = min(gain, unit + growth * (gain - unit))
            cu = grey + half + (su - grey) * colour + lit * (line[4, c] + (line[4, d] - line[4, c]) * s)
            cv = grey + half + (sv - grey) * colour + lit * (line[5, c] + (line[5, d] - line[5, c]) * s)
            u[i, j] = np.uint8(min(max(cu, black), full))
            v[i, j] = np.uint8(min(max(cv, black), full))
