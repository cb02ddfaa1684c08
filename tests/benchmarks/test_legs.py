"""What several legs cost is told from what the machine was like while they ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.scale_measures.legs import RATE, ladder, unevenness


def machine(*costs: float, most: int = 3) -> Callable[[int], dict[str, Any]]:
    """Steps where a leg costs so many cores, load after load; more legs than `most` are late."""
    coming = iter(costs)

    def step(legs: int) -> dict[str, Any]:
        age = 20.0 if legs <= most else 120.0
        return {
            "legs": legs,
            "coresPerLeg": next(coming),
            "frameAgeP95Ms": [age] * legs,
            "framesPerSecond": [RATE] * legs,
            "fallbacks": 0,
        }

    return step


def test_one_leg_runs_before_and_after_each_number_of_several() -> None:
    steps = ladder(machine(0.4, 0.4, 0.5, 0.5, 0.5, 0.6, 0.5), most=5)
    assert [step["legs"] for step in steps] == [1, 2, 3, 4]
    assert [step.get("coresOfOne") for step in steps] == [None, 0.45, 0.5, 0.5]


def test_no_more_legs_are_loaded_than_are_wanted() -> None:
    assert [step["legs"] for step in ladder(machine(*[0.4] * 3), most=2)] == [1, 2]


def test_machine_that_gets_slower_does_not_make_legs_uneven() -> None:
    steps = ladder(machine(0.3, 0.32, 0.33, 0.38, 0.42), most=3)
    assert unevenness(steps) < 0.02


@pytest.mark.parametrize("several", [0.3, 0.5])
def test_legs_that_cost_a_quarter_more_or_less_together_are_uneven(several: float) -> None:
    assert unevenness(ladder(machine(0.4, several, 0.4), most=2)) == pytest.approx(0.25)


def test_single_leg_is_even() -> None:
    assert unevenness(ladder(machine(0.4), most=1)) == 0.0
