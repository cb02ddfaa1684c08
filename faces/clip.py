"""The project's own test clips: a synthetic performer who talks, turns, blinks and smiles in a room.

``python -m faces.clip --out tests/media`` writes `synthetic_clip.mp4` with per-frame ground truth beside
it, `two_faces.mp4`, `no_face.mp4` and `flash_beep.mp4`. The performer is nobody, and is none of the shipped
identities.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, HeadAssets, open_head
from faces.front import FrontMap
from faces.geometry import (
    HeadShape,
    HeadTopology,
    build_topology,
    express,
    refined,
    rotation,
    shape_vertices,
    turn_head,
)
from faces.hair import BrowStyle, HairStyle, brows, joined, lashes, root_colour, scalp_cover, scalp_hair
from faces.images import FloatImage, blurred, to_linear
from faces.lighting import Lamp, dome, openness, radiance
from faces.render import Camera, Look, Scene, Strands, draw_head
from faces.skin import ChartMaps, SkinTone, draw_skin

WIDTH, HEIGHT, RATE = 640, 480, 30
SECONDS = 5.6
AWAKE = {
    "eyeWideLeft": 0.25,
    "eyeWideRight": 0.25,
    "jawOpen": -0.03,
    "browInnerUp": 0.1,
    "mouthSmileLeft": 0.2,
    "mouthSmileRight": 0.2,
}
Picture = NDArray[np.uint8]  # (H, W, 3) RGB
LAMPS = (Lamp((0.55, 0.55, 0.8), (0.95, 0.90, 0.84)), Lamp((-0.8, 0.25, 0.45), (0.30, 0.33, 0.38)))
AMBIENT = (0.30, 0.31, 0.32)


@dataclass(frozen=True, slots=True)
class Person:
    """A performer of the clips."""

    shape: HeadShape
    tone: SkinTone
    hair: HairStyle
    brow: BrowStyle
    iris: tuple[float, float, float]
    cloth: tuple[float, float, float]
    seed: int


PERFORMER = Person(
    HeadShape(
        0.92,
        33,
        (0.1, 0.15, 0.75),
        {
            "head/head-oval": 0.35,
            "chin/chin-width-incr": 0.15,
            "nose/nose-hump-incr": 0.15,
            "asym/asym-nose-1-r": 0.2,
            "asym/asym-mouth-1-l": 0.2,
        },
    ),
    SkinTone((214, 170, 146), (186, 126, 116), flush=0.3, shadows=0.35, wrinkles=0.12, beard=0.5, moles=2),
    HairStyle("short", (66, 48, 36), parting=0.3, count=34000, wave=0.12),
    BrowStyle((58, 43, 34), weight=1.1, arch=0.045),
    (92, 70, 50),
    (52, 70, 92),
    seed=11,
)
SECOND_PERSON = Person(
    HeadShape(0.08, 29, (0.5, 0.1, 0.4), {"head/head-oval": 0.4, "mouth/mouth-lowerlip-volume-incr": 0.2}),
    SkinTone((150, 104, 78), (132, 74, 68)),
    HairStyle("cropped", (30, 22, 18), count=30000, wave=0.2),
    BrowStyle((28, 22, 18), weight=0.9),
    (54, 36, 24),
    (150, 92, 70),
    seed=12,
)


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A person made ready to be drawn again and again."""

    head: HeadAssets
    topology: HeadTopology
    neutral: FloatArray
    openness: NDArray[np.float32]
    look: Look
    hair: Strands | None
    front: FrontMap
    person: Person

    @classmethod
    def cast(cls, head: HeadAssets, topology: HeadTopology, person: Person, directions: FloatArray) -> Actor:
        """Shape, light and dress a person; seconds of work."""
        rng = np.random.default_rng(person.seed)
        neutral = express(head, shape_vertices(head, person.shape), AWAKE)
        points = refined(topology, neutral)
        maps = ChartMaps.of(topology, head.region("lips"))
        lamp = np.array(LAMPS[0].direction) / np.linalg.norm(LAMPS[0].direction)
        return cls(
            head,
            topology,
            neutral,
            openness(points, topology.bare_triangles, directions),
            Look(
                draw_skin(person.tone, maps, rng),
                person.iris,
                person.cloth,
                scalp=scalp_cover(topology, person.hair),
                scalp_colour=root_colour(person.hair),
            ),
            scalp_hair(topology, points, person.hair, lamp, rng),
            FrontMap.of(topology),
            person,
        )

    def draw(self, pose: Pose, scene: Scene) -> Picture:
        """The person at one moment."""
        vertices = express(self.head, self.neutral, pose.units)
        points = refined(self.topology, vertices)
        rng = np.random.default_rng(self.person.seed + 1)  # the same hairs in every frame
        brow = brows(self.topology, points, self.front, self.person.brow, rng)
        lash = lashes(self.head, vertices, (26, 20, 18), rng)
        turn = rotation(pose.yaw, pose.pitch, pose.roll)
        strands = joined(self.hair, brow, lash)
        if strands is not None:
            flat = strands.points.reshape(-1, 3)
            weight = np.clip((flat[:, 1] - 5.75) / 0.7, 0, 1)
            strands = Strands(
                turn_head(flat, turn, weight).reshape(strands.points.shape), strands.colours, strands.opacity
            )
        look = replace(self.look, gaze=pose.gaze)
        turned = turn_head(points, turn, self.topology.neck)
        return draw_head(self.topology, turned, turn, self.openness, look, strands, scene).image


