"""Procedural skin in the face chart: albedo and fine height, from noise, region masks and drawn lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from faces.front import beard_area
from faces.geometry import SKIN, HeadTopology
from faces.images import FloatImage, blurred, looked_up, noise, resized, to_linear
from faces.raster import rasterise

CHART_WIDTH, CHART_HEIGHT = 2048, 1920
_SHAPE = (CHART_HEIGHT, CHART_WIDTH)
# wrinkles are drawn flat in front of the rest head, then looked up by the chart
_FLAT_SCALE, _FLAT_LEFT, _FLAT_TOP = 640.0, -1.0, 8.4
_FLAT_WIDTH, _FLAT_HEIGHT = 1280, 1536


@dataclass(frozen=True, slots=True)
class SkinTone:
    """Colours are sRGB 0..255.

    blotch: how uneven, 1 = usual. flush: redness of cheeks and nose. shadows: dark rings under the eyes.
    wrinkles, freckles, spots: 0 to 1. beard: how much the shaved beard shows, 0 to 1. moles: how many.
    crease: depth of the upper lid's fold. lip_cover: how far the lips' colour covers the skin's.
    """

    base: tuple[float, float, float]
    lips: tuple[float, float, float]
    blotch: float = 1.0
    flush: float = 0.5
    shadows: float = 0.4
    wrinkles: float = 0.0
    freckles: float = 0.0
    spots: float = 0.0
    beard: float = 0.0
    moles: int = 3
    crease: float = 0.8
    lip_cover: float = 0.72


@dataclass(frozen=True, slots=True, eq=False)
class SkinChart:
    """albedo: linear RGB (H, W, 3). height: (H, W), decimetres, for shading only."""

    albedo: FloatImage
    height: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class ChartMaps:
    """What lies where on the chart, for one topology: rest position (H, W, 3) and the lips' mask (H, W)."""

    rest: FloatImage
    lips: FloatImage

    @classmethod
    def of(cls, topology: HeadTopology, lips: FloatImage) -> ChartMaps:
        """Unroll the rest head's skin. lips: the wheel's region mask."""
        skin = np.flatnonzero(topology.material == SKIN)
        triangles = topology.triangles[skin]
        screen = np.concatenate([topology.chart * [CHART_WIDTH, CHART_HEIGHT], -topology.rest[:, 2:]], 1)
        seen = rasterise(screen.astype(np.float64), triangles, CHART_HEIGHT, CHART_WIDTH)
        chosen = np.maximum(seen.triangle, 0)
        hit = seen.triangle >= 0
        rest = np.einsum("hwkc,hwk->hwc", topology.rest[triangles[chosen]].astype(np.float32), seen.weights)
        uv = np.einsum("hwkc,hwk->hwc", topology.uv[skin][chosen], seen.weights)
        x, y = uv[..., 0] * lips.shape[1] - 0.5, (1 - uv[..., 1]) * lips.shape[0] - 0.5
        mask = looked_up(lips, x, y)
        return cls(rest.astype(np.float32), np.where(hit, mask, 0).astype(np.float32))

    def flat(self, image: FloatImage) -> FloatImage:
        """A picture drawn flat in front of the rest head, as the chart sees it."""
        x = (self.rest[..., 0] - _FLAT_LEFT) * _FLAT_SCALE
        y = (_FLAT_TOP - self.rest[..., 1]) * _FLAT_SCALE
        found = looked_up(image, x, y)
        return np.where(self.rest[..., 2] > 0.35, found, 0).astype(np.float32)

    def spot(self, x: float, y: float, rx: float, ry: float) -> FloatImage:
        """A soft blob on both sides of the face at (+-x, y), decimetres."""
        dx = (np.abs(self.rest[..., 0]) - x) / rx
        dy = (self.rest[..., 1] - y) / ry
        return np.asarray(np.exp(-(dx * dx + dy * dy)) * (self.rest[..., 2] > 0.2), np.float32)


def _noise(rng: np.random.Generator, cell: float) -> FloatImage:
    return noise(rng, cell, _SHAPE)


