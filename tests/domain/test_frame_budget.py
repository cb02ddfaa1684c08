"""A leg is over its frame budget when frames come faster than they are rendered, and never flaps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.frame_budget import FEWEST_FRAMES, MARGIN, WINDOW_SECONDS, FrameBudget

FRAME = 1 / 30


def lived_through(budget: FrameBudget, stages: Sequence[float], interval: float = FRAME) -> list[bool]:
    """What it says after each frame; the newest frame that arrived is worked on, as a stage does."""
    return [over for _, over in lived(budget, stages, interval)]


def lived(budget: FrameBudget, stages: Sequence[float], interval: float) -> list[tuple[float, bool]]:
    """The same, with the second at which it said so."""
    now, next_arrival, said = 0.0, 0.0, []
    budget.begin(now)
    for seconds in stages:
        done = max(now, next_arrival) + seconds
        while next_arrival <= done:
            budget.arrived(next_arrival)
            next_arrival += interval
        now = done
        budget.worked(now, seconds)
        said.append((now, budget.over))
    return said


@pytest.mark.parametrize("seconds", [0.0, 0.01, FRAME, FRAME * 1.1])
def test_a_stage_that_keeps_up_is_within(seconds: float) -> None:
    assert not any(lived_through(FrameBudget(), [seconds] * 300))


@pytest.mark.parametrize("seconds", [FRAME * 1.5, 0.08, 0.5, 1.5])
def test_a_stage_that_does_not_is_over_once_enough_was_seen(seconds: float) -> None:
    said = lived(FrameBudget(), [seconds] * 60, FRAME)
    first = next(now for now, over in said if over)
    assert WINDOW_SECONDS <= first < max(WINDOW_SECONDS, FEWEST_FRAMES * (seconds + FRAME)) + seconds + FRAME


def test_slow_first_frames_and_a_hiccup_are_forgiven() -> None:
    stages = [0.4] * 3 + [0.01] * 200 + [0.6] + [0.01] * 200
    assert not any(lived_through(FrameBudget(), stages))


def test_a_camera_that_slows_down_gives_more_time() -> None:
    assert not any(lived_through(FrameBudget(), [0.06] * 100, interval=1 / 15))


def test_a_stage_that_becomes_slow_is_noticed() -> None:
    said = lived_through(FrameBudget(), [0.01] * 300 + [0.09] * 60)
    assert not any(said[:300])
    assert said[-1]


def test_after_another_wish_it_is_seen_anew() -> None:
    budget = FrameBudget()
    assert lived_through(budget, [0.1] * 60)[-1]
    budget.begin(100.0)
    assert not budget.over


def test_without_a_face_or_without_frames_nothing_is_over() -> None:
    budget = FrameBudget()
    budget.worked(10.0, 5.0)
    assert not budget.over
    budget.begin(10.0)
    for second in range(20):
        budget.worked(11.0 + second, 0.9)
    assert not budget.over, "no frame arrived"


stage_times = st.lists(st.floats(0.0, 0.7), min_size=1, max_size=150)
intervals = st.floats(1 / 60, 1 / 5)


@given(stage_times, intervals)
def test_a_decision_stands_whatever_comes(stages: list[float], interval: float) -> None:
    said = lived_through(FrameBudget(), stages, interval)
    assert said == sorted(said)


@given(stage_times, intervals)
def test_nothing_is_decided_before_the_window_is_over(stages: list[float], interval: float) -> None:
    said = lived(FrameBudget(), stages, interval)
    assert not any(over for now, over in said if now < WINDOW_SECONDS)


@given(intervals, st.data())
def test_what_never_takes_longer_than_a_frame_is_never_over(interval: float, data: st.DataObject) -> None:
    stages = data.draw(st.lists(st.floats(0.0, interval), max_size=150))
    assert not any(lived_through(FrameBudget(), stages, interval))


@given(intervals, st.data())
def test_what_always_takes_much_longer_is_over_in_the_end(interval: float, data: st.DataObject) -> None:
    slow = st.floats(MARGIN * interval + 0.005, 1.0)
    stages = data.draw(st.lists(slow, min_size=200, max_size=200))
    assert lived_through(FrameBudget(), stages, interval)[-1]
