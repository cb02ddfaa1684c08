"""Slots follow what a leg was measured to cost, and there is always one."""

from __future__ import annotations

import pytest

from talchum.apps.capacity import LegCost, measure_leg_cost, slots_for
from tests.adapters.peers import picture
from tests.apps.leg_double import FakePipeline


@pytest.mark.parametrize(
    ("milliseconds", "cores", "slots"), [(13, 2, 4), (13, 16, 32), (40, 2, 1), (400, 2, 1), (0, 1, 266)]
)
def test_slots_are_what_fits_on_the_cores(milliseconds: float, cores: int, slots: int) -> None:
    assert slots_for(LegCost(pipeline=milliseconds / 2000, codec=milliseconds / 2000), cores) == slots


def test_a_measurement_runs_the_pipeline_and_the_codec() -> None:
    pipeline = FakePipeline()
    cost = measure_leg_cost(pipeline, picture())
    assert pipeline.threads
    assert cost.codec > 0
    assert cost.total == cost.pipeline + cost.codec
