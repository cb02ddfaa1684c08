"""A recording is cut at its keyframes, no picture is lost or doubled, and decoding never waits."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.segments import CodedPicture, Segment, decoding_times, plan_segments

TICK = Fraction(1, 90_000)
FRAME = 3000


def recording(seconds: int, keyframe_every: int = 30) -> list[CodedPicture]:
    """30 pictures a second in the order in which they are shown."""
    return [CodedPicture(index * FRAME, index % keyframe_every == 0) for index in range(seconds * 30)]


def test_cuts_are_at_keyframes_and_at_least_so_far_apart() -> None:
    segments = plan_segments(recording(35), TICK)
    assert [segment.start for segment in segments] == [None, 10 * 90_000, 20 * 90_000]
    assert [segment.end for segment in segments] == [10 * 90_000, 20 * 90_000, None]
    assert [segment.frames for segment in segments] == [300, 300, 450], "a short rest joins its neighbour"
    assert [segment.number for segment in segments] == [0, 1, 2]


def test_the_pre_roll_is_half_a_second_and_decoded_from_the_keyframe_before_it() -> None:
    second = plan_segments(recording(35), TICK)[1]
    assert second.start is not None
    assert second.warm_from == second.start - 45_000
    assert second.decode_from == second.start - 90_000
    assert not second.holds(second.warm_from)
    assert second.holds(second.start)


def test_rare_keyframes_make_long_segments() -> None:
    segments = plan_segments(recording(60, keyframe_every=30 * 25), TICK)
    assert [segment.start for segment in segments] == [None, 25 * 90_000]
    assert segments[1].decode_from == 0


@pytest.mark.parametrize(
    "pictures",
    [
        [],
        recording(9),
        recording(60, keyframe_every=10_000),
        [*recording(60), CodedPicture(None, keyframe=False)],
        [*recording(60), CodedPicture(0, keyframe=True)],
    ],
    ids=["empty", "short", "one keyframe", "a picture without time", "a time twice"],
)
def test_what_cannot_be_cut_is_one_segment(pictures: list[CodedPicture]) -> None:
    assert plan_segments(pictures, TICK) == [Segment(0, len(pictures))]


recordings = st.builds(
    lambda steps, keys: [
        CodedPicture(sum(steps[: index + 1]), key)
        for index, (_, key) in enumerate(zip(steps, keys, strict=False))
    ],
    st.lists(st.integers(1, 9000), min_size=1, max_size=60),
    st.lists(st.booleans(), min_size=60, max_size=60),
)


@given(recordings, st.integers(0, 5))
def test_each_picture_is_in_one_segment(pictures: list[CodedPicture], least: int) -> None:
    segments = plan_segments(pictures, TICK, least / 10)
    for picture in pictures:
        assert picture.shown_at is not None
        assert sum(segment.holds(picture.shown_at) for segment in segments) == 1
    assert sum(segment.frames for segment in segments) == len(pictures)
    keyframes = {picture.shown_at for picture in pictures if picture.keyframe}
    assert {segment.start for segment in segments[1:]} <= keyframes


@given(recordings)
def test_all_that_a_segment_needs_comes_after_where_its_decoding_begins(pictures: list[CodedPicture]) -> None:
    for segment in plan_segments(pictures, TICK, 0.1):
        if segment.decode_from is not None:
            assert segment.warm_from is not None
            assert segment.start is not None
            assert segment.decode_from <= segment.warm_from < segment.start


@given(st.permutations(range(12)), st.integers(1, 5000))
def test_decoding_times_rise_and_never_come_after_the_picture_is_shown(order: list[int], step: int) -> None:
    shown_at = [index * step for index in order]
    times = decoding_times(shown_at)
    assert all(early < late for early, late in pairwise(times))
    assert all(decoded <= shown for decoded, shown in zip(times, shown_at, strict=True))


def test_pictures_in_order_are_decoded_when_they_are_shown() -> None:
    assert decoding_times([0, 10, 25]) == [0, 10, 25]
    assert decoding_times([]) == []
    assert decoding_times([0, 30, 10, 20, 60, 40, 50]) == [-10, 0, 10, 20, 30, 40, 50]
