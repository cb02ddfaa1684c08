"""Heads to pictures: camera, soft light, skin with scattering, eyes and hair strands."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray
from faces.geometry import CLOTH, EYE_LEFT, EYE_RIGHT, SKIN, TEETH, TONGUE, HeadTopology, vertex_normals
from faces.images import FloatImage, blurred, encode, looked_up, resized, to_linear
from faces.lighting import irradiance
from faces.mouth import Mouth
from faces.raster import Surface, draw_strands, rasterise
from faces.skin import SkinChart


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole in front of the head.

    scale: pixels per decimetre in the plane z = plane_z. centre: what the middle sees.
    """

    width: int
    height: int
    scale: float
    centre: tuple[float, float] = (0.0, 7.2)
    distance: float = 8.0
    plane_z: float = 1.2
    samples: int = 2

    def project(self, points: FloatArray) -> FloatArray:
        """World (..., 3) to supersampled pixels and depth."""
        depth = self.plane_z + self.distance - points[..., 2]
        k = self.scale * self.samples * self.distance / depth
        x = self.width * self.samples / 2 + (points[..., 0] - self.centre[0]) * k
        y = self.height * self.samples / 2 - (points[..., 1] - self.centre[1]) * k
        return np.stack([x, y, depth], -1)

    @property
    def eye(self) -> FloatArray:
        """Where the camera is."""
        return np.array([self.centre[0], self.centre[1], self.plane_z + self.distance])


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Hair as polylines in the head's own space.

    points (S, K, 3), colours linear (S, K, 3), opacity (S, K).
    """

    points: FloatArray
    colours: FloatImage
    opacity: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Everything about a person but the geometry. Colours are sRGB 0..255. gaze: radians right and up.

    scalp: (V,) 0..1, how much each vertex takes the colour of the hair's roots. mouth: for heads that open
    it; without one the teeth are plain bands.
    """

    skin: SkinChart
    iris: tuple[float, float, float]
    cloth: tuple[float, float, float]
    gaze: tuple[float, float] = (0.0, 0.0)
    scalp: FloatArray | None = None
    scalp_colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mouth: Mouth | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Where a head is drawn.

    light: radiance (N, 3) from directions (N, 3). background: linear RGB (H, W, 3). depth: how much darker
    than their light alone says hollows get (0 = not). catchlight: direction of the lamp mirrored in the
    eyes; sparkle: how bright it is there.
    """

    camera: Camera
    directions: FloatArray
    light: FloatArray
    background: FloatImage
    gloss: float = 1.0
    depth: float = 0.0
    catchlight: tuple[float, float, float] | None = None
    sparkle: float = 0.75


def _interpolate(
    values: NDArray[np.float64], corners: NDArray[np.int64], weights: FloatImage
) -> NDArray[np.float64]:
    """values (V, K) at covered pixels (P, K)."""
    return np.asarray(np.einsum("pkc,pk->pc", values[corners], weights, optimize=True))


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-12))


def _sample(image: FloatImage, chart: NDArray[np.float64]) -> FloatImage:
    """Bilinear picture lookup at chart coordinates (P, 2); mirrored past the border."""
    height, width = image.shape[:2]
    xy = (chart * [width, height] - 0.5).astype(np.float32)
    rows = -(-len(xy) // 4096)
    padded = np.zeros((rows * 4096, 2), np.float32)
    padded[: len(xy)] = xy
    grid = padded.reshape(rows, 4096, 2)
    found = looked_up(image, grid[..., 0], grid[..., 1], cv2.BORDER_REFLECT_101)
    return found.reshape(rows * 4096, -1)[: len(xy)]


def _eye_colour(local: FloatArray, iris: tuple[float, float, float], gaze: tuple[float, float]) -> FloatArray:
    """Albedo of an eyeball at unit directions from its centre, head space."""
    look = _unit(np.array([np.sin(gaze[0]), np.sin(gaze[1]), 1.0]))
    angle = np.arccos(np.clip(local @ look, -1, 1))[:, None]
    side = np.arctan2(local[:, 1] - look[1], local[:, 0] - look[0])[:, None]
    white = to_linear((198, 191, 184)) * (1 - 0.25 * np.clip((angle - 0.75) / 0.5, 0, 1))
    white = white * (1 - np.array([0.0, 0.10, 0.10]) * np.clip((angle - 0.7) / 0.4, 0, 1))
    fibre = 1 + 0.22 * np.sin(side * 41 + 3 * np.sin(side * 5)) * np.sin(side * 17 + 1)
    colour = to_linear(iris) * fibre * (1.45 - 1.1 * angle)
    edge = np.clip((0.47 - angle) / 0.05, 0, 1)
    ring = np.exp(-(((angle - 0.455) / 0.05) ** 2))
    colour = (white * (1 - edge) + colour * edge) * (1 - 0.6 * ring)
    pupil = np.clip((0.185 - angle) / 0.03, 0, 1)
    return np.asarray(colour * (1 - pupil) + 0.004 * pupil)


@dataclass(frozen=True, slots=True, eq=False)
class Gloss:
    """The dome as a mirror of some roughness sees it: a table (height by angle) of linear RGB."""

    table: FloatImage

    @classmethod
    def of(cls, light: FloatArray, directions: FloatArray, roughness: float) -> Gloss:
        """Blur the dome once, so that a pixel only looks up."""
        rows, columns = 48, 96
        y = 1 - 2 * (np.arange(rows) + 0.5) / rows
        angle = (np.arange(columns) + 0.5) / columns * 2 * np.pi - np.pi
        ring = np.sqrt(1 - y * y)[:, None]
        unit = np.stack(
            [ring * np.sin(angle), np.broadcast_to(y[:, None], (rows, columns)), ring * np.cos(angle)], -1
        )
        lobe = np.clip(unit @ directions.T, 1e-4, None) ** (2.0 / roughness**2)
        return cls(((lobe @ light) / lobe.sum(-1, keepdims=True)).astype(np.float32))

    def towards(self, unit: FloatArray) -> FloatArray:
        """Light from unit directions (P, 3)."""
        at = np.stack([np.arctan2(unit[:, 0], unit[:, 2]) / (2 * np.pi) + 0.5, (1 - unit[:, 1]) / 2], 1)
        return _sample(self.table, at).astype(float)


def _specular(normals: FloatArray, view: FloatArray, gloss: Gloss, edge: float) -> FloatArray:
    """Mirror-like light (P, 3) with Schlick's Fresnel term; edge: how far it rises at grazing angles."""
    facing = (normals * view).sum(1, keepdims=True)
    seen = gloss.towards(_unit(2 * facing * normals - view))
    return np.asarray(seen * (0.028 + edge * (1 - np.clip(facing, 0, 1)) ** 5))


