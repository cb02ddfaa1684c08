"""The measures of scale over few tries, and that they notice what goes wrong."""

from __future__ import annotations

import json

import pytest

from benchmarks import projection, scale, scale_plot, sizing
from benchmarks.acceptance import markdown
from benchmarks.machine import REPOSITORY
from benchmarks.scale_measures import legs, sockets
from benchmarks.scale_measures.joins import measure_joins


def test_the_pages_have_the_tables_of_the_results() -> None:
    result = json.loads(scale.TABLE.result.read_text())
    page = (REPOSITORY / "docs" / "scale.md").read_text()
    assert markdown(result) in page
    assert projection.markdown(projection.project(projection.Measured.of(result), 10_000)) in page
    assert sizing.markdown(result) in (REPOSITORY / "docs" / "operate.md").read_text()
    assert scale_plot.draw(result) == (REPOSITORY / "docs" / "images" / "scale.svg").read_text()


@pytest.mark.valkey
@pytest.mark.parametrize("measure", [sockets.measure_sockets, sockets.measure_two_processes])
def test_every_message_between_sockets_arrives(measure: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SECONDS", 1.0)
    assert callable(measure)
    found = measure(20).details
    assert (found["sockets"], found["missing"], found["socketsLost"]) == (20, 0, 0)
    assert found["sent"] >= 190
    assert found["relayMs"]["p99"] > 0
    assert found["serverCores"] > 0


@pytest.mark.valkey
@pytest.mark.call
def test_pairs_that_join_negotiate_a_real_connection() -> None:
    found = measure_joins(6).details
    assert (found["joins"], found["connected"], found["errors"]) == (6, 6, {})
    assert found["toConnectionMs"]["p50"] > 0


@pytest.mark.valkey
@pytest.mark.call
def test_what_a_leg_costs_and_how_old_its_frames_get_is_told_by_its_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(legs, "SECONDS", 2.5)
    [step] = legs.measure_legs(1).details["steps"]
    assert step["legs"] == 1
    assert step["frameAgeP95Ms"][0] > 0
    assert step["framesPerSecond"][0] > 0
    assert 0 < step["coresPerLeg"] == step["workerCores"]
    assert step["loadCores"] > 0
