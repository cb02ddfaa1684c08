"""The generator's people before a camera, doing what they are asked to, live.

A picture takes a third of a second to draw, so each is drawn once and kept: a person in a light, at rest or
some eighths of the way to something asked for. A camera's noise and a hand that holds it come anew each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from faces.assets import HeadAssets, open_head
from faces.clip import Picture, Pose
from faces.geometry import HeadTopology, build_topology
from faces.performance import Performer, enrolment_camera, person_named
from faces.prompts import PROMPTS, Moment, Prompt
from faces.rooms import LIGHTS
from talchum.domain.frame import I420Frame
from talchum.vision.blending import image_to_frame

SIDE = 320
STEPS = 8  # from rest to the height of what is asked
RESTS = 10  # pictures of somebody who holds still, as people do
KEPT = Path(tempfile.gettempdir()) / "talchum-acted"
_QUALITY = 95


def _acts() -> Iterator[tuple[str, Prompt]]:
    """Each act by the prompt of the generator's performance that shows it. Sides are the person's own."""
    performed = {prompt.name: prompt for prompt in PROMPTS}
    yield "turn-left", performed["turn_right"]
    yield "turn-right", performed["turn_left"]
    yield "look-up", performed["pitch_up"]
    yield "look-down", performed["pitch_down"]
    yield "tilt-left", Prompt("tilt-left", turn=(-3.0, 0.0, -18.0))  # the performance tilts less
    yield "tilt-right", Prompt("tilt-right", turn=(3.0, 0.0, 18.0))
    yield "close-eyes", performed["blink"]
    yield "smile", performed["smile"]
    yield "open-mouth", performed["open_wide"]


ACTS: Mapping[str, Prompt] = MappingProxyType(dict(_acts()))

MOMENTS = (
    *(("rest", number) for number in range(RESTS)),
    *((act, step) for act in ACTS for step in range(1, STEPS + 1)),
)
"""Everything that somebody in a light is ever drawn at: what they do, and how far."""


@dataclass
class Stage:
    """Draws and keeps. kept: a directory; what lies there is drawn already."""

    kept: Path = KEPT
    _performers: dict[str, Performer] = field(default_factory=dict)

    def picture(self, person: str, light: str, act: str, step: int) -> Picture:
        """A person in a light. act: of `ACTS`, or `rest`. step: 1 to `STEPS`; of rest, which moment."""
        path = self.kept / f"{person}-{light}-{act}-{step}.jpg"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn = self._draw(person, light, act, step)
            done, encoded = cv2.imencode(".jpg", drawn[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            assert done
            partial = path.with_suffix(".part")
            partial.write_bytes(encoded.tobytes())
            partial.replace(path)
        image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        assert image is not None
        return np.asarray(image, np.uint8)

    def prepare(self, person: str, light: str) -> None:
        """Have every picture of a person in a light drawn, which takes most of a minute the first time."""
        for act, step in MOMENTS:
            self.picture(person, light, act, step)

    def _draw(self, person: str, light: str, act: str, step: int) -> Picture:
        lighting = next(one for one in LIGHTS if one.name == light)
        moment = Moment(step, act, pose_of(act, step), lighting, lighting, 1.0)
        return self._performer(person).draw(moment, enrolment_camera(SIDE))

    def _performer(self, person: str) -> Performer:
        if person not in self._performers:
            head, topology = self._head
            self._performers[person] = Performer.cast(head, topology, person_named(person))
        return self._performers[person]

    @cached_property
    def _head(self) -> tuple[HeadAssets, HeadTopology]:
        head = open_head()
        return head, build_topology(head)


def pose_of(act: str, step: int) -> Pose:
    """How somebody is held some steps of the way to an act, or in a moment of rest."""
    sway = 2 * np.pi * step / RESTS
    if act == "rest":
        yaw, pitch, roll = 3 * np.sin(sway), 1.5 * np.sin(2 * sway + 1), 1.5 * np.cos(sway)
        units = {"jawOpen": 0.02 * (1 + float(np.sin(sway)))}
    else:
        share = step / STEPS
        yaw, pitch, roll = (share * angle for angle in ACTS[act].turn)
        units = {unit: share * weight for unit, weight in ACTS[act].units.items()}
    yaw, pitch, roll = (float(np.radians(angle)) for angle in (yaw, pitch, roll))
    return Pose(yaw, pitch, roll, (-0.55 * yaw, 0.45 * pitch), units)


def filmed(picture: Picture, at: float, rng: np.random.Generator, *, noise: float = 2.0) -> I420Frame:
    """A picture as a camera sends it at a time: shifted by some pixels, with noise."""
    shift = rng.normal(0, 0.7, 2)
    moved = cv2.warpAffine(
        picture,
        np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32),
        picture.shape[1::-1],
        borderMode=cv2.BORDER_REPLICATE,
    )
    grainy = np.clip(moved + rng.normal(0, noise, moved.shape), 0, 255).astype(np.uint8)
    return image_to_frame(grainy, at)
