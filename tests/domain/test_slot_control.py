"""Slots go down when frames are late and up when they are early, and do not swing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.slot_control import CALM_SECONDS, LATE_SECONDS, SHY_SECONDS, SlotControl, most_slots

CALM, FAIR, LATE = 0.02, 0.08, 0.15


def observed(control: SlotControl, begin: float, seconds: float, age: float | None, legs: int) -> int:
    """The slots after so long of the same, looked at once a second."""
    for second in range(round(seconds) + 1):
        control.observe(begin + second, age, legs)
    return control.slots


def test_frames_that_stay_late_take_the_slots_below_what_is_served() -> None:
    control = SlotControl(4)
    assert observed(control, 0.0, LATE_SECONDS - 1, LATE, 4) == 4
    assert observed(control, LATE_SECONDS, 0, LATE, 4) == 3


def test_a_late_moment_changes_nothing() -> None:
    control = SlotControl(4)
    for second in range(60):
        control.observe(second, LATE if second % 3 == 0 else FAIR, 4)
    assert control.slots == 4


def test_one_leg_is_always_served() -> None:
    assert observed(SlotControl(2), 0.0, 60.0, LATE, 1) == 1


def test_early_frames_raise_them_only_while_all_are_in_use() -> None:
    assert observed(SlotControl(4), 100.0, CALM_SECONDS * 3, CALM, 3) == 4
    assert observed(SlotControl(4), 100.0, CALM_SECONDS, CALM, 4) == 5


def test_nothing_is_raised_past_the_head_room() -> None:
    control = SlotControl(8)
    assert observed(control, 100.0, 1000.0, CALM, 16) == most_slots(8) == 10


@pytest.mark.parametrize(("age", "legs"), [(FAIR, 4), (None, 0)])
def test_frames_in_between_or_none_at_all_change_nothing(age: float | None, legs: int) -> None:
    assert observed(SlotControl(4), 0.0, 300.0, age, legs) == 4


def test_what_was_late_is_not_tried_again_soon() -> None:
    control = SlotControl(4)
    assert observed(control, 0.0, LATE_SECONDS, LATE, 4) == 3
    assert observed(control, LATE_SECONDS + 1, SHY_SECONDS - 2, CALM, 3) == 3
    assert observed(control, LATE_SECONDS + SHY_SECONDS, 1, CALM, 3) == 4


@given(
    calibrated=st.integers(1, 64),
    seen=st.lists(st.tuples(st.sampled_from([None, CALM, FAIR, LATE]), st.integers(0, 80)), max_size=200),
)
def test_slots_stay_within_their_bounds(calibrated: int, seen: list[tuple[float | None, int]]) -> None:
    control = SlotControl(calibrated)
    for second, (age, legs) in enumerate(seen):
        assert 1 <= control.observe(5.0 * second, age, legs) <= most_slots(calibrated)
