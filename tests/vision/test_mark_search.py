"""A marked picture somewhere in a recorded screen, cut, scaled or mirrored: found, and read from there."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from talchum.domain.frame import I420Frame, Plane
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.domain.rendering import BadgeStyle, Corner
from talchum.vision.badge_reading import BadgeReader
from talchum.vision.mark_geometry import PictureGeometry, chips_in, visible_chips
from talchum.vision.mark_pattern import MarkPattern
from talchum.vision.mark_reading import read_window
from talchum.vision.mark_search import TurningPicture, geometries_of_badge, refine, search
from talchum.vision.marks import Marking, Marks
from tests.vision.channels import RATE, coded
from tests.vision.scenes import clip, resized

MARK = Mark("synthetic", LegTag(0x5A3C9F1234))
SECONDS = 3


@cache
def call(width: int = 1280, height: int = 720, corner: Corner = "bottom-left") -> list[Plane]:
    """A marked call as it arrives."""
    marks, frames = Marks(Marking(MARK.tag, BadgeStyle(corner))), list(clip())
    pictures = []
    for number in range(SECONDS * RATE):
        there_and_back = abs(number % (2 * len(frames) - 2) - len(frames) + 1)
        picture = resized(frames[there_and_back], width, height)
        marks.put(picture, "synthetic", 0.21 + number / RATE)
        pictures.append(picture)
    return [frame.y for frame in coded(pictures, "vp8", 1200)]


def desktop(width: int, height: int) -> Plane:
    """Something like windows with text."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(60, 220, (height // 90, width // 90), np.uint8)
    screen = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    for x, y in zip(rng.integers(0, width, 150), rng.integers(0, height, 150), strict=True):
        cv2.putText(screen, "words", (int(x), int(y)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0)
    return np.asarray(screen, np.uint8)


def on_a_screen(pictures: list[Plane], left: int, top: int, width: int, height: int) -> list[Plane]:
    screens = []
    for picture in pictures:
        screen = desktop(1440, 810)
        screen[top : top + height, left : left + width] = cv2.resize(
            picture, (width, height), interpolation=cv2.INTER_AREA
        )
        screens.append(screen)
    return recorded(screens)


def recorded(pictures: list[Plane]) -> list[Plane]:
    height, width = pictures[0].shape
    grey = np.full(width * height // 2, 128, np.uint8)
    frames = [I420Frame(np.append(picture, grey), width, height, 0.0) for picture in pictures]
    return [frame.y for frame in coded(frames, "h264", 2500)]


def turning(pictures: list[Plane]) -> TurningPicture:
    return TurningPicture.of((number / RATE, picture) for number, picture in enumerate(pictures))


def read(pictures: list[Plane], geometry: PictureGeometry) -> Mark | None:
    pattern = MarkPattern.of(upright=geometry.upright)
    chips = np.stack([chips_in(picture, geometry, pattern.shape) for picture in pictures])
    return read_window(chips, np.arange(len(pictures)) / RATE, pattern).mark


def test_a_picture_in_a_recorded_screen_is_found_without_its_badge() -> None:
    screens = on_a_screen(call(), 301, 99, 704, 396)
    for screen in screens:
        screen[440:500, 300:460] = 90  # somebody covered the badge
    progress: list[float] = []
    found = search(turning(screens), progress.append)
    assert found is not None
    assert (found.left, found.top, found.width) == pytest.approx((301, 99, 704), abs=0.6)
    assert read(screens, found) == MARK
    assert progress == sorted(progress)


def test_a_part_that_was_cut_out_and_made_smaller_is_found() -> None:
    cut = [picture[0:600, 300:1200] for picture in call()]
    parts = recorded(
        [np.asarray(cv2.resize(part, (540, 360), interpolation=cv2.INTER_AREA), np.uint8) for part in cut]
    )
    found = search(turning(parts))
    assert found is not None
    assert (found.left, found.top, found.width) == pytest.approx((-180, 0, 768), abs=0.6)
    assert read(parts, found) == MARK


def test_an_upright_picture_of_a_phone_is_found() -> None:
    screens = on_a_screen(call(480, 640), 500, 60, 480, 640)
    found = search(turning(screens))
    assert found is not None
    assert found.upright
    assert read(screens, found) == MARK


@pytest.mark.parametrize("corner", ["bottom-left", "top-right"])
def test_a_badge_says_where_the_picture_lies(corner: Corner) -> None:
    screens = on_a_screen(call(corner=corner), 211, 301, 640, 360)
    badge = BadgeReader().find(screens[0])
    assert badge is not None
    picture = turning(screens)
    best = max(geometries_of_badge(badge[1], 1440, 810), key=picture.confidence)
    geometry, confidence = refine(picture, best)
    assert (geometry.left, geometry.top, geometry.width) == pytest.approx((211, 301, 640), abs=0.6)
    assert confidence > 15
    assert read(screens, geometry) == MARK


def test_a_mirrored_recording_is_read() -> None:
    pictures = [np.ascontiguousarray(picture[:, ::-1]) for picture in call()]
    assert read(pictures, PictureGeometry.whole(1280, 720)) is None
    assert read(pictures, PictureGeometry.whole(1280, 720, mirrored=True)) == MARK


def test_nothing_is_found_in_a_screen_without_a_marked_picture() -> None:
    screens = recorded([np.roll(desktop(960, 540), 3 * number, 1) for number in range(SECONDS * RATE)])
    assert search(turning(screens)) is None


def test_chips_beyond_the_video_are_not_seen() -> None:
    geometry = PictureGeometry(-80, 0, 160, 90)
    seen = visible_chips(geometry, (90, 160), 80, 90)
    assert seen[:, :80].sum() == 0
    assert seen[:, 80:].all()
    chips = chips_in(np.full((90, 80), 7, np.uint8), geometry, (90, 160))
    assert np.abs(chips).max() < 1e-5


def test_the_whole_picture_and_a_rectangle_around_it_read_alike() -> None:
    picture = call()[10]
    whole = chips_in(picture, PictureGeometry.whole(1280, 720), (90, 160))
    placed = chips_in(np.pad(picture, 40), PictureGeometry(40, 40, 1280, 720), (90, 160))
    inner = (slice(3, -3), slice(3, -3))
    assert np.corrcoef(whole[inner].ravel(), placed[inner].ravel())[0, 1] > 0.99