@dataclass(frozen=True, slots=True)
class Pose:
    """Turn in radians (positive yaw: to the picture's right, positive pitch: down) and face unit weights."""

    yaw: float
    pitch: float
    roll: float
    gaze: tuple[float, float]
    units: dict[str, float]


def _bump(t: float, centre: float, width: float) -> float:
    return float(max(0.0, 1 - abs(t - centre) / width))


def pose_at(t: float) -> Pose:
    """The performance: talk, look left and right by 25 degrees, blink four times, smile near the end."""
    yaw = 0.44 * np.sin(2 * np.pi * t / 4.2) * min(1.0, t / 0.8)
    pitch = 0.07 * np.sin(2 * np.pi * t / 2.6 + 0.4)
    roll = 0.06 * np.sin(2 * np.pi * t / 3.4)
    talking = np.clip(t / 0.3, 0, 1) * np.clip((4.3 - t) / 0.3, 0, 1)
    syllable = max(0.0, np.sin(2 * np.pi * 2.6 * t)) * (0.55 + 0.45 * np.sin(2 * np.pi * 0.7 * t + 1))
    smile = float(np.clip((t - 4.1) / 0.5, 0, 1) * np.clip((5.6 - t) / 0.25, 0, 1))
    blink = max(_bump(t, c, 0.11) for c in (0.9, 2.2, 3.6, 4.9))
    units = {
        "jawOpen": 0.42 * talking * syllable,
        "mouthFunnel": 0.35 * talking * max(0.0, np.sin(2 * np.pi * 0.9 * t + 1)),
        "mouthLowerDownLeft": 0.3 * talking * syllable,
        "mouthLowerDownRight": 0.3 * talking * syllable,
        "mouthSmileLeft": 0.75 * smile,
        "mouthSmileRight": 0.75 * smile,
        "cheekSquintLeft": 0.4 * smile,
        "cheekSquintRight": 0.4 * smile,
        "browInnerUp": 0.4 * max(0.0, np.sin(2 * np.pi * t / 2.5)) * talking,
        "eyeBlinkLeft": blink,
        "eyeBlinkRight": blink,
    }
    return Pose(
        float(yaw),
        float(pitch),
        float(roll),
        (float(-0.45 * yaw), 0.0),
        {k: float(v) for k, v in units.items()},
    )


