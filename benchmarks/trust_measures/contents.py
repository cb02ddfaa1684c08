"""What is marked and looked at: seven contents at 1280x720, with people that nobody is.

The clip of the tests, and identities that ship (generated people) before walls and in rooms painted by code,
with the noise of a camera where one would have some. Endless: each goes there and back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle, islice
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pipeline import HEIGHT, WIDTH, enlarged_clip
from talchum.adapters.identity_files import default_identities_directory
from talchum.adapters.video_file import ClipReader
from talchum.domain.frame import I420Frame, Image
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.cards import draw_card

RATE = 30
_BY_HAND, _CARRIED = 4, 24  # pixels to either side
_NOISES = 7

Background = Callable[[NDArray[np.intp], NDArray[np.intp]], Image]


def _dark(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    return _grey(22 + columns * 30 // WIDTH)


def _flat(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    return _grey(np.full_like(rows, 128))


def _bright(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    return _grey(228 - rows * 20 // HEIGHT)


def _bricks(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    rough = np.random.default_rng(1).normal(0, 1, rows.shape).astype(np.float32)
    wall = cv2.GaussianBlur(rough, (0, 0), 2)
    wall = wall / wall.std() * 18 + 120
    wall[(rows % 36 < 4) | ((columns + rows // 36 * 45) % 90 < 4)] = 170
    return _grey(wall)


def _office(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    rng = np.random.default_rng(0)
    room: Image = np.full((*rows.shape, 3), (190, 180, 165), np.uint8)
    height, width = rows.shape
    for _ in range(60):
        x, y, across, down = (int(rng.integers(0, most)) for most in (width, height, 260, 200))
        colour = tuple(int(value) for value in rng.integers(30, 230, 3))
        cv2.rectangle(room, (x, y), (x + 20 + across, y + 20 + down), colour, -1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), 1.5), np.uint8)


def _grey(level: NDArray[np.generic]) -> Image:
    return np.repeat(np.clip(level, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _talking() -> Iterator[I420Frame]:
    frames = enlarged_clip()
    return cycle(frames + frames[::-1])


def _card() -> Iterator[I420Frame]:
    return cycle([image_to_frame(draw_card(WIDTH, HEIGHT, "no_face"), 0.0)])


def _person(identity: str, background: Background, noise: float, *, shaken: int = 0) -> Iterator[I420Frame]:
    """Somebody who talks before a background.

    noise: of the camera, luma steps, standard deviation. shaken: how far it is moved, pixels to either side.
    """
    rows, columns = np.indices((HEIGHT + 2 * shaken, WIDTH + 2 * shaken))
    behind = background(rows, columns)
    rng = np.random.default_rng(2)
    noises = [np.round(rng.normal(0, noise, (HEIGHT, WIDTH))).astype(np.int16) for _ in range(_NOISES)]
    composed = [_before(behind, face) for face in _faces(identity)]
    for number, image in enumerate(cycle(composed + composed[::-1])):
        x, y = (_place(number, shaken, period) for period in (53, 37))
        picture = image_to_frame(image[y : y + HEIGHT, x : x + WIDTH], number / RATE)
        if noise:
            noisy = picture.y + np.roll(noises[number % _NOISES], number * 101, axis=1)
            picture.y[:] = np.clip(noisy, 0, 255)
        yield picture


def _place(number: int, reach: int, period: int) -> int:
    """Where the picture begins after so many frames, even pixels."""
    return round(reach / 2 * (1 + math.sin(number / period * 2 * math.pi))) * 2


def _before(behind: Image, face: Image) -> Image:
    height, width = behind.shape[:2]
    side = face.shape[0]
    oval = np.zeros((side, side), np.float32)
    cv2.ellipse(oval, (side // 2, round(side * 0.53)), (round(side * 0.36), side // 2), 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(oval, (0, 0), 6)[..., None]
    top, left = (height - side) // 2, (width - side) // 2
    image = behind.copy()
    part = image[top : top + side, left : left + side]
    part[:] = np.round(face * mask + part * (1 - mask)).astype(np.uint8)
    return image


def _faces(identity: str) -> list[Image]:
    with ClipReader(default_identities_directory() / identity / "preview.mp4") as clip:
        images = [frame_to_image(frame) for frame in clip.frames()]
    return [
        np.asarray(cv2.resize(i, (HEIGHT, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8) for i in images
    ]


CONTENTS: Mapping[str, Callable[[], Iterator[I420Frame]]] = MappingProxyType(
    {
        "clip": _talking,
        "dark room": lambda: _person("amara", _dark, 1.5),
        "flat wall": lambda: _person("elena", _flat, 0.0),
        "bright wall": lambda: _person("tomas", _bright, 0.7),
        "bricks": lambda: _person("kofi", _bricks, 1.5),
        "office by hand": lambda: _person("sora", _office, 1.0, shaken=_BY_HAND),
        "card": _card,
    }
)
"""Each as an endless stream of 30 frames a second; a frame may come again, and is not to be written to."""

_PEOPLE = ("amara", "doyun", "elena", "ingrid", "kofi", "leila", "rafael", "sora", "tomas", "yeongsu")
_BACKGROUNDS = (_dark, _flat, _bright, _bricks, _office)

CARRIED = "office carried about"
"""What nobody promises anything for: all of the picture moves, by up to four pixels a frame."""


def content(name: str, count: int) -> Iterator[I420Frame]:
    """The first frames of one, or of `CARRIED`."""
    carried = partial(_person, "sora", _office, 1.0, shaken=_CARRIED)
    return islice((carried if name == CARRIED else CONTENTS[name])(), count)


def drawn_content(number: int, count: int) -> Iterator[I420Frame]:
    """The first frames of one of many: who, where, in what light, with what noise, how far moved."""
    rng = np.random.default_rng(number)
    person, background = rng.choice(_PEOPLE), _BACKGROUNDS[rng.integers(len(_BACKGROUNDS))]
    noise, shaken = float(rng.uniform(0, 2.5)), int(rng.integers(0, 16)) * 2
    gain, mirrored = float(rng.uniform(0.4, 1.1)), bool(rng.integers(2))

    def lit(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
        image = np.asarray(cv2.convertScaleAbs(background(rows, columns), alpha=gain), np.uint8)
        return np.ascontiguousarray(image[:, ::-1]) if mirrored else image

    return islice(_person(str(person), lit, noise, shaken=shaken), count)
