"""A call over a bad line goes on; how its delay develops is measured by benchmarks/impaired_call.py."""

from __future__ import annotations

import pytest

from benchmarks.impaired_call import BAD_LINE, Arrival, measure, read_arrivals, summarise
from benchmarks.soak import slope


@pytest.mark.netns
@pytest.mark.coturn
@pytest.mark.call
@pytest.mark.vision
def test_a_call_over_a_slow_and_lossy_line_shows_the_face_s_frames() -> None:
    figures = measure(20.0, BAD_LINE)
    assert figures["route"] == "direct"
    assert figures["framesPerSecond"] >= 1
    assert figures["delayMsByMinute"][0]["p50"] >= 50  # the line itself


def test_a_delay_that_doubles_is_told_as_two() -> None:
    arrivals = [Arrival(at, 0.1 if at < 100 else 0.2) for at in range(186)]
    summary = summarise(arrivals)
    assert summary["lastToFirstP95"] == 2.0
    assert [minute["p50"] for minute in summary["delayMsByMinute"]] == [100.0, 100.0, 200.0, 200.0]


def test_the_first_seconds_of_a_call_count_for_no_minute() -> None:
    arrivals = [Arrival(at / 10, 3.0 if at < 50 else 0.1) for at in range(1800)]
    assert summarise(arrivals)["lastToFirstP95"] == 1.0


def test_arrivals_are_told_from_the_first_on() -> None:
    assert read_arrivals(["[10.0, 0.1]", "[10.5, 0.2]"]) == [Arrival(0.0, 0.1), Arrival(0.5, 0.2)]


def test_the_slope_leaves_out_the_warm_up() -> None:
    samples = [(minute / 10, 300 + 50 * min(minute / 10, 3) + 0.25 * minute / 10) for minute in range(200)]
    assert slope(samples, 3.0) == pytest.approx(0.25)
    assert slope(samples[:5], 3.0) == 0.0