def room(width: int, height: int, seed: int = 5) -> FloatImage:
    """A softly lit room out of focus, linear RGB (H, W, 3): wall, window, shelves with books, a plant."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    wall = to_linear((188, 180, 168))[None, None] * (0.62 + 0.42 * (1 - x) - 0.16 * y)[..., None]
    scene = np.ascontiguousarray(wall.astype(np.float32))

    def box(
        x0: float, y0: float, x1: float, y1: float, colour: tuple[float, float, float], gain: float = 1.0
    ) -> None:
        a, b = (round(x0 * width), round(y0 * height)), (round(x1 * width), round(y1 * height))
        cv2.rectangle(scene, a, b, tuple(float(c) * gain for c in to_linear(colour)), -1)

    box(-0.1, -0.1, 0.17, 0.62, (236, 240, 244), 1.15)
    box(0.075, -0.1, 0.085, 0.62, (170, 168, 160))
    box(-0.1, 0.25, 0.17, 0.265, (170, 168, 160))
    for shelf in (0.30, 0.60):
        left = 0.74
        while left < 1.0:
            thick, tall = rng.uniform(0.012, 0.032), rng.uniform(0.13, 0.22)
            colour = [(120, 66, 54), (60, 84, 104), (150, 132, 96), (74, 92, 70), (96, 80, 92)][
                rng.integers(5)
            ]
            box(left, shelf - tall, left + thick, shelf, colour, 0.8)
            left += thick + rng.uniform(0.0, 0.012)
        box(0.71, shelf, 1.1, shelf + 0.022, (112, 84, 60), 0.8)
    for _ in range(26):
        angle = rng.uniform(-2.6, -0.5)
        start = np.array([0.235 * width, 0.93 * height])
        tip = start + rng.uniform(0.16, 0.36) * height * np.array([0.55 * np.cos(angle), np.sin(angle)])
        green = to_linear((72 + 30 * rng.random(), 104, 66)) * rng.uniform(0.5, 0.9)
        cv2.line(
            scene, tuple(start.astype(int)), tuple(tip.astype(int)), tuple(map(float, green)), 9, cv2.LINE_AA
        )
    box(0.205, 0.9, 0.265, 1.1, (176, 120, 92), 0.8)
    return blurred(scene, height / 62)


def _scene(directions: FloatArray, background: FloatImage, aside: float = 0.0) -> Scene:
    camera = Camera(WIDTH, HEIGHT, 170.0, centre=(aside, 7.22))
    return Scene(
        camera, directions, radiance(LAMPS, AMBIENT, directions), background, 0.9, 0.4, (0.5, 0.45, 0.8)
    )


def _grain(picture: Picture, index: int) -> Picture:
    """A camera's noise, so that encoders and detectors meet something like a sensor."""
    noise = np.random.default_rng(1000 + index).normal(0, 0.8, picture.shape[:2])[..., None]
    return np.asarray(np.clip(picture + noise, 0, 255).astype(np.uint8))


def beeps(
    seconds: float, rate: int = 48000, pitch: float = 1000.0, length: float = 0.06
) -> NDArray[np.int16]:
    """Mono samples with a short tone at every whole second (from 1 s)."""
    t = np.arange(round(seconds * rate)) / rate
    within = t % 1.0
    gate = (t >= 1.0) & (within < length)
    fade = np.clip(np.minimum(within, length - within) / 0.004, 0, 1)
    return np.asarray((gate * fade * 0.5 * np.sin(2 * np.pi * pitch * t) * 32767).astype(np.int16))


def write_clip(
    path: Path, pictures: Iterable[Picture], sound: NDArray[np.int16] | None, crf: int = 28
) -> None:
    """Encode RGB pictures (all of one size) as H.264 at 30 per second, with mono AAC when there is sound."""
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        video = container.add_stream("libx264", rate=RATE)
        video.pix_fmt = "yuv420p"
        video.thread_count = 1
        video.options = {"crf": str(crf), "preset": "slow", "x264-params": "bframes=0:keyint=30"}
        audio = container.add_stream("aac", rate=48000, layout="mono") if sound is not None else None
        for index, picture in enumerate(pictures):
            if index == 0:
                video.height, video.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU601"
            )
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None and sound is not None:
            chunk = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            chunk.sample_rate, chunk.pts, chunk.time_base = 48000, 0, Fraction(1, 48000)
            container.mux(audio.encode(chunk))
            container.mux(audio.encode())


