"""The synthetic people: who they are, and how each becomes a texture, mesh points and a portrait.

``python -m faces.people --out DIR`` writes every identity that ships. Nobody here exists: shapes are sums
of CC0 MakeHuman targets, skin and hair are drawn by this package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, HeadAssets
from faces.front import FrontMap
from faces.geometry import HeadShape, HeadTopology, express, refined, rotation, shape_vertices, turn_head
from faces.hair import (
    BeardStyle,
    BrowStyle,
    HairStyle,
    brows,
    joined,
    lashes,
    root_colour,
    scalp_cover,
    scalp_hair,
    stubble,
)
from faces.images import FloatImage, to_linear
from faces.lighting import Lamp, dome, openness, radiance
from faces.render import Camera, Look, Scene, Strands, draw_head
from faces.skin import ChartMaps, SkinTone, draw_skin

TEXTURE_SIDE = 768
THUMBNAIL_SIDE = 256
TEXTURE_CAMERA = Camera(TEXTURE_SIDE, TEXTURE_SIDE, 330.0, centre=(0.0, 7.18), distance=9.0, samples=2)
PORTRAIT_CAMERA = Camera(THUMBNAIL_SIDE, THUMBNAIL_SIDE, 92.0, centre=(0.0, 7.22), distance=9.0, samples=4)
_FRONT_LAMP = (Lamp((0.0, 0.55, 0.85), (0.62, 0.62, 0.62), 3.0),)
_EVEN = (0.46, 0.46, 0.46)
PORTRAIT_LAMPS = (
    Lamp((0.55, 0.5, 0.8), (0.82, 0.78, 0.72), 5.0),
    Lamp((-0.75, 0.25, 0.5), (0.26, 0.28, 0.32), 4.0),
    Lamp((-0.5, 0.5, -0.8), (0.5, 0.5, 0.5), 8.0),
)
LASH = (26, 20, 18)
AWAKE = {
    "eyeWideLeft": 0.25,
    "eyeWideRight": 0.25,
    "jawOpen": -0.035,
    "browInnerUp": 0.12,
    "mouthSmileLeft": 0.2,
    "mouthSmileRight": 0.2,
}
PORTRAIT_AMBIENT = (0.34, 0.34, 0.35)


@dataclass(frozen=True, slots=True)
class Person:
    """A synthetic person.

    titles and descriptions by language; ground: backdrop of the portrait, sRGB 0..255.
    """

    name: str
    title: dict[str, str]
    description: dict[str, str]
    shape: HeadShape
    tone: SkinTone
    hair: HairStyle
    brow: BrowStyle
    beard: BeardStyle | None
    iris: tuple[float, float, float]
    cloth: tuple[float, float, float]
    ground: tuple[float, float, float]
    seed: int


def facial_hair(
    head: HeadAssets,
    topology: HeadTopology,
    vertices: FloatArray,
    points: FloatArray,
    person: Person,
    rng: np.random.Generator,
) -> Strands | None:
    """Brows, beard and lashes of an unturned head. vertices: coarse; points: refined."""
    front = FrontMap.of(topology)
    return joined(
        brows(topology, points, front, person.brow, rng),
        stubble(topology, points, front, person.beard, rng),
        lashes(head, vertices, LASH, rng),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sitter:
    """A person made ready to be drawn."""

    person: Person
    topology: HeadTopology
    points: FloatArray
    openness: NDArray[np.float32]
    look: Look
    hair: Strands | None
    brow: Strands | None
    directions: FloatArray

    @classmethod
    def of(cls, head: HeadAssets, topology: HeadTopology, maps: ChartMaps, person: Person) -> Sitter:
        """Shape, light and dress a person; seconds of work."""
        rng = np.random.default_rng(person.seed)
        directions = dome()
        vertices = express(head, shape_vertices(head, person.shape), AWAKE)
        points = refined(topology, vertices)
        skin = draw_skin(person.tone, maps, rng)
        lamp = np.array(PORTRAIT_LAMPS[0].direction) / np.linalg.norm(PORTRAIT_LAMPS[0].direction)
        return cls(
            person,
            topology,
            points,
            openness(points, topology.bare_triangles, directions),
            Look(
                skin,
                person.iris,
                person.cloth,
                scalp=scalp_cover(topology, person.hair),
                scalp_colour=root_colour(person.hair),
            ),
            scalp_hair(topology, points, person.hair, lamp, rng),
            facial_hair(head, topology, vertices, points, person, np.random.default_rng(person.seed + 1)),
            directions,
        )

    def with_brows_of(self, head: HeadAssets, vertices: FloatArray) -> Sitter:
        """The same with facial hair drawn anew for changed points. vertices: the coarse ones."""
        rng = np.random.default_rng(self.person.seed + 1)
        return replace(self, brow=facial_hair(head, self.topology, vertices, self.points, self.person, rng))

    def texture(self, camera: Camera = TEXTURE_CAMERA) -> NDArray[np.uint8]:
        """The face from the front in even light, without scalp hair: RGB uint8 (768, 768, 3)."""
        light = radiance(_FRONT_LAMP, _EVEN, self.directions, above=0.55)
        shape = (camera.height, camera.width, 1)
        # a relit dark skin would show every gleam that was baked in, many times brighter
        gloss = 0.45 * min(1.0, float(to_linear(self.person.tone.base).mean()) / 0.30)
        ground = np.tile(to_linear(self.person.tone.base).astype(np.float32) * 0.5, shape)
        scene = Scene(camera, self.directions, light, ground, gloss=gloss, depth=0.7)
        look = replace(self.look, scalp=None)
        return draw_head(self.topology, self.points, np.eye(3), self.openness, look, self.brow, scene).image

    def portrait(self, camera: Camera = PORTRAIT_CAMERA, yaw: float = 0.16) -> NDArray[np.uint8]:
        """A portrait with hair and backdrop, RGB uint8."""
        light = radiance(PORTRAIT_LAMPS, PORTRAIT_AMBIENT, self.directions)
        turn = rotation(yaw, 0.02, 0.0)
        strands = joined(self.hair, self.brow)
        if strands is not None:
            flat = strands.points.reshape(-1, 3)
            weight = np.clip((flat[:, 1] - 5.75) / 0.7, 0, 1)
            moved = turn_head(flat, turn, weight).reshape(strands.points.shape)
            strands = Strands(moved, strands.colours, strands.opacity)
        look = replace(self.look, gaze=(-0.9 * yaw, 0.0))
        scene = Scene(
            camera,
            self.directions,
            light,
            backdrop(camera, self.person.ground),
            depth=0.45,
            catchlight=(0.45, 0.5, 0.8),
        )
        points = turn_head(self.points, turn, self.topology.neck)
        return draw_head(self.topology, points, turn, self.openness, look, strands, scene).image


def backdrop(camera: Camera, colour: tuple[float, float, float]) -> FloatImage:
    """A studio wall, lighter behind one shoulder, linear RGB."""
    x, y = np.meshgrid(np.linspace(-1, 1, camera.width), np.linspace(-1, 1, camera.height))
    glow = 0.72 + 0.5 * np.exp(-((x + 0.35) ** 2 + (y - 0.1) ** 2) / 0.9)
    return (to_linear(colour)[None, None] * glow[..., None]).astype(np.float32)