def _catchlight(
    normals: FloatArray, view: FloatArray, direction: tuple[float, float, float], sparkle: float
) -> FloatArray:
    """A lamp's crisp reflection in a wet eye, (P, 1)."""
    mirrored = 2 * (normals * view).sum(1, keepdims=True) * normals - view
    lamp = np.array(direction) / np.linalg.norm(direction)
    return np.asarray(sparkle * np.clip((mirrored @ lamp - 0.955) / 0.03, 0, 1)[:, None])


def _scatter(light: FloatImage, mask: FloatImage, pixels_per_dm: float) -> FloatImage:
    """Light spread under the skin: red furthest.

    Radii from the diffusion profile of skin (Jensen 2001), simplified.
    """
    result = light.copy()
    for channel, radius in enumerate((0.032, 0.016, 0.010)):
        sigma = radius * pixels_per_dm
        if sigma > 0.4:
            spread = blurred(light[..., channel] * mask, sigma)
            norm = blurred(mask, sigma)
            result[..., channel] = np.where(mask > 0, spread / np.maximum(norm, 1e-3), light[..., channel])
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A finished picture.

    image: sRGB uint8 (H, W, 3). surface: what each supersampled pixel shows.
    """

    image: NDArray[np.uint8]
    surface: Surface


def _inside_mouth(topology: HeadTopology) -> NDArray[np.float32]:
    """The least openness of each vertex: teeth and tongue are seen only when the mouth lets light in."""
    least = np.zeros(len(topology.rest), np.float32)
    least[np.unique(topology.triangles[np.isin(topology.material, (TEETH, TONGUE))])] = 0.38
    return least


def _above_collar(topology: HeadTopology, surface: Surface) -> FloatImage:
    """How far above a round neckline what each pixel sees lies, decimetres; 0 where nothing is seen."""
    corners = topology.triangles[np.maximum(surface.triangle, 0)]
    rest = np.einsum("hwkc,hwk->hwc", topology.rest[corners], surface.weights)
    front = np.cos(np.arctan2(rest[..., 0], rest[..., 2] - 0.1))
    return np.where(surface.triangle >= 0, rest[..., 1] - 5.98 + 0.10 * front, 0).astype(np.float32)


def _dressed(topology: HeadTopology, screen: FloatArray, height: int, width: int) -> Surface:
    """What is seen, the garment cut off at its neckline (its own collar reaches the jaw)."""
    whole = rasterise(screen, topology.triangles, height, width)
    cut = (topology.material[np.maximum(whole.triangle, 0)] == CLOTH) & (_above_collar(topology, whole) > 0)
    if not cut.any():
        return whole
    bare_triangles = np.flatnonzero(topology.material != CLOTH)
    bare = rasterise(screen, topology.triangles[bare_triangles], height, width)
    found = np.where(bare.triangle >= 0, bare_triangles[bare.triangle], -1).astype(np.int32)
    return Surface(
        np.where(cut, bare.depth, whole.depth),
        np.where(cut, found, whole.triangle),
        np.where(cut[..., None], bare.weights, whole.weights),
    )


def _bump(
    chart: SkinChart, surface: Surface, mask: NDArray[np.bool_], coords: NDArray[np.float64], dm: float
) -> FloatImage:
    """Screen-space slope (H, W, 2) of the chart's fine height."""
    height = np.zeros(surface.depth.shape, np.float32)
    height[mask] = _sample(chart.height, coords)[:, 0]
    slope_x = cv2.Scharr(height, cv2.CV_32F, 1, 0) / 32.0 * dm
    slope_y = cv2.Scharr(height, cv2.CV_32F, 0, 1) / 32.0 * dm
    inside = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))[..., None]
    return np.asarray(np.stack([slope_x, slope_y], -1) * inside, np.float32)


