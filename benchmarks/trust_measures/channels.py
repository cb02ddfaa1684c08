"""Ways of a marked call to whoever looks at it, and where its picture lies there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np

from talchum.domain.frame import I420Frame, Plane
from talchum.vision.mark_geometry import PictureGeometry
from talchum.vision.mark_search import TurningPicture, search
from tests.vision.channels import RATE, coded, cropped, scaled

Frames = Sequence[I420Frame]
Channel = Callable[[Frames], Frames]

SCREEN = (1280, 800)
TILE = (704, 396)
"""0.55 of 1280x720."""

_CUT = 88  # columns on either side, which leaves 4:3
_AT = (374, 202)
SEARCHED_SECONDS = 3


def vp8_small(frames: Frames) -> Frames:
    """VP8 at 640x360, 300 kbit/s."""
    return coded((scaled(frame, 640, 360) for frame in frames), "vp8", 300)


def vp8_tiny(frames: Frames) -> Frames:
    """VP8 at 320x180, 150 kbit/s."""
    return coded((scaled(frame, 320, 180) for frame in frames), "vp8", 150)


def h264(frames: Frames) -> Frames:
    """H.264 at 1280x720, 500 kbit/s."""
    return coded(frames, "h264", 500)


def transcoded(frames: Frames) -> Frames:
    """VP8 at 640x360, 300 kbit/s, and what comes of it as H.264 at 500."""
    return coded(vp8_small(frames), "h264", 500)


def captured(frames: Frames) -> Frames:
    """A call in VP8 at 800 kbit/s on a screen, at 0.55 of its size and cut to 4:3; the screen as H.264."""
    desktop = _desktop()
    received = coded(frames, "vp8", 800)
    return coded((_on_screen(desktop, frame) for frame in received), "h264", 1500)


CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        "VP8 360p 300k": vp8_small,
        "H.264 720p 500k": h264,
        "VP8 360p 300k, then H.264 500k": transcoded,
        "0.55 of it on a screen, cut to 4:3": captured,
    }
)


def whole_geometry(frames: Frames) -> PictureGeometry:
    """Of frames that are the picture."""
    return PictureGeometry.whole(frames[0].width, frames[0].height)


def searched_geometry(frames: Frames) -> PictureGeometry | None:
    """Where the marked picture lies, found by nothing but its mark in three seconds; None where it is not."""
    window = frames[: SEARCHED_SECONDS * RATE]
    return search(TurningPicture.of((number / RATE, frame.y) for number, frame in enumerate(window)))


def windows(frames: Frames, seconds: float) -> Iterator[Frames]:
    """Parts that follow one another and do not overlap."""
    length = round(seconds * RATE)
    for start in range(0, len(frames) - length + 1, length):
        yield frames[start : start + length]


def lumas(frames: Iterable[I420Frame]) -> list[Plane]:
    """Of each."""
    return [frame.y for frame in frames]


def _desktop() -> I420Frame:
    """Something like windows with text."""
    width, height = SCREEN
    rng = np.random.default_rng(5)
    coarse = rng.integers(60, 220, (height // 80, width // 80), np.uint8)
    luma = np.asarray(cv2.resize(coarse, SCREEN, interpolation=cv2.INTER_NEAREST), np.uint8)
    for x, y in zip(rng.integers(0, width, 150), rng.integers(0, height, 150), strict=True):
        cv2.putText(luma, "words", (int(x), int(y)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0)
    buffer = np.append(luma.ravel(), np.full(width * height // 2, 128, np.uint8))
    return I420Frame(buffer, width, height, 0.0)


def _on_screen(desktop: I420Frame, frame: I420Frame) -> I420Frame:
    tile = scaled(frame, *TILE)
    tile = cropped(tile, _CUT, 0, TILE[0] - 2 * _CUT, TILE[1])
    screen = desktop.copy()
    x, y = _AT
    for target, source, step in ((screen.y, tile.y, 1), (screen.u, tile.u, 2), (screen.v, tile.v, 2)):
        rows, columns = source.shape
        target[y // step : y // step + rows, x // step : x // step + columns] = source
    return screen