def _performance(actor: Actor, scene: Scene, count: int) -> Iterator[Picture]:
    for index in range(count):
        yield _grain(actor.draw(pose_at(index / RATE), scene), index)


def _passer_by(actor: Actor, directions: FloatArray) -> tuple[FloatImage, FloatImage]:
    """A second person as colour and alpha, from one drawing on black and one on white."""
    camera = Camera(WIDTH, HEIGHT, 135.0, centre=(0.0, 7.0))
    still = Pose(0.12, 0.0, 0.0, (0.0, 0.0), {})
    light = radiance(LAMPS, AMBIENT, directions)
    shots = [
        actor.draw(still, Scene(camera, directions, light, np.full((HEIGHT, WIDTH, 3), value, np.float32)))
        for value in (0.0, 1.0)
    ]
    black, white = (shot.astype(np.float32) for shot in shots)
    alpha = np.clip(1 - (white - black).mean(2) / (white - black).max(), 0, 1)
    return black, alpha


def _two_faces(
    actor: Actor,
    directions: FloatArray,
    background: FloatImage,
    passer_by: tuple[FloatImage, FloatImage],
    count: int,
) -> Iterator[Picture]:
    """The performer moves aside while a second person comes in; both are in view from 1.5 s on."""
    colour, alpha = passer_by
    for index in range(count):
        t = index / RATE
        scene = _scene(directions, background, aside=0.75 * float(np.clip(t / 1.2, 0, 1)))
        own = actor.draw(pose_at(4.0 + 0.2 * np.sin(t)), scene)
        move = np.array([[1, 0, 520 - 340 * np.clip((t - 0.7) / 0.8, 0, 1)], [0, 1, 0]], np.float32)
        person = cv2.warpAffine(colour, move, (WIDTH, HEIGHT))
        cover = cv2.warpAffine(alpha, move, (WIDTH, HEIGHT))[..., None]
        yield _grain(np.clip(own * (1 - cover) + person, 0, 255).astype(np.uint8), index)


def _empty_room(background: FloatImage, count: int) -> Iterator[Picture]:
    """The room alone while clouds change its light."""
    for index in range(count):
        gain = 0.85 + 0.15 * np.sin(2 * np.pi * index / count)
        yield _grain((np.clip(background * gain, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8), index)


def _with_flash(frames: list[Picture]) -> Iterator[Picture]:
    """A white square in the top left corner for the two frames after every whole second."""
    for index, frame in enumerate(frames):
        marked = frame.copy()
        marked[:72, :72] = 255 if index >= RATE and index % RATE < 2 else 0
        yield marked


def main() -> None:
    """Write all clips into a directory."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    head, directions = open_head(arguments.cache), dome(80)
    topology = build_topology(head)
    background = room(WIDTH, HEIGHT)
    count = round(SECONDS * RATE)
    actor = Actor.cast(head, topology, PERFORMER, directions)
    frames = list(_performance(actor, _scene(directions, background), count))
    write_clip(out / "synthetic_clip.mp4", frames, beeps(SECONDS))
    truth = [
        {"frame": i, "mediaTime": round(i / RATE, 4), "yaw": round(p.yaw, 4), "pitch": round(p.pitch, 4),
         "roll": round(p.roll, 4), "units": {k: round(v, 3) for k, v in p.units.items()}}
        for i, p in ((i, pose_at(i / RATE)) for i in range(count))
    ]  # fmt: skip
    note = (
        "radians; positive yaw turns the face to the picture's right, positive pitch down; ARKit units 0..1"
    )
    (out / "synthetic_clip.json").write_text(
        json.dumps({"rate": RATE, "width": WIDTH, "height": HEIGHT, "note": note, "frames": truth}) + "\n"
    )
    write_clip(out / "flash_beep.mp4", _with_flash(frames), beeps(SECONDS), crf=31)
    passer_by = _passer_by(Actor.cast(head, topology, SECOND_PERSON, directions), directions)
    write_clip(out / "two_faces.mp4", _two_faces(actor, directions, background, passer_by, 75), None, crf=30)
    write_clip(out / "no_face.mp4", _empty_room(background, 60), None, crf=30)


if __name__ == "__main__":
    main()
