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
from talchum.vision.relighting import CellColours, SceneLight, Surface, cell_colours, sample_field, skin_map
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
        colours = _texture_colours(yuv, points, topology)
        surface: Surface = "skin" if "mouth" in assets.openings else "object"
        alpha = None if assets.alpha is None else np.ascontiguousarray(assets.alpha)
        return PreparedPortrait(_pyramid(yuv), alpha, points, colours, surface, frozenset(assets.openings))

    def render(self, frame: I420Frame, face: TrackedFace, prepared: PreparedPortrait) -> Patch:
        """The still on this face. Raises FrameError when the face is outside the frame."""
        mesh = np.ascontiguousarray(face.landmarks[:MESH_VERTICES], np.float32)
        area = rectangle_around(mesh, _MARGIN_PX, frame.width, frame.height)
        grid = Grid.over(area.x, area.y, area.width, area.height)
        nodes = grid.place(mesh)
        attributes = np.concatenate([prepared.points, self._uv], axis=1)
        drawn, coverage = rasterise(nodes, attributes, self._triangles, grid.rows, grid.columns)
        uv = np.ascontiguousarray(drawn[..., 2:])
        light = self._follow_light(frame, area, uv, coverage, prepared)
        extend_edges(drawn, coverage)

        maps = np.empty((grid.rows, grid.columns, 6), np.float32)
        maps[..., :2] = drawn[..., :2]
        sample_field(light, np.ascontiguousarray(drawn[..., 2:]), maps[..., 3:])
        maps[..., 2] = self._alpha(nodes, coverage, drawn, prepared)
        level = _choose_level(prepared, mesh)
        return _warp(maps, grid, area, level)

    def _follow_light(
        self,
        frame: I420Frame,
        area: Rectangle,
        uv: Floats,
        coverage: NDArray[np.uint8],
        prepared: PreparedPortrait,
    ) -> Floats:
        if self._light is None or self._lit is not prepared:
            self._light, self._lit = SceneLight(prepared.colours, prepared.surface), prepared
        size = (coverage.shape[1], coverage.shape[0])
        scene = np.dstack(
            [
                cv2.resize(frame.y[area.rows, area.columns], size, interpolation=cv2.INTER_AREA),
                cv2.resize(
                    frame.u[area.chroma_rows, area.chroma_columns], size, interpolation=cv2.INTER_LINEAR
                ),
                cv2.resize(
                    frame.v[area.chroma_rows, area.chroma_columns], size, interpolation=cv2.INTER_LINEAR
                ),
            ]
        )
        return self._light.follow(
            cell_colours(uv, coverage, np.asarray(scene, np.uint8), self._skin), frame.media_time
        )

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
    return cell_colours(uv, coverage, np.ascontiguousarray(sampled), skin_map(topology))


def _choose_level(prepared: PreparedPortrait, mesh: Floats) -> TextureLevel:
    """The coarsest level that still has a texel per pixel, so that a small face does not glitter."""
    span = np.hypot(*np.ptp(mesh[:, :2], axis=0))
    texels = np.hypot(*np.ptp(prepared.points, axis=0))
    wanted = math.floor(math.log2(max(1.0, texels / max(span, 1.0))) + 0.35)
    return prepared.levels[min(wanted, len(prepared.levels) - 1)]


def _warp(maps: Floats, grid: Grid, area: Rectangle, level: TextureLevel) -> Patch:
    y = np.empty((area.height, area.width), np.uint8)
    alpha = np.empty_like(y)
    u = np.empty(area.chroma_shape, np.uint8)
    v = np.empty_like(u)
    _warp_luma(maps, np.float32(1 / grid.step), level.luma, np.float32(level.scale), y, alpha)
    _warp_chroma(maps, np.float32(1 / grid.step), level.half, np.float32(level.scale / 2), u, v)
    return Patch(area, y, u, v, alpha)


