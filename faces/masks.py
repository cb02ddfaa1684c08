"""Three drawn tal of the Hahoe tradition (Yangban, Bune, Gaksi) and the picture of the veil.

Everything is drawn here: a carved height field, wood grain, lacquer and brush strokes, in a texture that
unrolls the canonical face mesh onto a cylinder (so that the sides of the face have pixels of their own).
The forms follow the old masks of Hahoe village in the most general way: nobleman, young woman, bride. No
photograph was used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.images import FloatImage, blurred, looked_up, noise, resized, to_linear
from faces.raster import rasterise
from talchum.vision.topology import FaceTopology

SIDE = 640  # texture pixels
THUMBNAIL = 256
_AXIS_Z = -7.0  # cm: the cylinder runs behind the face
_RADIUS = 11.2
_EXTENT = 11.9  # cm from the middle to each border of the texture
_MIDDLE_Y = -0.6
Colour = tuple[float, float, float]  # sRGB 0..255


def unrolled(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where each canonical vertex (468, 3) lies on the texture, float32 (468, 2) pixels."""
    angle = np.arctan2(vertices[:, 0], vertices[:, 2] - _AXIS_Z)
    x = SIDE / 2 * (1 + angle * _RADIUS / _EXTENT)
    y = SIDE / 2 * (1 - (vertices[:, 1] - _MIDDLE_Y) / _EXTENT)
    return np.stack([x, y], 1).astype(np.float32)


@dataclass(slots=True, eq=False)
class Carving:
    """A mask in the making.

    height: carved relief in cm. paint: linear RGB. anchors: mesh vertices on the texture.
    """

    anchors: NDArray[np.float32]
    height: FloatImage
    paint: FloatImage

    def at(self, vertex: int, right: float = 0.0, up: float = 0.0) -> tuple[float, float]:
        """A mesh vertex on the texture, moved by centimetres outwards (away from the middle) and up."""
        x, y = self.anchors[vertex]
        outward = 1.0 if x >= SIDE / 2 else -1.0
        scale = SIDE / 2 / _EXTENT
        return float(x + outward * right * scale), float(y - up * scale)

    def stroke(
        self, points: Sequence[tuple[float, float]], widths: Sequence[float], soft: float
    ) -> FloatImage:
        """Mask (S, S), 0..1, of a smooth brush line through pixels, its widths (pixels) spread along it."""
        return brush(points, widths, soft)

    def add(self, mask: FloatImage, depth: float) -> None:
        """Raise (or, negative, cut) the wood under a mask by centimetres."""
        self.height += depth * mask

    def colour(self, mask: FloatImage, colour: Colour, strength: float = 1.0) -> None:
        """Lay paint over a mask."""
        amount = (mask * strength)[..., None]
        self.paint = self.paint * (1 - amount) + to_linear(colour).astype(np.float32) * amount


def spline(points: Sequence[tuple[float, float]], count: int = 120) -> NDArray[np.float64]:
    """Catmull-Rom curve through points, (count, 2)."""
    p = np.array(points, float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, len(points) - 1 - 1e-9, count)
    k = t.astype(int)
    f = (t - k)[:, None]
    a, b, c, d = p[k], p[k + 1], p[k + 2], p[k + 3]
    return np.asarray(
        0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
    )


def _as_mask(drawn: NDArray[np.uint8]) -> FloatImage:
    return np.asarray(drawn.astype(np.float32) / 255, np.float32)


def brush(points: Sequence[tuple[float, float]], widths: Sequence[float], soft: float) -> FloatImage:
    """A smooth line of changing width (pixels), blurred by `soft` pixels, as a mask (S, S) 0..1."""
    line = spline(points, 260)
    radius = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths) / 2
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for (x, y), r in zip(line, radius, strict=True):
        centre = (round(x * 16), round(y * 16))
        cv2.circle(mask, centre, max(1, round(r * 16)), 255, -1, cv2.LINE_AA, 4)
    drawn = _as_mask(mask)
    return blurred(drawn, soft) if soft > 0 else drawn


