"""The enrolment performance: a shipped synthetic person acts what a face network of their own learns from.

``python -m faces.performance --only NAME --out DIR [--seconds N] [--cache DIR]`` writes `NAME.mp4` (H.264, 30
a second, 448x448) and `NAME.json`, the truth of each frame. The same seed gives the same pictures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from faces.assets import FloatArray, HeadAssets, open_head
from faces.clip import RATE, Picture, Pose, write_clip
from faces.geometry import (
    NECK_BOTTOM,
    NECK_PIVOT,
    NECK_TOP,
    HeadTopology,
    build_topology,
    express,
    refined,
    rotation,
    shape_vertices,
    turn_head,
)
from faces.hair_light import HairLight
from faces.images import FloatImage, to_linear
from faces.mouth import Mouth, seated
from faces.people import AWAKE, Person, Sitter, facial_hair
from faces.prompts import FRAMES, Moment, schedule
from faces.render import Camera, Look, Scene, Strands, draw_head
from faces.rooms import Lighting
from faces.roster import PEOPLE
from faces.skin import ChartMaps

SIDE = 448
_SCALE = 186.0  # pixels per decimetre: a face mesh of about 280 pixels
_MIDDLE = (0.0, 7.08, 0.8)  # of the face; the picture follows most of its way in a turn
_FOLLOWED = 0.8
_CRF = 12


@dataclass(frozen=True, slots=True, eq=False)
class PerformedFrame:
    """image: RGB uint8 (H, W, 3). moment: prompt, pose and light of it."""

    image: Picture
    moment: Moment

    @property
    def pose(self) -> Pose:
        """Turn, gaze and face units."""
        return self.moment.pose

    @property
    def prompt(self) -> str:
        """Name of the prompt the frame belongs to."""
        return self.moment.prompt

    @property
    def light(self) -> Lighting:
        """Light of that prompt."""
        return self.moment.light


@dataclass(frozen=True, slots=True, eq=False)
class Performer:
    """A person of the roster made ready to act. neutral: coarse vertices, awake. carried: by vertex (V,)."""

    head: HeadAssets
    topology: HeadTopology
    person: Person
    neutral: FloatArray
    sitter: Sitter
    look: Look
    hair_light: HairLight
    carried: FloatArray

    @classmethod
    def cast(cls, head: HeadAssets, topology: HeadTopology, person: Person) -> Performer:
        """Shape, light and dress a person as in their portrait, but without scalp hair; seconds of work.

        Their network paints a face onto somebody who has hair: a strand beside the cheek that it had learned
        would be painted onto the skin.
        """
        sitter = Sitter.of(head, topology, ChartMaps.of(topology, head.region("lips")), person)
        neutral = seated(head, express(head, shape_vertices(head, person.shape), AWAKE))
        look = replace(sitter.look, scalp=None, mouth=Mouth.of(topology, head.region("inside-mouth")))
        hair_light = HairLight.of(sitter.directions)
        return cls(head, topology, person, neutral, sitter, look, hair_light, carried(sitter.points))

    def draw(self, moment: Moment, camera: Camera) -> Picture:
        """The person at one moment, RGB uint8."""
        pose, directions = moment.pose, self.sitter.directions
        vertices = express(self.head, self.neutral, pose.units)
        points = refined(self.topology, vertices)
        turn = rotation(pose.yaw, pose.pitch, pose.roll)
        light = moment.radiance(directions)
        strands = self._strands(vertices, points, turn, light, pose.units.get("eyeBlinkLeft", 0.0))
        camera = _following(camera, turn)
        scene = Scene(
            camera,
            directions,
            light,
            wall(camera, self.person, moment),
            depth=0.45,
            catchlight=moment.catchlight,
            sparkle=0.7 * moment.level,
        )
        look = replace(self.look, gaze=pose.gaze)
        turned = turn_head(points, turn, self.carried)
        return draw_head(self.topology, turned, turn, self.sitter.openness, look, strands, scene).image

    def _strands(
        self, vertices: FloatArray, points: FloatArray, turn: FloatArray, light: FloatArray, closed: float
    ) -> Strands | None:
        """Brows, beard and lashes as seen: on the moved skin, turned with the head, in the light."""
        rng = np.random.default_rng(self.person.seed + 1)  # the same hairs in every frame
        face = facial_hair(self.head, self.topology, vertices, points, self.person, rng)
        face = _over_lids(face, closed)
        strands = self.hair_light.on(_off_neck(face), turn, light)
        if strands is None:
            return None
        flat = strands.points.reshape(-1, 3)
        return replace(strands, points=turn_head(flat, turn, carried(flat)).reshape(strands.points.shape))


def carried(points: FloatArray) -> FloatArray:
    """How far a turn of the head takes points (N, 3) of an unturned head along, 0 to 1.

    Chin and jaw, which lie as low as the neck but in front of it, turn as one with the skull.
    """
    height = points[:, 1] + 0.9 * np.clip(points[:, 2] - 0.45, 0, 0.8)
    share = np.clip((height - NECK_BOTTOM) / (NECK_TOP - NECK_BOTTOM), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _over_lids(hair: Strands | None, closed: float) -> Strands | None:
    """Lashes kept in front of lids that bulge over them as they close. closed: 0 to 1."""
    if hair is None:
        return None
    points = hair.points.copy()
    x, y = np.abs(points[..., 0]), points[..., 1]
    points[..., 2] += 0.035 * closed * ((x < 0.65) & (y > 7.08) & (y < 7.36))
    return replace(hair, points=points)


def _off_neck(hair: Strands | None) -> Strands | None:
    """A beard without the hairs that, drawn from the front, came to lie on the neck under the jaw."""
    if hair is None:
        return None
    kept = carried(hair.points[:, 0]) > 0.97
    return Strands(hair.points[kept], hair.colours[kept], hair.opacity[kept])


def _following(camera: Camera, turn: FloatArray) -> Camera:
    """The camera held on a face that a turn about the neck carries aside."""
    arm = np.array(_MIDDLE) - NECK_PIVOT
    shift = _FOLLOWED * (turn @ arm - arm)
    return replace(camera, centre=(camera.centre[0] + shift[0], camera.centre[1] + shift[1]))


def wall(camera: Camera, person: Person, moment: Moment) -> FloatImage:
    """A plain wall, linear RGB (H, W, 3), lit from where the light comes from."""
    x, y = np.meshgrid(np.linspace(-1, 1, camera.width), np.linspace(-1, 1, camera.height))
    lamp = moment.catchlight
    glow = 0.8 + 0.28 * (x * lamp[0] - y * lamp[1]) + 0.08 * np.sin(1.7 * x + 0.02 * moment.index)
    colour = to_linear(person.ground) * moment.level * np.array(moment.wall)
    return np.asarray(colour * glow[..., None], np.float32)


def person_named(name: str) -> Person:
    """The person of the roster with that name. Raises ValueError when there is none."""
    for person in PEOPLE:
        if person.name == name:
            return person
    raise ValueError(f"got {name!r}, expected one of {', '.join(person.name for person in PEOPLE)}")


def enrolment_camera(side: int = SIDE) -> Camera:
    """The camera of a performance. side: pixels of the square picture; what it shows stays the same."""
    return Camera(side, side, _SCALE * side / SIDE, centre=_MIDDLE[:2], distance=9.0)


def perform(
    person: Person,
    moments: tuple[Moment, ...] | None = None,
    *,
    side: int = SIDE,
    cache: Path | None = None,
) -> Iterator[PerformedFrame]:
    """Act the moments (all of `schedule()` unless told), one picture each.

    side: pixels of the square picture; what it shows stays the same. cache: where the pinned wheel is kept.
    """
    head = open_head(cache)
    performer = Performer.cast(head, build_topology(head), person)
    camera = enrolment_camera(side)
    for moment in schedule() if moments is None else moments:
        yield PerformedFrame(performer.draw(moment, camera), moment)


def truth(moments: tuple[Moment, ...], side: int = SIDE) -> dict[str, object]:
    """What is known of each frame, ready for JSON."""
    frames = [
        {"frame": m.index, "mediaTime": round(m.index / RATE, 4), "prompt": m.prompt,
         "light": m.light.name, "lightBefore": m.before.name, "lightMix": round(m.mix, 3),
         "yaw": round(m.pose.yaw, 4), "pitch": round(m.pose.pitch, 4), "roll": round(m.pose.roll, 4),
         "gaze": [round(angle, 4) for angle in m.pose.gaze],
         "units": {unit: round(weight, 3) for unit, weight in m.pose.units.items()}}
        for m in moments
    ]  # fmt: skip
    note = (
        "radians; positive yaw turns the face to the picture's right, positive pitch down; gaze right and up "
        "within the head; ARKit units 0..1; light: the prompt's, of which lightMix is there"
    )
    return {"rate": RATE, "width": side, "height": side, "note": note, "frames": frames}


def write_performance(out: Path, person: Person, frames: int = FRAMES, cache: Path | None = None) -> None:
    """Write NAME.mp4 and NAME.json into a directory."""
    out.mkdir(parents=True, exist_ok=True)
    moments = schedule(frames)
    pictures = (frame.image for frame in perform(person, moments, cache=cache))
    write_clip(out / f"{person.name}.mp4", pictures, None, crf=_CRF)
    text = json.dumps({"name": person.name, **truth(moments)}) + "\n"
    (out / f"{person.name}.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Write the performances of some people into a directory."""
    parser = argparse.ArgumentParser(prog="python -m faces.performance", description=main.__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="default: everybody")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=FRAMES / RATE)
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # one core a person; more people are more processes
    chosen = [person_named(name) for name in arguments.only] or list(PEOPLE)
    for person in chosen:
        write_performance(arguments.out, person, round(arguments.seconds * RATE), arguments.cache)


if __name__ == "__main__":
    main()
