"""Hair as strands: scalp hair in a few cuts, and brows, rooted on the skin so that they follow every head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, HeadAssets
from faces.front import FrontMap, beard_area
from faces.geometry import CHART_AXIS_Z, SKIN, HeadTopology, vertex_normals
from faces.images import to_linear
from faces.render import Strands

Cut = Literal["bald", "cropped", "short", "bob", "long", "tied"]
# hairline of the rest head: height (decimetres) at angles from the front (radians)
_HAIRLINE_ANGLES = [0.0, 0.35, 0.62, 0.85, 1.02, 1.2, 1.38, 1.55, 1.75, 2.0, 2.4, 3.2]
_HAIRLINE_HEIGHTS = [8.02, 8.02, 7.98, 7.80, 7.50, 7.18, 7.26, 7.62, 7.5, 7.0, 6.72, 6.6]


@dataclass(frozen=True, slots=True)
class HairStyle:
    """colour: sRGB 0..255.

    grey: share of grey strands. recede: decimetres the hairline moves up. parting: x of it.
    """

    cut: Cut
    colour: tuple[float, float, float]
    grey: float = 0.0
    recede: float = 0.0
    parting: float = -0.25
    wave: float = 0.15
    volume: float = 1.0
    count: int = 26000


@dataclass(frozen=True, slots=True)
class BrowStyle:
    """colour: sRGB 0..255. weight: how thick, 1 = usual. arch, lift: decimetres. count: strands a side."""

    colour: tuple[float, float, float]
    weight: float = 1.0
    arch: float = 0.07
    lift: float = 0.0
    count: int = 680


@dataclass(frozen=True, slots=True)
class BeardStyle:
    """colour: sRGB 0..255.

    length: decimetres (0.02 is a day or two). count: hairs. grey: share of grey ones.
    """

    colour: tuple[float, float, float]
    length: float
    count: int
    grey: float = 0.0


def hairline(rest: FloatArray, recede: float = 0.0) -> FloatArray:
    """How far above the hairline points of the rest head are, decimetres (negative: below it)."""
    angle = np.abs(np.arctan2(rest[:, 0], rest[:, 2] - CHART_AXIS_Z))
    line = np.interp(angle, _HAIRLINE_ANGLES, _HAIRLINE_HEIGHTS)
    line += recede * np.clip(1 - angle / 1.1, 0, 1) * (1 + 0.8 * np.exp(-(((angle - 0.55) / 0.2) ** 2)))
    return np.asarray(rest[:, 1] - line)


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsoid:
    """The skull under the hair, axis-aligned."""

    centre: FloatArray
    radii: FloatArray

    @classmethod
    def around(cls, points: FloatArray) -> Ellipsoid:
        """Least-squares ellipsoid through scalp points: a x^2 + b x + ... = 1 with x centred."""
        x, y, z = points[:, 0], points[:, 1], points[:, 2]
        system = np.stack([x * x, y * y, z * z, y, z], 1)
        a, b, c, d, e = np.linalg.lstsq(system, np.ones(len(points)), rcond=None)[0]
        centre = np.array([0.0, -d / (2 * b), -e / (2 * c)])
        scale = 1 + b * centre[1] ** 2 + c * centre[2] ** 2
        return cls(centre, np.sqrt(scale / np.array([a, b, c])))

    def level(self, points: FloatArray) -> FloatArray:
        """1 on the surface, more outside."""
        return np.asarray(np.linalg.norm((points - self.centre) / self.radii, axis=-1))

    def normal(self, points: FloatArray) -> FloatArray:
        """Outward unit normals."""
        n = (points - self.centre) / self.radii**2
        return np.asarray(n / (np.linalg.norm(n, axis=-1, keepdims=True) + 1e-9))


def _roots(
    topology: HeadTopology, points: FloatArray, above: FloatArray, count: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Random scalp points and their heights above the hairline."""
    skin = topology.triangles[topology.material == SKIN]
    skin = skin[above[skin].max(1) > 0]
    a, b, c = (points[skin[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = skin[rng.choice(len(skin), count * 2, p=area / area.sum())]
    u, v = rng.random(count * 2), rng.random(count * 2)
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    weights = np.stack([1 - u - v, u, v], 1)
    height = (above[chosen] * weights).sum(1)
    fuzzy = height + 0.035 * rng.standard_normal(len(height)) > 0.02
    keep = np.flatnonzero(fuzzy)[:count]
    at = np.einsum("pkc,pk->pc", points[chosen[keep]], weights[keep])
    return np.asarray(at), height[keep]


def _hair_colours(
    style: HairStyle, shade: FloatArray, gleam: FloatArray, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Linear RGB of each strand point (S, K, 3)."""
    count = len(shade)
    base = np.tile(to_linear(style.colour), (count, 1))
    grey = rng.random(count) < style.grey
    base[grey] = to_linear((176, 174, 170))
    base *= np.exp(0.22 * rng.standard_normal(count))[:, None]
    colour = base[:, None] * shade[..., None] + gleam[..., None] * (0.35 * base[:, None] ** 0.5 + 0.03)
    return np.asarray(colour, np.float32)


_LENGTHS = {"cropped": 0.15, "short": 0.34, "bob": 0.95, "long": 2.5, "tied": 0.9}


def scalp_hair(
    topology: HeadTopology,
    points: FloatArray,
    style: HairStyle,
    light_from: FloatArray,
    rng: np.random.Generator,
) -> Strands | None:
    """Strands of a cut on an unturned head. light_from: unit direction of the main lamp, head space."""
    if style.cut == "bald":
        return None
    above = hairline(topology.rest, style.recede)
    scalp = points[(above > 0.1) & (topology.rest[:, 1] > 7.2)]
    skull = Ellipsoid.around(scalp)
    root, height = _roots(topology, points, above, style.count, rng)
    count, steps = len(root), 18
    length = _LENGTHS[style.cut] * (0.8 + 0.35 * rng.random(count))
    if style.cut in ("cropped", "short"):
        length *= np.interp(root[:, 1], [7.0, 7.5, 7.9, 8.2], [0.32, 0.42, 0.75, 1.1])
    normal = skull.normal(root)
    side = np.where(root[:, 0] > style.parting, 1.0, -1.0)
    comb = _comb_direction(style, root, side, skull)
    clump = rng.standard_normal((160, 3))
    which = np.argmin(((root[:, None] - root[rng.choice(count, 160)][None]) ** 2).sum(2), 1)
    direction = (
        comb
        + (0.35 if style.cut in ("cropped", "short") else 0.12) * normal
        + 0.10 * clump[which]
        + 0.07 * rng.standard_normal((count, 3))
    )
    if style.cut in ("cropped", "short"):
        direction += 0.05 * normal
    lift = style.volume * {"cropped": 0.03, "short": 0.10, "bob": 0.13, "long": 0.13, "tied": 0.05}[style.cut]
    layer = lift * rng.random(count) * np.clip(height / 0.25, 0.15, 1)
    path = np.empty((count, steps, 3))
    path[:, 0] = root
    phase = rng.random(160)[which] * 6.28
    for k in range(1, steps):
        direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
        step = length[:, None] / (steps - 1)
        path[:, k] = path[:, k - 1] + direction * step
        # strands lie on the skull, each in its own layer
        target = 1 + (0.02 + layer * min(1.0, k / 5)) / skull.radii.mean()
        level = skull.level(path[:, k])
        push = np.clip(target - level, 0, None)[:, None] * skull.radii.mean()
        path[:, k] += skull.normal(path[:, k]) * push
        fall = {"cropped": 0.0, "short": 0.22, "bob": 1.9, "long": 1.9, "tied": 0.0}[style.cut]
        direction = path[:, k] - path[:, k - 1] + np.array([0, -fall, 0]) * step
        direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
        wave = (
            style.wave
            * np.sin(phase + 9.0 * k / steps)[:, None]
            * np.cross(direction, skull.normal(path[:, k]))
        )
        direction += wave
        if style.cut in ("bob", "long"):
            path[:, k] = _kept_off_face(path[:, k], side)
    tangent = np.gradient(path, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-9
    outward = skull.normal(path)
    facing = np.clip((outward @ light_from) * 0.5 + 0.5, 0, 1)
    buried = np.clip(0.35 + (skull.level(path) - 1) * skull.radii.mean() / max(lift, 0.05) * 0.65, 0.25, 1)
    shade = (0.25 + 0.85 * facing) * buried
    halfway = light_from + np.array([0, 0.1, 1.0])
    halfway /= np.linalg.norm(halfway)
    along = tangent @ halfway
    gleam = np.clip(1 - along**2, 0, 1) ** 40 * facing * buried * 0.35
    opacity = np.full((count, steps), 0.9, np.float32)
    opacity[:, 0] = 0.35
    opacity[:, -3:] = [0.7, 0.5, 0.25]
    return Strands(path, _hair_colours(style, shade, gleam, rng), opacity)


def _kept_off_face(points: FloatArray, side: FloatArray) -> FloatArray:
    """Long hair falls beside the face: points in front of it are moved outwards."""
    low = np.clip((8.0 - points[:, 1]) / 0.45, 0, 1)
    keep = np.interp(points[:, 1], [5.4, 6.2, 6.6, 7.1, 7.6, 8.1], [0.60, 0.60, 0.71, 0.80, 0.79, 0.45])
    lacking = np.clip(keep - points[:, 0] * side, 0, None) * low * (points[:, 2] > 0.15)
    moved = points.copy()
    moved[:, 0] += side * lacking
    return moved


def _comb_direction(style: HairStyle, root: FloatArray, side: FloatArray, skull: Ellipsoid) -> FloatArray:
    """Where hair is combed at each root, unnormalised."""
    count = len(root)
    if style.cut == "tied":
        knot = skull.centre + np.array([0, 0.15, -skull.radii[2] * 1.05])
        return np.asarray(knot - root)
    if style.cut in ("cropped", "short"):
        front = np.clip((root[:, 2] - skull.centre[2]) / skull.radii[2], -1, 1)
        forward = np.stack([side * 0.75, np.full(count, 0.12), -0.55 * np.ones(count)], 1)
        down = np.array([0, -1.0, -0.25])
        flat = np.clip((root[:, 1] - 7.65) / 0.35, 0, 1)[:, None]
        if style.cut == "cropped":
            forward = np.stack([root[:, 0] * 0.6, np.full(count, 0.3), np.full(count, 0.8)], 1)
        top = forward * flat + down * (1 - flat)
        return np.asarray(top + 0.1 * front[:, None] * np.array([0, 0.5, 0]))
    back = np.clip((8.3 - root[:, 1]) / 0.8, 0, 1)
    front = np.clip((root[:, 2] - skull.centre[2]) / skull.radii[2], 0, 1)
    return np.stack([side * (0.8 + 0.4 * front), -0.2 - back, -0.35 - 0.5 * front], 1)


def brows(
    topology: HeadTopology,
    points: FloatArray,
    front: FrontMap,
    style: BrowStyle,
    rng: np.random.Generator,
) -> Strands:
    """Brow hairs lying on the skin, denser in the middle, fanned out at the inner end."""
    normals = vertex_normals(points, topology.triangles)
    count, steps = style.count * 2, 5
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    along = rng.beta(1.15, 1.35, count)
    half = 0.036 * style.weight * np.interp(along, [0, 0.15, 0.5, 0.8, 1], [0.8, 1.15, 1.05, 0.72, 0.36])
    across = np.clip(rng.standard_normal(count) * 0.55, -1.1, 1.1)
    x = np.interp(along, [0, 1], [0.115, 0.535])
    arch = np.interp(along, [0, 0.3, 0.66, 1], [0.0, 0.5, 1.0, 0.45])
    y = 7.45 + style.lift + style.arch * arch + across * half
    angle = np.interp(along, [0, 0.12, 0.35, 0.7, 1], [1.25, 0.85, 0.45, 0.02, -0.35])
    angle = (
        angle - 0.55 * np.sign(across) * np.abs(across) * (along > 0.25) + 0.13 * rng.standard_normal(count)
    )
    length = (0.055 + 0.035 * rng.random(count)) * np.interp(along, [0, 0.4, 1], [0.8, 1.1, 0.75])
    path = np.empty((count, steps, 3))
    for k in range(steps):
        f = k / (steps - 1)
        bend = angle - 0.45 * f
        xy = np.stack([side * (x + length * f * np.cos(bend)), y + length * f * np.sin(bend)], 1)
        path[:, k] = front.place(topology, points, normals, xy, np.full(count, 0.006 + 0.012 * f))
    colour = np.tile(to_linear(style.colour), (count, 1)) * np.exp(0.25 * rng.standard_normal((count, 1)))
    opacity = np.tile(np.array([0.35, 0.55, 0.5, 0.35, 0.12], np.float32), (count, 1))
    opacity *= np.interp(along, [0, 0.1, 0.6, 1], [0.7, 1, 1, 0.55]).astype(np.float32)[:, None]
    return Strands(path, np.repeat(colour[:, None], steps, 1).astype(np.float32), opacity)


def stubble(
    topology: HeadTopology,
    points: FloatArray,
    front: FrontMap,
    style: BeardStyle | None,
    rng: np.random.Generator,
) -> Strands | None:
    """Beard hairs over cheeks, jaw, chin and upper lip."""
    if style is None:
        return None
    count, length = style.count, style.length
    normals = vertex_normals(points, topology.triangles)
    xy = np.stack([rng.uniform(-0.78, 0.78, count * 6), rng.uniform(6.02, 7.3, count * 6)], 1)
    xy = xy[rng.random(len(xy)) < beard_area(xy)][:count]
    here = len(xy)
    grown = length * (0.6 + 0.8 * rng.random(here))
    angle = -np.pi / 2 + 0.35 * rng.standard_normal(here)
    angle += 0.5 * np.sign(xy[:, 0]) * (xy[:, 1] > 6.72) * (np.abs(xy[:, 0]) < 0.32)
    steps = 4
    path = np.empty((here, steps, 3))
    tips = np.empty((steps, here, 2))
    for k in range(steps):
        f = k / (steps - 1)
        tips[k] = tip = xy + (grown * f)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) * 0.8
        path[:, k] = front.place(topology, points, normals, tip, 0.003 + 0.45 * grown * f)
    colours = np.tile(to_linear(style.colour), (here, 1)) * np.exp(0.2 * rng.standard_normal((here, 1)))
    stretch = np.linalg.norm(np.diff(path, axis=1), axis=2).max(1)
    whole = (stretch < 1.5 * length) & np.all(front.covers(tips), axis=0)
    pale = rng.random(here) < style.grey
    colours[pale] = to_linear((168, 164, 158))
    opacity = np.tile(np.array([0.55, 0.5, 0.4, 0.15], np.float32), (here, 1))
    strands = np.repeat(colours[:, None], steps, 1).astype(np.float32)
    return Strands(path[whole], strands[whole], opacity[whole])


def lashes(
    head: HeadAssets, vertices: FloatArray, colour: tuple[float, float, float], rng: np.random.Generator
) -> Strands:
    """Upper and lower lashes along the base mesh's own lash strips, which follow the lids.

    vertices: coarse, unturned.
    """
    base = head.base
    paths, opacities = [], []
    for side in ("l", "r"):
        ball = np.unique(base.quads[base.groups == f"helper-{side}-eye"])
        centre = base.vertices[ball].mean(0)
        for row, count, reach in ((1, 46, 0.45), (2, 95, 0.8)):
            chosen = base.groups == f"helper-{side}-eyelashes-{row}"
            quads, corners = base.quads[chosen].ravel(), base.uv_quads[chosen].ravel()
            index, first = np.unique(quads, return_index=True)
            along = base.uv[corners[first], 0]
            columns = index[np.argsort(along)].reshape(-1, 5)  # strips are 5 vertices deep, root to tip
            distance = np.linalg.norm(base.vertices[columns] - centre, axis=2)
            columns = np.take_along_axis(columns, np.argsort(distance, 1), 1)
            place = np.linspace(0.15, len(columns) - 1.15, count) + 0.25 * rng.standard_normal(count)
            place = np.clip(place, 0, len(columns) - 1.001)
            k = place.astype(int)
            f = (place - k)[:, None, None]
            path = vertices[columns[k]] * (1 - f) + vertices[columns[k + 1]] * f
            lean = 0.012 * rng.standard_normal((count, 1, 1)) * np.array([1.0, 0.4, 0.0])
            length = reach * (0.75 + 0.4 * rng.random((count, 1, 1)))
            grown = path[:, :1] + (path - path[:, :1]) * length + lean * np.linspace(0, 1, 5)[None, :, None]
            paths.append(grown)
            strength = 0.85 if row == 2 else 0.4
            opacities.append(np.tile(np.array([1, 0.95, 0.8, 0.55, 0.2], np.float32) * strength, (count, 1)))
    path = np.concatenate(paths)
    colours = np.tile(to_linear(colour).astype(np.float32), (len(path), 5, 1))
    return Strands(path, colours, np.concatenate(opacities).astype(np.float32))


def root_colour(style: HairStyle) -> tuple[float, float, float]:
    """The colour of the scalp between the hairs, sRGB 0..255."""
    red, green, blue = style.colour
    return 0.8 * red, 0.8 * green, 0.8 * blue


def scalp_cover(topology: HeadTopology, style: HairStyle) -> FloatArray:
    """How much of the hair's colour each vertex of the scalp takes, (V,)."""
    if style.cut == "bald":
        return np.zeros(len(topology.rest))
    cover = np.clip((hairline(topology.rest, style.recede) + 0.01) / 0.09, 0, 1)
    return np.asarray(0.85 * cover * np.clip((topology.rest[:, 1] - 6.85) / 0.25, 0, 1))


def joined(*parts: Strands | None) -> Strands | None:
    """All strands as one set; shorter polylines are padded by repeating their tips."""
    given = [part for part in parts if part is not None]
    if not given:
        return None
    steps = max(part.points.shape[1] for part in given)

    def padded(values: NDArray[np.floating]) -> NDArray[np.floating]:
        tail = np.repeat(values[:, -1:], steps - values.shape[1], 1)
        return np.concatenate([values, tail], 1)

    return Strands(
        np.concatenate([padded(part.points) for part in given]).astype(np.float64),
        np.concatenate([padded(part.colours) for part in given]).astype(np.float32),
        np.concatenate([padded(part.opacity) for part in given]).astype(np.float32),
    )