def arc(
    start: tuple[float, float], end: tuple[float, float], rise: float, peak: float = 0.5
) -> list[tuple[float, float]]:
    """Points of a smooth bow between two pixels.

    rise: pixels upwards at its highest. peak: where that is, 0 to 1.
    """
    t = np.linspace(0, 1, 9)
    warped = t ** (np.log(0.5) / np.log(peak))
    x = start[0] + (end[0] - start[0]) * t
    y = start[1] + (end[1] - start[1]) * t - rise * np.sin(np.pi * warped)
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def disc(centre: tuple[float, float], radii: tuple[float, float], soft: float) -> FloatImage:
    """A soft ellipse as a mask."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    level = np.sqrt(((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2)
    return np.asarray(np.clip((1 - level) * min(radii) / max(soft, 0.5) + 0.5, 0, 1), np.float32)


def outline(points: NDArray[np.float32], grow: float, soft: float) -> FloatImage:
    """A filled polygon as a mask, grown by pixels."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    if grow > 0:
        size = 2 * round(grow) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        mask = np.asarray(cv2.dilate(mask, kernel), np.uint8)
    return blurred(_as_mask(mask), max(soft, 0.3))


def both(carving: Carving, draw: Callable[[Callable[..., tuple[float, float]], bool], None]) -> None:
    """Draw on both sides; `draw` gets a function from a vertex to its pixel, and whether it is mirrored."""
    mirror = _mirror_of(carving.anchors)
    draw(lambda vertex, right=0.0, up=0.0: carving.at(vertex, right, up), False)
    draw(lambda vertex, right=0.0, up=0.0: carving.at(int(mirror[vertex]), right, up), True)


def _mirror_of(anchors: NDArray[np.float32]) -> NDArray[np.int64]:
    flipped = anchors * [-1, 1] + [SIDE, 0]
    return np.asarray(((anchors[None] - flipped[:, None]) ** 2).sum(2).argmin(1))


def _base_height(topology: FaceTopology, anchors: NDArray[np.float32]) -> FloatImage:
    """The canonical face's own relief, smoothed as a carver would."""
    screen = np.concatenate([anchors, -topology.vertices[:, 2:]], 1).astype(np.float64)
    seen = rasterise(screen, topology.triangles.astype(np.int64), SIDE, SIDE)
    depth = np.where(seen.triangle >= 0, -seen.depth, np.nan).astype(np.float32)
    hole = ~np.isfinite(depth)
    filled = cv2.inpaint(
        np.where(hole, 0, (depth + 4) * 20).astype(np.uint8), hole.astype(np.uint8), 5, cv2.INPAINT_TELEA
    )
    smooth = np.where(hole, filled.astype(np.float32) / 20 - 4, depth)
    return blurred(smooth, 6)


def new_carving(topology: FaceTopology, ground: Colour) -> Carving:
    """A blank with the canonical face's relief, painted in one colour."""
    anchors = unrolled(topology.vertices)
    paint = np.tile(to_linear(ground).astype(np.float32), (SIDE, SIDE, 1))
    return Carving(anchors, _base_height(topology, anchors), paint)