def draw_skin(tone: SkinTone, maps: ChartMaps, rng: np.random.Generator) -> SkinChart:
    """The skin of one person."""
    albedo = np.tile(to_linear(tone.base).astype(np.float32), (CHART_HEIGHT, CHART_WIDTH, 1))
    albedo = _uneven(albedo, tone, rng)
    albedo = _zones(albedo, tone, maps)
    albedo = _marks(albedo, tone, maps, rng)
    lip = blurred(maps.lips, 7)
    folds, creases = _wrinkles(tone, maps, rng)
    albedo = albedo * (
        1 - np.minimum(0.55 * creases, 0.5)[..., None] * np.array([0.8, 1.0, 1.05], np.float32)
    )
    pores = 0.7 * _noise(rng, 2.6) + 0.45 * _noise(rng, 4.6) + 0.25 * _noise(rng, 9)
    albedo *= (1 + 0.034 * pores)[..., None]
    albedo, grooves = _lips(albedo, tone, lip, maps, rng)
    coarse = 1 + 1.2 * tone.wrinkles
    height = 0.00017 * coarse * pores * (1 - lip) + 0.00045 * grooves * lip - folds
    return SkinChart(np.clip(albedo, 0.004, 0.95).astype(np.float32), height.astype(np.float32))


def _uneven(albedo: FloatImage, tone: SkinTone, rng: np.random.Generator) -> FloatImage:
    mottle = 0.5 * _noise(rng, 220) + 0.4 * _noise(rng, 90) + 0.3 * _noise(rng, 36) + 0.22 * _noise(rng, 14)
    albedo = albedo * (1 + 0.045 * tone.blotch * mottle[..., None] * np.array([0.75, 1.1, 1.2], np.float32))
    vessels = np.abs(_noise(rng, 22)) * np.clip(_noise(rng, 120) + 0.3, 0, 1)
    pale = 0.03 * tone.blotch * np.clip(0.6 - vessels, 0, 1)[..., None]
    return np.asarray(albedo * (1 - pale * np.array([0.2, 1, 1], np.float32)), np.float32)


def _zones(albedo: FloatImage, tone: SkinTone, maps: ChartMaps) -> FloatImage:
    """Redder cheeks and nose, yellower forehead, darker lids, shaved beard."""

    def tint(mask: FloatImage, factor: tuple[float, float, float]) -> None:
        nonlocal albedo
        albedo = albedo * (1 + mask[..., None] * (np.array(factor, np.float32) - 1))

    red = (1.02, 1 - 0.30 * tone.flush, 1 - 0.26 * tone.flush)
    tint(maps.spot(0.45, 6.95, 0.24, 0.17), red)
    tint(maps.spot(0.0, 6.92, 0.17, 0.12), (1.01, 1 - 0.34 * tone.flush, 1 - 0.28 * tone.flush))
    tint(maps.spot(0.0, 6.28, 0.18, 0.10), (1.0, 1 - 0.16 * tone.flush, 1 - 0.12 * tone.flush))
    tint(maps.spot(0.30, 7.8, 0.4, 0.22), (1.0, 1.01, 0.95))
    ring = 0.45 * tone.shadows
    tint(maps.spot(0.27, 7.145, 0.13, 0.055), (1 - 0.55 * ring, 1 - ring, 1 - 0.85 * ring))
    tint(maps.spot(0.14, 7.26, 0.05, 0.08), (1 - 0.3 * ring, 1 - 0.6 * ring, 1 - 0.45 * ring))
    tint(maps.spot(0.31, 7.37, 0.17, 0.06), (0.97, 0.90, 0.90))
    tint(maps.spot(0.088, 6.853, 0.042, 0.024), (0.38, 0.30, 0.30))
    if tone.beard:
        area = beard_area(maps.rest[..., :2].astype(np.float64)).astype(np.float32) * (
            maps.rest[..., 2] > 0.1
        )
        soft = blurred(area, 14)
        tint(soft * tone.beard, (0.80, 0.86, 0.92))
    return albedo


