"""The invisible mark: put in, put through what a call does to a picture, and read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.vision.mark_geometry import PictureGeometry, chips_in
from talchum.vision.mark_pattern import BAND_TURNS, BANDS, MarkPattern
from talchum.vision.mark_reading import LEAST_CONFIDENCE, MarkReading, read_window
from talchum.vision.marking import STRONGEST, InvisibleMarker
from tests.vision.channels import RATE, coded, scaled
from tests.vision.scenes import clip, nobody

MARK = Mark("synthetic", LegTag(0x5A3C9F1234))
SECONDS = 2


def flat(width: int, height: int, level: int = 120) -> list[I420Frame]:
    buffer = np.full(I420Frame.size_of(width, height), level, np.uint8)
    return [I420Frame(buffer.copy(), width, height, number / RATE) for number in range(SECONDS * RATE)]


@cache
def talking() -> list[I420Frame]:
    """The project's clip, forth and back until it is long enough."""
    frames = list(clip())
    while len(frames) < SECONDS * RATE:
        frames += frames[::-1]
    return frames[: SECONDS * RATE]


def marked(frames: list[I420Frame], mark: Mark = MARK, start: float = 0.0) -> list[I420Frame]:
    marker, result = InvisibleMarker(), []
    for number, frame in enumerate(frames):
        picture = frame.copy()
        marker.mark(picture, mark, start + number / RATE)
        result.append(picture)
    return result


def read(frames: list[I420Frame], word: bytes | None = None, rate: float = RATE) -> MarkReading:
    upright = frames[0].height > frames[0].width
    whole = PictureGeometry.whole(frames[0].width, frames[0].height)
    pattern = MarkPattern.of(upright=upright, **({} if word is None else {"word": word}))
    chips = np.stack([chips_in(frame.y, whole, pattern.shape) for frame in frames])
    return read_window(chips, np.arange(len(frames)) / rate, pattern)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640), (320, 180), (355, 201)])
@pytest.mark.parametrize("level", [20, 120, 230])
def test_a_mark_is_read_from_flat_pictures_of_any_size(size: tuple[int, int], level: int) -> None:
    assert read(marked(flat(*size, level))).mark == MARK


@pytest.mark.parametrize("start", [0.1, 0.33, 17.25, 1e6 + 0.4])
def test_a_mark_is_read_whenever_it_began(start: float) -> None:
    assert read(marked(talking(), start=start)).mark == MARK


@pytest.mark.parametrize(
    "way",
    [
        lambda frames: coded(frames, "vp8", 300),
        lambda frames: coded(frames, "h264", 500),
        lambda frames: coded(coded(frames, "vp8", 800), "h264", 500),
        lambda frames: coded([scaled(frame, 320, 240) for frame in frames], "vp8", 200),
    ],
    ids=["vp8", "h264", "vp8-then-h264", "smaller"],
)
def test_a_mark_comes_through(way: Callable[[list[I420Frame]], list[I420Frame]]) -> None:
    reading = read(way(marked(talking())))
    assert reading.mark == MARK
    assert reading.confidence > LEAST_CONFIDENCE


def test_a_mark_is_read_at_half_the_frame_rate() -> None:
    assert read(marked(talking())[::2], rate=RATE / 2).mark == MARK


def test_unmarked_pictures_have_none() -> None:
    for frames in (talking(), list(nobody(SECONDS * RATE)), flat(640, 480)):
        reading = read(frames)
        assert reading.mark is None
        assert reading.confidence < 6


def test_another_pattern_reads_nothing_of_it() -> None:
    frames = marked(talking())
    readings = [read(frames, word) for word in (b"a", b"b", b"c", b"d")]
    assert all(reading.mark is None and reading.confidence < 6 for reading in readings)


def test_two_marks_in_turn_are_told_apart() -> None:
    card = Mark("card", MARK.tag)
    marker, frames = InvisibleMarker(), []
    for number, frame in enumerate(flat(640, 480) + flat(640, 480)):
        marker.mark(frame, MARK if number < SECONDS * RATE else card, number / RATE)
        frames.append(frame)
    assert read(frames[: SECONDS * RATE]).mark == MARK
    assert read(frames[SECONDS * RATE :]).mark == card


def test_a_mark_is_fainter_in_flat_parts_and_never_strong() -> None:
    rng = np.random.default_rng(0)
    frame = flat(640, 480)[0]
    frame.y[:, 320:] = np.clip(rng.normal(120, 20, (480, 320)), 0, 255).astype(np.uint8)
    change = marked([frame])[0].y.astype(float) - frame.y
    quiet, busy = change[:, :300].std(), change[:, 340:].std()
    assert quiet < busy / 1.5
    assert busy < STRONGEST * 1.15
    assert abs(change.mean()) < 0.02  # nothing becomes brighter


def test_no_more_than_a_band_turns_round_at_a_time() -> None:
    frames = marked(flat(640, 480))
    changed = [
        len({row * BANDS // 480 for row in np.flatnonzero((one.y != other.y).any(1))})
        for one, other in pairwise(frames)
    ]
    assert max(changed) <= 1
    assert sum(changed) == pytest.approx(BANDS * SECONDS * 2, abs=2)
    assert sorted(BAND_TURNS) == list(range(BANDS))


def test_pictures_keep_their_colour_and_black_and_white_stay() -> None:
    frame = flat(640, 480)[0]
    frame.y[:240], frame.y[240:] = 0, 255
    picture = marked([frame])[0]
    assert (picture.u == frame.u).all()
    assert (picture.v == frame.v).all()
    assert int(picture.y[:240].max()) <= 8
    assert int(picture.y[240:].min()) >= 247


def test_pattern_is_the_same_for_every_installation() -> None:
    grid = MarkPattern.of(upright=False)
    assert grid.shape == (90, 160)
    assert MarkPattern.of(upright=True).shape == (160, 90)
    assert int(grid.pilot.sum()) == 3600
    assert np.bincount(grid.bit[grid.bit >= 0].ravel()).tolist() == [169] * 48 + [168] * 16
    spelled = grid.signs.tobytes() + grid.bit.astype("<i2").tobytes()
    assert hashlib.sha256(spelled).hexdigest()[:16] == "dc5da9c0d5f864fa"


def test_a_picture_that_jumps_about_costs_no_certainty_elsewhere() -> None:
    frames = flat(640, 480)
    rng = np.random.default_rng(2)
    for frame in frames:
        frame.y[:200] = cv2.resize(
            rng.integers(0, 255, (5, 16), np.uint8), (640, 200), interpolation=cv2.INTER_NEAREST
        )
    assert read(marked(frames)).mark == MARK


def test_edges_that_pass_through_the_picture_do_not_drown_the_mark() -> None:
    frames = flat(640, 480)
    for number, frame in enumerate(frames):
        for left in range(number * 37 % 100, 632, 100):
            frame.y[:, left : left + 8] = 235
    reading = read(marked(frames))
    assert reading.mark == MARK
    assert reading.confidence > 40  # 14 without a limit to what a chip may change by