def wood_grain(rng: np.random.Generator) -> FloatImage:
    """Vertical grain of alder: long fibres with a slow sway, unit variance."""
    shape = (SIDE, SIDE)
    sway = 9 * noise(rng, 200, shape)
    fibres = resized(rng.standard_normal((14, SIDE // 2)).astype(np.float32), SIDE, SIDE)
    fine = resized(rng.standard_normal((40, SIDE)).astype(np.float32), SIDE, SIDE)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    grain = looked_up(fibres + 0.5 * fine, x + sway, y, cv2.BORDER_REFLECT)
    return np.asarray(grain / grain.std(), np.float32)


def chisel(rng: np.random.Generator) -> FloatImage:
    """Shallow facets left by a gouge: distance to the nearest of many scattered cuts, about 0 to 1."""
    sites = (rng.random((700, 2)) * [SIDE, SIDE]).astype(np.float32)
    seeds = np.full((SIDE, SIDE), 255, np.uint8)
    seeds[sites[:, 1].astype(int), sites[:, 0].astype(int)] = 0
    return blurred(np.asarray(cv2.distanceTransform(seeds, cv2.DIST_L2, 5) / 18, np.float32), 2.5)


def finished(carving: Carving, wood: Colour, wear: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The mask as RGB uint8 (S, S, 3): relief lit from above, paint rubbed off the ridges."""
    grain, facets = wood_grain(rng), chisel(rng)
    relief = carving.height - 0.85 * blurred(carving.height, 55)
    relief = relief + 0.055 * facets + 0.004 * grain
    ridge = np.clip((relief - blurred(relief, 12)) * 3.0, -1, 1)
    scale = SIDE / 2 / _EXTENT
    slope_x = cv2.Scharr(relief, cv2.CV_32F, 1, 0) / 32 * scale
    slope_y = cv2.Scharr(relief, cv2.CV_32F, 0, 1) / 32 * scale
    light = np.array([-0.20, -0.52, 0.83])
    facing = (-slope_x * light[0] - slope_y * light[1] + light[2]) / np.sqrt(1 + slope_x**2 + slope_y**2)
    shade = np.clip(1 + 0.85 * (facing / light[2] - 1), 0.25, 1.5)
    cavity = np.clip(blurred(relief, 7) - relief, 0, 0.5) * 1.6
    strokes = resized(rng.standard_normal((SIDE // 5, SIDE // 40)).astype(np.float32), SIDE, SIDE)
    paint = (
        carving.paint * (1 + 0.02 * strokes + 0.03 * grain + 0.05 * noise(rng, 60, (SIDE, SIDE)))[..., None]
    )
    rubbed = np.clip(
        ridge * 1.4 + 0.38 * noise(rng, 7, (SIDE, SIDE)) + 0.35 * noise(rng, 28, (SIDE, SIDE)) - 1.25, 0, 1
    )
    bare = to_linear(wood).astype(np.float32) * (1 + 0.12 * grain)[..., None]
    amount = (blurred(rubbed, 0.7) * wear)[..., None]
    paint = paint * (1 - amount) + bare * amount
    # hollows keep the smoke and dust of years: warmer, not grey
    patina = np.clip(cavity + 0.10 * np.clip(noise(rng, 40, (SIDE, SIDE)), 0, 2), 0, 0.7)[..., None]
    shade = np.where(shade < 1, shade, 1 + 0.6 * (shade - 1))[..., None] ** np.array(
        [0.85, 1.0, 1.15], np.float32
    )
    colour = paint * shade * (1 - patina * np.array([0.75, 0.95, 1.15], np.float32))
    halfway = np.clip((facing - 0.90) / 0.10, 0, 1) ** 3
    colour = colour + 0.02 * halfway[..., None]
    return np.asarray((np.clip(colour, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8))


Side = Callable[..., tuple[float, float]]
INK: Colour = (24, 20, 18)


def _eye_sockets(carving: Carving, rim: float, line: Colour, weight: float) -> None:
    """A carved rim and a dark edge around each eye opening."""
    for ring in (_EYE_RIGHT, _EYE_LEFT):
        points = carving.anchors[list(ring)]
        carving.add(outline(points, 13, 6), 0.12 * rim)
        carving.add(outline(points, 5, 2.5), -0.30 * rim)
        carving.colour(outline(points, 3, 1.2), line, weight)


_EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
_EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)


def _nose(carving: Carving, width: float, wings: float) -> None:
    """A firmer bridge and nostril wings than the canonical face has."""
    bridge = [carving.at(v) for v in (168, 6, 197, 195, 5, 4)]
    carving.add(carving.stroke(bridge, [13, 12, 14, 18, 24], 7), 0.35)

    def wing(at: Side, _: bool) -> None:
        carving.add(disc(at(129, -0.35, 0.1), (16 * width, 13 * width), 9), wings)
        carving.add(
            carving.stroke([at(198, 0, -0.1), at(129, 0.15, 0.1), at(98, 0.2, -0.2)], [3, 6, 4], 1.6), -0.3
        )
        carving.colour(disc(at(99, 0.05, 0.02), (6, 3.5), 2.5), INK, 0.75)

    both(carving, wing)


def yangban(topology: FaceTopology, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The nobleman: ochre-brown, high arched brows, laughing wrinkles, a jaw of its own on cords."""
    mask = new_carving(topology, (168, 98, 52))
    mask.colour(disc(mask.at(4), (330, 360), 260), (190, 118, 66), 0.5)
    _nose(mask, 1.25, 0.24)

    def side(at: Side, right: bool) -> None:
        _laughing_brow(mask, at)
        _laughing_lines(mask, at)
        smile = [
            at(198, 0.15, 0.75),
            at(203, 0.65, 0.55),
            at(206, 1.35, 0.35),
            at(216, 1.45, 0.1),
            at(212, 0.75, -0.5),
        ]
        mask.add(mask.stroke(smile, [5, 10, 13, 11, 4], 2.2), -0.6)
        inner = [(x + (11 if x > SIDE / 2 else -11), y - 5) for x, y in smile]
        mask.add(mask.stroke(inner, [10, 20, 24, 16, 6], 7), 0.34)
        mask.add(disc(at(50, 0.1, 0.0), (46, 40), 34), 0.5)
        mask.colour(disc(at(50, 0.1, -0.1), (42, 36), 40), (182, 72, 42), 0.5)
        for n in range(8):  # a painted moustache
            start = at(97, 0.15 + 0.16 * n, -0.38 - 0.02 * n)
            middle = at(97, 0.7 + 0.24 * n, -0.62 + 0.03 * n)
            tip = at(97, 1.2 + 0.33 * n, -0.60 + 0.12 * n)
            mask.colour(mask.stroke([start, middle, tip], [3.0, 2.6, 1], 0.6), INK, 0.75)
        # the jaw is its own piece: the cut runs from the mouth's corner to the edge, a cord holds it
        cut = [at(61, 0.6, 0.95), at(57, 1.1, 1.0), at(214, 0.9, 1.15), at(192, 0.7, 0.55), at(58, 0.3, 0.1)]
        mask.add(mask.stroke(cut, [5, 6, 6, 6, 6], 1.2), -0.6)
        mask.colour(mask.stroke(cut, [3, 3.2, 3.4, 3.4, 3.4], 0.7), INK, 0.85)
        for up in (0.75, -0.55):
            hole = at(192, -0.1, 0.4 + up)
            mask.add(disc(hole, (5, 5), 2), -0.5)
            mask.colour(disc(hole, (4.5, 4.5), 1.5), INK, 0.9)
        cord = [at(192, -0.1, 1.15), at(192, 0.02, 0.5), at(192, -0.1, -0.15)]
        mask.colour(mask.stroke(cord, [3.8, 4.4, 3.8], 0.5), (216, 200, 166), 0.95)
        mask.add(mask.stroke(cord, [4, 4.5, 4], 1), 0.22)

    both(mask, side)
    _forehead_lines(mask)
    _eye_sockets(mask, 1.2, INK, 0.85)
    _laughing_mouth(mask, (140, 42, 34))
    for n in range(17):  # chin hairs
        across = (n - 8) / 8
        start = (SIDE / 2 + across * 24, mask.at(18, 0, -0.15)[1] + 3 * across * across)
        tip = (SIDE / 2 + across * 40, mask.at(18, 0, -1.75)[1] - 16 * across * across)
        middle = ((start[0] + tip[0]) / 2 + 2.0 * across, (start[1] + tip[1]) / 2)
        mask.colour(mask.stroke([start, middle, tip], [3.0, 2.4, 1], 0.6), INK, 0.7)
    return finished(mask, (146, 98, 60), 0.8, rng)


def _laughing_brow(mask: Carving, at: Side) -> None:
    """A high round brow, black hairs on a carved ridge."""
    start, end = at(55, -0.25, 1.0), at(156, 0.35, 0.55)
    bow = arc(start, end, 34, 0.52)
    mask.add(mask.stroke(bow, [16, 26, 28, 26, 14], 6), 0.6)
    mask.add(mask.stroke([(x, y + 17) for x, y in bow], [8, 16, 16, 14, 6], 5), -0.3)
    mask.colour(mask.stroke(bow, [7, 14, 15, 12, 3], 1.0), INK, 0.92)
    outward = 1.0 if end[0] > start[0] else -1.0
    curve = spline(bow, 34)
    for k, (x, y) in enumerate(curve[:-2]):  # hairs that fray its upper edge
        lean = outward * (2 + 8 * k / len(curve))
        tip = (float(x) + lean, float(y) - 12 + 4.0 * k / len(curve))
        mask.colour(
            mask.stroke([(float(x), float(y)), (float(x) + lean * 0.4, float(y) - 6), tip], [3, 2, 1], 0.5),
            INK,
            0.7,
        )


def _laughing_lines(mask: Carving, at: Side) -> None:
    """Folds around a laughing eye: bows under it, a fan beside it."""
    for n, (drop, reach) in enumerate(((0.95, 0.15), (1.55, 0.45), (2.2, 0.8))):
        bow = arc(at(133, -0.05, -drop * 0.5), at(226, 0.9 + reach, -drop * 0.30), -15 - 7 * n, 0.5)
        mask.add(mask.stroke(bow, [3, 7, 8, 7, 3], 1.8), -0.27 + 0.03 * n)
        mask.add(mask.stroke([(x, y - 9) for x, y in bow], [5, 10, 12, 10, 5], 4.5), 0.16)
    for up in (0.85, 0.35, -0.15):
        fan = [at(33, 0.4, 0.05 + up * 0.3), at(226, 0.9, up * 0.9 + 0.1), at(226, 1.9, up * 1.7 + 0.2)]
        mask.add(mask.stroke(fan, [5, 6, 2], 1.5), -0.24)


def _forehead_lines(mask: Carving) -> None:
    unit = SIDE / 2 / _EXTENT
    x = SIDE / 2
    for up, wide in ((0.7, 2.6), (1.5, 3.0), (2.25, 2.6)):
        y = mask.at(9, 0, up)[1]
        for sign in (-1, 1):
            bow = arc((x, y), (x + sign * wide * unit, y + 7), 9, 0.5)
            mask.add(mask.stroke(bow, [5, 8, 8, 7, 3], 2.0), -0.28)
            mask.add(mask.stroke([(px, py - 11) for px, py in bow], [8, 13, 13, 10, 4], 5), 0.16)


def _laughing_mouth(mask: Carving, lips: Colour) -> None:
    """A broad crescent of a smile across the performer's lips, its corners high on the cheeks."""
    left, right = mask.at(61, 0.6, 0.95), mask.at(291, 0.6, 0.95)
    seam = arc(left, right, -(mask.at(13)[1] + 6 - left[1]), 0.5)
    mask.add(mask.stroke(seam, [8, 30, 40, 30, 8], 9), 0.3)
    mask.colour(mask.stroke(seam, [5, 17, 26, 17, 5], 1.8), lips, 0.85)
    mask.add(mask.stroke(seam, [5, 8, 9, 8, 5], 1.5), -0.65)
    mask.colour(mask.stroke(seam, [3, 5, 6, 5, 3], 0.8), (30, 12, 10), 0.95)


def _small_mouth(mask: Carving, lips: Colour, half_width: float, curve: float, full: float) -> None:
    """Small painted lips in the middle of the performer's. half_width, curve: cm."""
    unit = SIDE / 2 / _EXTENT
    x, y = mask.at(13)
    w, c = half_width * unit, curve * unit
    seam = [(x - w, y - c), (x - w / 2, y), (x, y + 1.5), (x + w / 2, y), (x + w, y - c)]
    upper = [
        (x - w, y - c),
        (x - w * 0.4, y - 7 * full),
        (x, y - 4 * full),
        (x + w * 0.4, y - 7 * full),
        (x + w, y - c),
    ]
    lower = [(x - w * 0.85, y - c * 0.6), (x, y + 8 * full), (x + w * 0.85, y - c * 0.6)]
    mask.add(disc((x, y), (w * 1.15, 17 * full), 12), 0.22)
    mask.colour(mask.stroke(upper, [3, 10 * full, 9 * full, 10 * full, 3], 1.2), lips, 0.96)
    mask.colour(mask.stroke(lower, [4, 15 * full, 4], 1.2), lips, 0.96)
    mask.add(mask.stroke(seam, [3, 4, 4, 4, 3], 1.2), -0.4)
    mask.colour(mask.stroke(seam, [1.5, 2.6, 2.8, 2.6, 1.5], 0.6), (64, 14, 14), 0.9)


def _hair_band(mask: Carving, rng: np.random.Generator, low: float, temples: float) -> None:
    """Black hair parted in the middle along the mask's upper edge.

    low: cm below the top; temples: cm down the sides.
    """
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    unit = SIDE / 2 / _EXTENT
    across = (x - SIDE / 2) / unit
    top = mask.at(10)[1]
    line = top + unit * (low + 0.10 * across**2 * temples - 0.35 * np.exp(-((across / 0.5) ** 2)))
    cover = np.clip((line - y) / 3 + 0.5, 0, 1)
    cover *= 1 - 0.75 * np.exp(-((across / 0.09) ** 2)) * (y < line)
    strands = np.sin(np.arctan2(across, (y - top) / unit + 6.5) * 120 + 2.2 * noise(rng, 90, (SIDE, SIDE)))
    mask.add(blurred(cover.astype(np.float32), 3), 0.35)
    mask.add((cover * strands).astype(np.float32), 0.035)
    mask.colour(cover.astype(np.float32), (30, 26, 25), 0.97)


def bune(topology: FaceTopology, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The young woman: powdered white, small red mouth, round red cheeks, thin brows, half-moon eyes."""
    mask = new_carving(topology, (237, 226, 211))
    mask.colour(disc(mask.at(4), (200, 260), 220), (244, 235, 222), 0.6)
    _nose(mask, 0.85, 0.10)
    _hair_band(mask, rng, 1.15, 0.32)
    _eye_sockets(mask, 0.8, (70, 46, 36), 0.55)

    def side(at: Side, right: bool) -> None:
        brow = arc(at(55, 0.05, 0.75), at(70, 0.75, 0.35), 17, 0.5)
        mask.add(mask.stroke(brow, [10, 16, 16, 14, 8], 6), 0.2)
        mask.colour(mask.stroke(brow, [2.2, 4.4, 4.8, 4.2, 1.4], 0.7), (38, 28, 24), 0.9)
        lid = [
            at(133, -0.22, -0.05),
            at(158, 0, 0.42),
            at(160, 0, 0.42),
            at(33, 0.35, -0.12),
            at(33, 0.75, -0.42),
        ]
        mask.add(mask.stroke(lid, [3, 6, 6, 5, 3], 1.6), -0.22)
        mask.colour(mask.stroke(lid, [1.6, 3.2, 3.4, 3, 1], 0.6), (40, 28, 24), 0.85)
        fold = [at(133, 0, -0.55), at(145, 0, -0.75), at(33, 0.35, -0.6)]
        mask.add(mask.stroke(fold, [2, 5, 2], 2.4), -0.12)
        mask.add(disc(at(50, 0, 0.05), (50, 46), 40), 0.3)
        dot = at(50, -0.1, 0.0)
        mask.colour(disc(dot, (27, 27), 2.2), (186, 46, 42), 0.94)
        dimple = [at(186, 0.5, 0.15), at(57, 0.75, 0.2), at(43, 0.75, 0.3)]
        mask.add(mask.stroke(dimple, [2, 5, 2], 2.4), -0.16)

    both(mask, side)
    mask.colour(disc(mask.at(9, 0, 1.5), (15, 15), 2), (186, 46, 42), 0.94)
    _small_mouth(mask, (180, 34, 38), 1.45, 0.32, 1.0)
    mask.add(disc(mask.at(200, 0, -0.35), (36, 26), 22), 0.25)
    return finished(mask, (188, 150, 110), 0.55, rng)


def gaksi(topology: FaceTopology, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The bride: ivory, silent straight mouth, small red dots, downcast lids, black hair down the temples."""
    mask = new_carving(topology, (228, 205, 176))
    mask.colour(disc(mask.at(4), (210, 260), 220), (238, 219, 194), 0.6)
    _nose(mask, 0.95, 0.12)
    _hair_band(mask, rng, 1.35, 0.85)
    _eye_sockets(mask, 0.9, (66, 42, 32), 0.6)

    def side(at: Side, right: bool) -> None:
        brow = arc(at(55, 0.0, 0.45), at(70, 0.35, 0.15), 9, 0.45)
        mask.add(mask.stroke(brow, [14, 20, 20, 16, 8], 7), 0.3)
        mask.colour(mask.stroke(brow, [2.6, 5.0, 5.4, 4.4, 1.5], 0.8), (34, 26, 23), 0.88)
        lid = [at(133, -0.15, 0.1), at(158, 0, 0.5), at(160, 0, 0.48), at(33, 0.4, 0.02)]
        mask.add(mask.stroke(lid, [3, 7, 7, 3], 1.8), -0.22)
        lower = [at(133, -0.1, -0.25), at(145, 0, -0.62), at(33, 0.45, -0.2)]
        mask.add(mask.stroke(lower, [3, 6, 3], 2.2), -0.2)
        mask.colour(mask.stroke(lid, [1.4, 2.8, 2.8, 1.2], 0.6), (44, 30, 25), 0.8)
        mask.add(disc(at(205, 0.1, 0.2), (56, 62), 44), 0.35)
        mask.colour(disc(at(50, 0.05, -0.35), (17, 17), 2), (178, 44, 38), 0.93)
        cheek = [at(129, 0.35, 0.0), at(206, 0.1, 0.1), at(212, 0.35, 0.2)]
        mask.add(mask.stroke(cheek, [3, 7, 3], 3.5), -0.2)

    both(mask, side)
    mask.colour(disc(mask.at(9, 0, 1.25), (15, 15), 2), (178, 44, 38), 0.93)
    _small_mouth(mask, (158, 44, 40), 1.25, 0.02, 0.85)
    mask.add(disc(mask.at(200, 0, -0.3), (40, 28), 24), 0.25)
    return finished(mask, (172, 130, 92), 0.7, rng)


def worn_picture(
    topology: FaceTopology, texture: NDArray[np.uint8], side: int, ground: Colour, yaw: float = 0.22
) -> NDArray[np.uint8]:
    """The mask as a thing, turned a little, on a plain ground: RGB uint8 (side, side, 3).

    Eye openings are dark.
    """
    samples = 3
    size = side * samples
    points = topology.vertices.astype(np.float64)
    c, s = np.cos(yaw), np.sin(yaw)
    turned = np.stack(
        [c * points[:, 0] + s * points[:, 2], points[:, 1], c * points[:, 2] - s * points[:, 0]], 1
    )
    scale = size / 21.5
    screen = np.stack(
        [size / 2 + (turned[:, 0] - 0.7) * scale, size / 2 - (turned[:, 1] + 0.6) * scale, -turned[:, 2]], 1
    )
    seen = rasterise(screen, topology.triangles.astype(np.int64), size, size)
    where = unrolled(topology.vertices)[topology.triangles[np.maximum(seen.triangle, 0)]]
    at = np.einsum("hwkc,hwk->hwc", where, seen.weights).astype(np.float32)
    pixels = looked_up(texture.astype(np.float32), at[..., 0], at[..., 1])
    solid = (seen.triangle >= 0).astype(np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    backdrop = np.array(ground, np.float32) * (1.12 - 1.0 * (x**2 + y**2))[..., None]
    shadow = blurred(np.roll(solid, (size // 40, size // 60), (0, 1)), size / 28)
    backdrop = backdrop * (1 - 0.55 * shadow)[..., None]
    eyes = np.zeros((size, size), np.uint8)
    for ring in (_EYE_RIGHT, _EYE_LEFT):
        cv2.fillPoly(eyes, [np.round(screen[list(ring), :2] * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    hole = blurred(_as_mask(eyes), 1.5)[..., None]
    depth = np.where(solid > 0, seen.depth, seen.depth[solid > 0].max()).astype(np.float32)
    edge = np.clip((depth - depth.min()) / (depth.max() - depth.min()), 0, 1)
    lit = (1.06 - 0.5 * edge**2)[..., None]
    picture = backdrop * (1 - solid[..., None]) + pixels * lit * solid[..., None]
    picture = picture * (1 - hole) + np.array([14, 11, 10], np.float32) * hole
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small + 0.5, 0, 255).astype(np.uint8))


@dataclass(frozen=True, slots=True)
class Mask:
    """A drawn mask that ships. ground: colour behind its picture."""

    name: str
    title: dict[str, str]
    description: dict[str, str]
    draw: Callable[[FaceTopology, np.random.Generator], NDArray[np.uint8]]
    ground: Colour
    seed: int


MASKS: tuple[Mask, ...] = (
    Mask(
        "yangban",
        {"en": "Yangban", "ko": "양반탈"},
        {"en": "The laughing nobleman of the Hahoe masks", "ko": "하회탈 가운데 웃는 양반"},
        yangban,
        (74, 66, 58),
        7,
    ),
    Mask(
        "bune",
        {"en": "Bune", "ko": "부네탈"},
        {"en": "The young woman of the Hahoe masks", "ko": "하회탈 가운데 젊은 여인 부네"},
        bune,
        (96, 40, 44),
        8,
    ),
    Mask(
        "gaksi",
        {"en": "Gaksi", "ko": "각시탈"},
        {"en": "The silent bride of the Hahoe masks", "ko": "하회탈 가운데 말없는 각시"},
        gaksi,
        (40, 60, 66),
        9,
    ),
)


def drawn_mask(
    mask: Mask, topology: FaceTopology
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """A mask's texture, mesh points and portrait."""
    texture = mask.draw(topology, np.random.default_rng(mask.seed))
    return texture, unrolled(topology.vertices), worn_picture(topology, texture, THUMBNAIL, mask.ground)


def drawn_veil(topology: FaceTopology) -> NDArray[np.uint8]:
    """What the veil does, as a picture: a head and shoulders whose face is a few plain cells."""
    side = THUMBNAIL * 2
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    picture = np.tile(np.array((62, 70, 80), np.float32), (side, side, 1)) * (1.1 - (x**2 + y**2))[..., None]
    body = ((x / 0.42) ** 2 + ((y - 0.56) / 0.30) ** 2 < 1) | ((np.abs(x) < 0.10) & (y > 0.1) & (y < 0.4))
    head = (x / 0.235) ** 2 + ((y + 0.075) / 0.305) ** 2 < 1
    for area, colour in ((body, (104, 116, 130)), (head, (84, 92, 104))):
        soft = blurred(area.astype(np.float32), 1.5)[..., None]
        picture = picture * (1 - soft) + np.array(colour, np.float32) * soft
    rng = np.random.default_rng(3)
    columns, rows, cell = 6, 8, 34  # whole cells after the picture is halved
    shades = rng.uniform(-30, 30, (rows, columns)).astype(np.float32)
    left, top = side // 2 - columns * cell // 2, round(side * 0.43) - rows * cell // 2
    for row in range(rows):
        for column in range(columns):
            a = (left + column * cell, top + row * cell)
            tone = 134 + float(shades[row, column])
            cv2.rectangle(
                picture, a, (a[0] + cell - 1, a[1] + cell - 1), (tone * 0.96, tone, tone * 1.06), -1
            )
    small = cv2.resize(picture, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small + 0.5, 0, 255).astype(np.uint8))