def _marks(albedo: FloatImage, tone: SkinTone, maps: ChartMaps, rng: np.random.Generator) -> FloatImage:
    """Freckles, sun spots and a few moles."""
    brown = np.array([0.55, 0.95, 1.1], np.float32)
    if tone.freckles:
        dots = np.clip(_noise(rng, 7) - 1.5, 0, 1) + 0.7 * np.clip(_noise(rng, 5) - 1.7, 0, 1)
        where = maps.spot(0.35, 7.02, 0.42, 0.22) + 0.35 * maps.spot(0.0, 7.7, 0.5, 0.3)
        albedo = albedo * (1 - 0.42 * tone.freckles * np.clip(dots * where, 0, 0.9)[..., None] * brown)
    if tone.spots:
        patch = blurred(np.clip(_noise(rng, 34) - 1.55, 0, 0.6), 2.5)
        albedo = albedo * (1 - 0.5 * tone.spots * patch[..., None] * brown)
    flat = np.zeros((_FLAT_HEIGHT, _FLAT_WIDTH), np.float32)
    for _ in range(tone.moles):
        x, y = rng.uniform(-0.62, 0.62), rng.uniform(6.35, 7.85)
        if abs(x) < 0.3 and 6.45 < y < 6.75:
            continue
        centre = (round((x - _FLAT_LEFT) * _FLAT_SCALE), round((_FLAT_TOP - y) * _FLAT_SCALE))
        cv2.circle(flat, centre, int(rng.integers(3, 6)), float(rng.uniform(0.35, 0.7)), -1, cv2.LINE_AA)
    mole = maps.flat(blurred(flat, 1.3))
    return albedo * (1 - 0.7 * mole[..., None] * np.array([0.75, 1.0, 1.05], np.float32))


