"""Another face by mesh warp: one still, bent onto the performer's mesh and lit like the scene.

The still is drawn through the mesh at a low resolution and interpolated to full size (`rasterise`), relit
(`relighting`), feathered at the silhouette, and cut open where the performer's own eyes and inner mouth show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from talchum.domain.errors import IdentityError
from talchum.domain.face import TrackedFace
from talchum.domain.frame import I420Frame, Plane
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.blending import Patch, Rectangle, image_to_yuv, rectangle_around
from talchum.vision.identity import MESH_VERTICES, IdentityAssets
from talchum.vision.rasterise import Grid, extend_edges, rasterise, soft_edge
from talchum.vision.relighting import CHROMA_GROWTH, CellColours, SceneLight, Surface, cell_colours, skin_map
from talchum.vision.texturing import fill_behind_edge
from talchum.vision.topology import FaceTopology

_MARGIN_PX = 4.0
_UV_SIDE = 96

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TextureLevel:
    """One level of the texture's pyramid.

    luma: uint8 (S, S). chroma: uint8 (S/2, S/2, 2) U and V. scale: texels of this level in one of level 0.
    """

    luma: Plane
    chroma: NDArray[np.uint8]
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

    def __init__(self, topology: FaceTopology, entropy: int | None = None) -> None:
        self._triangles = np.array(topology.triangles)
        self._uv = np.array(topology.uv)
        self._skin = skin_map(topology)
        contours = topology.contours
        self._eyes = [list(contours["EYE_LEFT"]), list(contours["EYE_RIGHT"])]
        self._mouth = [list(contours["LIPS_INNER"])]
        self._light: SceneLight | None = None
        self._lit: PreparedPortrait | None = None

    @classmethod
    def prepare(
        cls, assets: IdentityAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL
    ) -> PreparedPortrait:
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
        level = _choose_level(prepared, area)
        maps = np.empty((5, grid.rows, grid.columns), np.float32)
        _join_maps(drawn, light, np.float32(level.scale), maps)
        return _warp(maps, alpha, area, level)

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
        alpha = soft_edge(coverage)
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
    levels: list[TextureLevel] = []
    current, scale = yuv, 1.0
    while not levels or min(current.shape[:2]) >= 64:
        size = (current.shape[1] // 2, current.shape[0] // 2)
        half = np.asarray(cv2.resize(current, size, interpolation=cv2.INTER_AREA), np.uint8)
        luma, chroma = (np.ascontiguousarray(part) for part in (current[..., 0], half[..., 1:]))
        levels.append(TextureLevel(luma, chroma, scale))
        current, scale = half, scale / 2
    return tuple(levels)


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


def _warp(maps: Floats, alpha: Plane, area: Rectangle, level: TextureLevel) -> Patch:
    """Sample and light the still at full size. maps: tx, ty, g, ku, kv at the nodes."""
    size = (area.width, area.height)
    tx, ty, gain = (_enlarged(plane, size) for plane in maps[:3])
    y = np.empty((area.height, area.width), np.uint8)
    _light_luma(_sampled(level.luma, tx, ty), gain, y)
    half_size = (area.chroma_shape[1], area.chroma_shape[0])
    tx, ty, gain, shift_u, shift_v = (_enlarged(plane, half_size) for plane in maps)
    quarter = np.float32(0.25)  # (t + 0.5) / 2 - 0.5
    colours = _sampled(level.chroma, tx * np.float32(0.5) - quarter, ty * np.float32(0.5) - quarter)
    u, v = np.empty(area.chroma_shape, np.uint8), np.empty(area.chroma_shape, np.uint8)
    _light_chroma(colours, y, gain, shift_u, shift_v, np.float32(CHROMA_GROWTH), u, v)
    return Patch(area, y, u, v, np.asarray(_enlarged(alpha, size), np.uint8))


def _enlarged(plane: Any, size: tuple[int, int]) -> Any:
    return cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)


def _sampled(texture: NDArray[np.uint8], tx: Floats, ty: Floats) -> NDArray[np.uint8]:
    sampled = cv2.remap(texture, tx, ty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.uint8)


@njit(cache=True, nogil=True, fastmath=True)
def _join_maps(drawn: Floats, light: Floats, scale: np.float32, maps: Floats) -> None:
    """Write tx, ty (where to sample a level of the still), g, ku, kv at each node; light is read at UV."""
    cells = np.float32(light.shape[0])
    last, half = cells - np.float32(1.001), np.float32(0.5)
    for i in range(drawn.shape[0]):
        for j in range(drawn.shape[1]):
            maps[0, i, j] = drawn[i, j, 0] * scale - half
            maps[1, i, j] = drawn[i, j, 1] * scale - half
            x = min(max(drawn[i, j, 2] * cells - half, np.float32(0.0)), last)
            y = min(max(drawn[i, j, 3] * cells - half, np.float32(0.0)), last)
            x0, y0 = np.uint32(x), np.uint32(y)
            x1, y1 = x0 + np.uint32(1), y0 + np.uint32(1)
            fx, fy = x - np.float32(x0), y - np.float32(y0)
            for k in range(3):
                top = light[y0, x0, k] + (light[y0, x1, k] - light[y0, x0, k]) * fx
                low = light[y1, x0, k] + (light[y1, x1, k] - light[y1, x0, k]) * fx
                maps[2 + k, i, j] = top + (low - top) * fy


@njit(cache=True, nogil=True, fastmath=True)
def _light_luma(texture: Plane, gain: Floats, out: Plane) -> None:
    black, half, white = np.float32(16.0), np.float32(0.5), np.float32(235.0)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            value = black + half + (np.float32(texture[i, j]) - black) * gain[i, j]
            out[i, j] = np.uint8(np.int32(min(max(value, black), white)))


@njit(cache=True, nogil=True, fastmath=True)
def _light_chroma(
    texture: NDArray[np.uint8],
    y: Plane,
    gain: Floats,
    shift_u: Floats,
    shift_v: Floats,
    growth: np.float32,
    u: Plane,
    v: Plane,
) -> None:
    half, unit = np.float32(0.5), np.float32(1.0)
    black, grey, full = np.float32(16.0), np.float32(128.0), np.float32(240.0)
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            g = gain[i, j]
            lit = np.float32(y[2 * i, 2 * j]) - black
            colour = min(g, unit + growth * (g - unit))
            cu = grey + half + (np.float32(texture[i, j, 0]) - grey) * colour + lit * shift_u[i, j]
            cv = grey + half + (np.float32(texture[i, j, 1]) - grey) * colour + lit * shift_v[i, j]
            u[i, j] = np.uint8(np.int32(min(max(cu, black), full)))
            v[i, j] = np.uint8(np.int32(min(max(cv, black), full)))
