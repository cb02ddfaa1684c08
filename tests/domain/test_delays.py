"""Delays are told by their middle and their slow end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.delays import KEPT, Delays, Total


def test_nothing_measured_is_nothing_told() -> None:
    assert Delays().milliseconds() is None
    assert Delays().median_of_last(1) is None


def test_seconds_become_milliseconds() -> None:
    delays = Delays()
    for hundredths in range(1, 101):
        delays.add(hundredths / 100)
    told = delays.milliseconds()
    assert told is not None
    assert told["p50"] == pytest.approx(505)
    assert told["p95"] == pytest.approx(950.5, abs=1)
    assert len(delays) == 100


def test_the_last_few_are_looked_at_alone() -> None:
    delays = Delays()
    for seconds in (9.0, 9.0, 1.0, 2.0, 3.0):
        delays.add(seconds)
    assert delays.median_of_last(3) == 2.0
    assert delays.median_of_last(6) is None


def test_what_is_kept_is_bounded() -> None:
    delays = Delays()
    for _ in range(KEPT + 10):
        delays.add(0.0)
    assert len(delays) == KEPT


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_the_slow_end_is_never_faster_than_the_middle(seconds: list[float]) -> None:
    delays = Delays()
    for one in seconds:
        delays.add(one)
    told = delays.milliseconds()
    assert told is not None
    assert 0 <= told["p50"] <= told["p95"] + 0.1


def test_a_mean_is_taken_over_what_came_since_the_earlier_count() -> None:
    assert Total(3.0, 40).mean_since(Total(1.0, 30)) == pytest.approx(0.2)


@pytest.mark.parametrize("now", [Total(1.0, 30), Total(0.0, 0)])
def test_without_anything_new_there_is_no_mean(now: Total) -> None:
    assert now.mean_since(Total(1.0, 30)) is None