@njit(cache=True, nogil=True, fastmath=True)
def _warp_luma(
    maps: Floats, per_step: np.float32, luma: Plane, scale: np.float32, out: Plane, alpha: Plane
) -> None:
    rows, columns = maps.shape[0], maps.shape[1]
    height, width = out.shape
    bottom, right = np.float32(luma.shape[0] - 1.001), np.float32(luma.shape[1] - 1.001)
    line = np.empty((columns, 4), np.float32)  # tx, ty, alpha, gain along one row
    for i in range(height):
        gy = np.float32(i) * per_step
        r = min(int(gy), rows - 2)
        t = gy - np.float32(r)
        for j in range(columns):
            for k in range(4):
                line[j, k] = maps[r, j, k] + (maps[r + 1, j, k] - maps[r, j, k]) * t
        for j in range(width):
            gx = np.float32(j) * per_step
            c = min(int(gx), columns - 2)
            s = gx - np.float32(c)
            a = line[c, 2] + (line[c + 1, 2] - line[c, 2]) * s
            if a < 0.5:
                alpha[i, j] = 0
                out[i, j] = 16
                continue
            alpha[i, j] = np.uint8(min(a + np.float32(0.5), np.float32(255.0)))
            tx = (line[c, 0] + (line[c + 1, 0] - line[c, 0]) * s) * scale - np.float32(0.5)
            ty = (line[c, 1] + (line[c + 1, 1] - line[c, 1]) * s) * scale - np.float32(0.5)
            gain = line[c, 3] + (line[c + 1, 3] - line[c, 3]) * s
            tx = min(max(tx, np.float32(0.0)), right)
            ty = min(max(ty, np.float32(0.0)), bottom)
            x0, y0 = int(tx), int(ty)
            fx, fy = tx - np.float32(x0), ty - np.float32(y0)
            top = np.float32(luma[y0, x0])
            top += (np.float32(luma[y0, x0 + 1]) - top) * fx
            low = np.float32(luma[y0 + 1, x0])
            low += (np.float32(luma[y0 + 1, x0 + 1]) - low) * fx
            value = np.float32(16.5) + (top + (low - top) * fy - np.float32(16.0)) * gain
            out[i, j] = np.uint8(min(max(value, np.float32(16.0)), np.float32(235.0)))


@njit(cache=True, nogil=True, fastmath=True)
def _warp_chroma(
    maps: Floats, per_step: np.float32, half: NDArray[np.uint8], scale: np.float32, u: Plane, v: Plane
) -> None:
    rows, columns = maps.shape[0], maps.shape[1]
    bottom, right = np.float32(half.shape[0] - 1.001), np.float32(half.shape[1] - 1.001)
    line = np.empty((columns, 6), np.float32)
    value = np.empty(6, np.float32)
    for i in range(u.shape[0]):
        gy = np.float32(2 * i + 0.5) * per_step
        r = min(int(gy), rows - 2)
        t = gy - np.float32(r)
        for j in range(columns):
            for k in range(6):
                line[j, k] = maps[r, j, k] + (maps[r + 1, j, k] - maps[r, j, k]) * t
        for j in range(u.shape[1]):
            gx = np.float32(2 * j + 0.5) * per_step
            c = min(int(gx), columns - 2)
            s = gx - np.float32(c)
            if line[c, 2] + line[c + 1, 2] < 0.5:
                u[i, j] = 128
                v[i, j] = 128
                continue
            for k in range(6):
                value[k] = line[c, k] + (line[c + 1, k] - line[c, k]) * s
            tx = min(max(value[0] * scale - np.float32(0.5), np.float32(0.0)), right)
            ty = min(max(value[1] * scale - np.float32(0.5), np.float32(0.0)), bottom)
            x0, y0 = int(tx), int(ty)
            fx, fy = tx - np.float32(x0), ty - np.float32(y0)
            w11 = fx * fy
            w01, w10 = fx - w11, fy - w11
            w00 = np.float32(1.0) - fx - w10
            sy = w00 * half[y0, x0, 0] + w01 * half[y0, x0 + 1, 0]
            sy += w10 * half[y0 + 1, x0, 0] + w11 * half[y0 + 1, x0 + 1, 0]
            su = w00 * half[y0, x0, 1] + w01 * half[y0, x0 + 1, 1]
            su += w10 * half[y0 + 1, x0, 1] + w11 * half[y0 + 1, x0 + 1, 1]
            sv = w00 * half[y0, x0, 2] + w01 * half[y0, x0 + 1, 2]
            sv += w10 * half[y0 + 1, x0, 2] + w11 * half[y0 + 1, x0 + 1, 2]
            lit = max(sy - np.float32(16.0), np.float32(0.0)) * value[3]
            cu = np.float32(128.5) + (su - np.float32(128.0)) * value[3] + lit * value[4]
            cv = np.float32(128.5) + (sv - np.float32(128.0)) * value[3] + lit * value[5]
            u[i, j] = np.uint8(min(max(cu, np.float32(16.0)), np.float32(240.0)))
            v[i, j] = np.uint8(min(max(cv, np.float32(16.0)), np.float32(240.0)))
