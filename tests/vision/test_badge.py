"""The badge: in the picture whatever its size, and readable by machines down to 180 rows."""

from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.frame import I420Frame
from talchum.domain.identity import Language
from talchum.domain.leg_tag import LegTag
from talchum.domain.rendering import CORNERS, BadgeStyle, Corner
from talchum.vision.badge import BadgePlace, Badger
from talchum.vision.badge_reading import BadgeReader
from tests.vision.channels import coded, cropped, scaled
from tests.vision.scenes import clip, resized

TAG = LegTag(0x5A3C9F1234)


def plain(width: int, height: int, level: int = 90) -> I420Frame:
    buffer = np.full(I420Frame.size_of(width, height), level, np.uint8)
    return I420Frame(buffer, width, height, 0.0)


def badged(frame: I420Frame, style: BadgeStyle | None = None, tag: LegTag = TAG) -> I420Frame:
    picture = frame.copy()
    Badger(tag, style or BadgeStyle()).put(picture)
    return picture


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1280, 720), (640, 480), (480, 640), (640, 360), (320, 180), (961, 541)]
)
@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("level", [16, 235])
def test_a_badge_is_read_at_every_size_and_corner(size: tuple[int, int], corner: Corner, level: int) -> None:
    picture = badged(plain(*size, level), BadgeStyle(corner))
    assert BadgeReader().read(picture.y) == TAG


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_words_are_beside_the_code_and_inside_the_paper(language: Language) -> None:
    picture = badged(plain(1280, 720), BadgeStyle(language=language))
    place = BadgePlace.of(1280, 720, "bottom-left")
    area = place.area
    words = picture.y[area.rows, area.x + round(25 * place.module) : area.x + area.width]
    dark = np.argwhere(words < 120)
    assert len(dark) > 300
    heights = np.ptp(dark[:, 0]), 0.05 * 720
    assert heights[0] > heights[1]
    assert dark[:, 1].max() < words.shape[1] - place.module  # not cut off


def test_the_rest_of_the_picture_stays() -> None:
    before = plain(640, 480)
    after = badged(before)
    area = BadgePlace.of(640, 480, "bottom-left").area
    changed = np.argwhere(after.y != before.y)
    assert changed[:, 0].min() >= area.y
    assert changed[:, 1].max() < area.x + area.width
    assert area.width * area.height < 0.05 * 640 * 480


@pytest.mark.parametrize("size", [(2, 2), (16, 9), (41, 23), (90, 60)])
def test_a_picture_too_small_for_a_badge_is_covered_as_far_as_it_reaches(size: tuple[int, int]) -> None:
    picture = badged(plain(*size, 0))
    assert int(picture.y.max()) > 100


def test_a_badge_survives_180_rows_at_150_kilobits() -> None:
    frames = [scaled(badged(resized(frame, 640, 360)), 320, 180) for frame in clip(45)]
    reader = BadgeReader()
    read = [reader.read(frame.y) for frame in coded(frames, "vp8", 150)]
    assert read.count(TAG) >= 0.95 * len(read)


def test_no_badge_is_read_where_there_is_none() -> None:
    reader = BadgeReader()
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 255, (480, 640), np.uint8)
    assert [reader.read(frame.y) for frame in clip(10)] == [None] * 10
    assert reader.read(noise) is None
    assert reader.find(noise) is None


def test_another_code_in_the_place_of_the_badge_is_none() -> None:
    picture = plain(640, 480)
    badger = Badger(TAG, BadgeStyle())
    badger._text = "HTTPS://EXAMPLE"
    badger.put(picture)
    assert BadgeReader().read(picture.y) is None


def test_a_badge_is_found_within_a_recorded_screen() -> None:
    screen = plain(1280, 800, 240)
    small = scaled(badged(resized(clip(1)[0], 1280, 720)), 700, 394)
    screen.y[200:594, 300:1000] = small.y
    found = BadgeReader().find(screen.y)
    assert found is not None
    tag, corners = found
    assert tag == TAG
    place = BadgePlace.of(700, 394, "bottom-left")
    expected = 300 + place.x + 2 * place.module, 200 + place.y + 2 * place.module
    assert corners[0] == pytest.approx(expected, abs=2.5)


def test_a_part_of_the_picture_without_its_corner_has_no_badge() -> None:
    part = cropped(badged(plain(640, 480)), 200, 0, 440, 400)
    assert BadgeReader().read(part.y) is None