def draw_head(
    topology: HeadTopology,
    points: FloatArray,
    head_turn: FloatArray,
    openness: NDArray[np.float32],
    look: Look,
    strands: Strands | None,
    scene: Scene,
) -> Rendered:
    """One picture of one head.

    points: refined vertices as seen (V, 3), already turned. head_turn: 3x3 of the head. openness: (V, N) of
    the unturned head. strands: already turned like the points.
    """
    camera = scene.camera
    height, width = camera.height * camera.samples, camera.width * camera.samples
    dm = camera.scale * camera.samples
    normals = vertex_normals(points, topology.triangles)
    # the head's shadows turn with it: the dome is looked up in head space
    openness = (
        np.maximum(openness, _inside_mouth(topology)[:, None])
        if look.mouth is None
        else look.mouth.lit(openness)
    )
    light_on = irradiance(normals @ head_turn, openness, scene.light, scene.directions @ head_turn)
    surface = _dressed(topology, camera.project(points), height, width)
    mask = surface.triangle >= 0
    seen, weights = surface.triangle[mask], surface.weights[mask]
    corners, material = topology.triangles[seen], topology.material[seen]
    normal = _unit(_interpolate(normals, corners, weights))
    position = _interpolate(points, corners, weights)
    chart = _interpolate(topology.chart.astype(float), corners, weights)
    light = _interpolate(light_on, corners, weights)
    light += 0.03 * scene.light.mean(0)  # what bounces about even inside a mouth
    open_here = _interpolate(openness.mean(1, keepdims=True).astype(float) * 2, corners, weights).clip(0, 1)
    light *= open_here**scene.depth
    view = _unit(camera.eye - position)

    albedo = _sample(look.skin.albedo, chart).astype(float)
    skin = material == SKIN
    if look.scalp is not None:
        amount = _interpolate(look.scalp[:, None], corners, weights)
        albedo = albedo * (1 - amount) + to_linear(look.scalp_colour) * amount
    slope = _bump(look.skin, surface, mask, chart, dm)[mask]
    bent = _unit(normal + np.stack([-slope[:, 0], slope[:, 1], np.zeros(len(slope))], 1) * skin[:, None])
    shine = (
        _specular(bent, view, Gloss.of(scene.light, scene.directions, 0.42), 0.2 * scene.gloss)
        * open_here
        * scene.gloss
    )
    for code, colour in ((TEETH, (218, 208, 190)), (TONGUE, (165, 88, 84)), (CLOTH, look.cloth)):
        albedo[material == code] = to_linear(colour)
    rib = np.clip((_above_collar(topology, surface)[mask] + 0.075) / 0.01, 0, 1)
    albedo[material == CLOTH] *= (1 - 0.22 * rib[material == CLOTH])[:, None]
    albedo[material == TEETH] *= 0.55
    if look.mouth is not None:
        albedo, kept, inside = look.mouth.painted(albedo, corners, weights, material, mask, dm)
        light, shine = light * kept[:, None], shine * kept[:, None]
        skin &= inside < 0.5  # no light is scattered from the lips into the mouth
    wet = Gloss.of(scene.light, scene.directions, 0.12)
    for code in (EYE_LEFT, EYE_RIGHT):
        chosen = material == code
        if chosen.any():
            ball = np.unique(topology.triangles[topology.material == code])
            local = _unit((position[chosen] - points[ball].mean(0)) @ head_turn)
            albedo[chosen] = _eye_colour(local, look.iris, look.gaze)
            round_out = _unit(position[chosen] - points[ball].mean(0))
            shine[chosen] = _specular(round_out, view[chosen], wet, 0.1) * open_here[chosen] * 0.4
            if scene.catchlight is not None:
                shine[chosen] += _catchlight(round_out, view[chosen], scene.catchlight, scene.sparkle)
    shine[material == CLOTH] *= 0.15

    # light and albedo apart: light is scattered, the skin's own detail stays sharp
    relief = 1 + 0.9 * ((bent - normal) @ np.array([0.25, 0.8, 0.55]))
    light_image = np.zeros((height, width, 3), np.float32)
    light_image[mask] = light
    skin_image = np.zeros((height, width), np.float32)
    skin_image[mask] = skin
    scattered = _scatter(light_image, skin_image, dm)[mask]
    image = resized(scene.background, width, height, cv2.INTER_LINEAR)
    image[mask] = albedo * np.where(skin[:, None], scattered * relief[:, None], light) + shine
    if strands is not None:
        _draw_hair(strands, camera, surface, image)
    small = resized(image, camera.width, camera.height, cv2.INTER_AREA)
    return Rendered(encode(small), surface)


def _draw_hair(strands: Strands, camera: Camera, surface: Surface, image: FloatImage) -> None:
    projected = camera.project(strands.points)
    order = np.argsort(-projected[:, :, 2].mean(1), kind="stable")
    draw_strands(
        projected[order], strands.colours[order], strands.opacity[order], 0.012, surface.depth.copy(), image
    )