def _lips(
    albedo: FloatImage, tone: SkinTone, lip: FloatImage, maps: ChartMaps, rng: np.random.Generator
) -> tuple[FloatImage, FloatImage]:
    """Lips with vertical grooves, the upper one darker; returns the albedo and the grooves."""
    rows = noise(rng, 4.5, (CHART_HEIGHT // 12, CHART_WIDTH))
    grooves = resized(rows, CHART_WIDTH, CHART_HEIGHT, cv2.INTER_LINEAR)
    upper = np.clip((maps.rest[..., 1] - 6.605) / 0.02, 0, 1)
    shade = 1 - 0.10 * upper + 0.035 * grooves + 0.05 * _noise(rng, 30)
    colour = to_linear(tone.lips).astype(np.float32) * shade[..., None]
    cover = (tone.lip_cover * lip * (1 + 0.12 * _noise(rng, 18)))[..., None]
    cover = np.clip(cover, 0, 0.95)
    albedo = albedo * (1 - cover) + colour * cover
    path = (
        (-0.262, 6.600),
        (-0.13, 6.606),
        (-0.04, 6.612),
        (0.0, 6.606),
        (0.04, 6.612),
        (0.13, 6.606),
        (0.262, 6.600),
    )
    line = blurred(_drawn(_Line(path, 0.0, 1.0, 7.0), rng), 3.0)
    dark = 0.5 * np.clip(maps.flat(line), 0, 1)[..., None] * np.array([0.85, 1.0, 1.0], np.float32)
    return albedo * (1 - dark), grooves


def _wrinkles(tone: SkinTone, maps: ChartMaps, rng: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Depth of folds (decimetres) and how dark their creases are (0 to 1), both on the chart."""
    depth = np.zeros((_FLAT_HEIGHT, _FLAT_WIDTH), np.float32)
    for fold in (-1.0, 1.0):
        lid = tuple(
            (fold * x, y)
            for x, y in ((0.165, 7.325), (0.23, 7.385), (0.32, 7.402), (0.41, 7.378), (0.475, 7.32))
        )
        depth = np.maximum(depth, 0.75 * tone.crease * _drawn(_Line(lid, 0.0, 1.0, 4.0), rng))
    for line in _wrinkle_lines(rng):
        strength = (
            float(np.clip((tone.wrinkles - line.from_age) / (1 - line.from_age), 0, 1)) ** 0.8 * line.depth
        )
        if strength > 0:
            depth = np.maximum(depth, strength * _drawn(line, rng))
    broad = blurred(depth, 5.5)
    fine = blurred(depth, 1.6)
    folds = maps.flat(0.010 * broad + 0.0016 * fine)
    return folds, maps.flat(0.13 * fine + 0.38 * broad)


@dataclass(frozen=True, slots=True)
class _Line:
    """A wrinkle: points (decimetres, rest head), wrinkle share it starts at, depth 0 to 1, width px."""

    points: tuple[tuple[float, float], ...]
    from_age: float
    depth: float
    width: float


def _wrinkle_lines(rng: np.random.Generator) -> list[_Line]:
    """Where skin folds with age: forehead, brow, eyes, cheeks, mouth."""
    lines = []
    for y, half, start in ((7.66, 0.34, 0.25), (7.75, 0.45, 0.1), (7.85, 0.42, 0.3), (7.94, 0.34, 0.45)):
        wave = 0.012 * rng.standard_normal(7)
        xs = np.linspace(-half, half, 7) + 0.03 * rng.standard_normal(7)
        arc = [(float(x), y + 0.03 * np.cos(3.2 * x / half) + w) for x, w in zip(xs, wave, strict=True)]
        lines.append(_Line(tuple(arc), start, 0.6, 3.4))
    for side in (-1.0, 1.0):

        def curve(*points: tuple[float, float], sign: float = side) -> tuple[tuple[float, float], ...]:
            jitter = 0.008 * rng.standard_normal((len(points), 2))
            return tuple((sign * (x + j[0]), y + j[1]) for (x, y), j in zip(points, jitter, strict=True))

        for rise in (0.16, 0.07, -0.02, -0.10):
            fan = curve((0.50, 7.27 + rise * 0.3), (0.58, 7.27 + rise * 0.8), (0.67, 7.26 + rise * 1.5))
            lines.append(_Line(fan, 0.1, 0.5, 2.4))
        lines.append(_Line(curve((0.15, 7.20), (0.22, 7.125), (0.33, 7.10), (0.44, 7.14)), 0.0, 0.42, 3.2))
        lines.append(_Line(curve((0.17, 7.17), (0.25, 7.06), (0.36, 7.03), (0.46, 7.06)), 0.3, 0.4, 3.2))
        lines.append(_Line(curve((0.19, 6.90), (0.26, 6.82), (0.31, 6.72), (0.335, 6.62)), 0.0, 0.62, 10.0))
        lines.append(_Line(curve((0.285, 6.57), (0.315, 6.48), (0.32, 6.38)), 0.2, 0.4, 7.0))
        lines.append(_Line(curve((0.045, 7.40), (0.055, 7.48), (0.05, 7.56)), 0.15, 0.5, 3.4))
        lines.append(_Line(curve((0.42, 6.85), (0.47, 6.70), (0.48, 6.55)), 0.6, 0.16, 9.0))
        lines.extend(_Line(curve((x, 6.73), (x + 0.01, 6.78)), 0.55, 0.3, 2.2) for x in (0.05, 0.11, 0.17))
    return lines


def _drawn(line: _Line, rng: np.random.Generator) -> FloatImage:
    """One line, thin at its ends, a little broken, 0..1."""
    p = np.array(line.points)
    t = np.linspace(0, len(p) - 1, 60)
    x = np.interp(t, np.arange(len(p)), p[:, 0])
    y = np.interp(t, np.arange(len(p)), p[:, 1])
    kernel = np.ones(9) / 9
    x = np.convolve(np.pad(x, 4, mode="edge"), kernel, "valid")
    y = np.convolve(np.pad(y, 4, mode="edge"), kernel, "valid")
    taper = np.sin(np.linspace(0.12, np.pi - 0.12, 60)) ** 0.7 * (1 + 0.25 * rng.standard_normal(60))
    canvas = np.zeros((_FLAT_HEIGHT, _FLAT_WIDTH), np.float32)
    for k in range(59):
        a = (round((x[k] - _FLAT_LEFT) * _FLAT_SCALE * 8), round((_FLAT_TOP - y[k]) * _FLAT_SCALE * 8))
        b = (
            round((x[k + 1] - _FLAT_LEFT) * _FLAT_SCALE * 8),
            round((_FLAT_TOP - y[k + 1]) * _FLAT_SCALE * 8),
        )
        cv2.line(canvas, a, b, float(np.clip(taper[k], 0.05, 1)), max(1, round(line.width)), cv2.LINE_AA, 3)
    return canvas
