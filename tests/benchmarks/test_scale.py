"""The measures of scale over few tries, and that they notice what goes wrong."""

from __future__ import annotations

import json

import pytest

from benchmarks import projection, scale, scale_plot, sizing
from benchmarks.acceptance import markdown
from benchmarks.machine import REPOSITORY
from benchmarks.scale_measures import leases, legs, sockets
from benchmarks.scale_measures.joins import measure_joins
from talchum.adapters.face_worker_presence import FaceWorkerPresence


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
def test_leases_of_running_legs_are_kept_and_what_the_store_does_for_them_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "SECONDS", 1.5)
    monkeypatch.setattr(leases, "IDLE_SECONDS", 0.5)
    found = leases.measure_leases(30).details
    assert (found["legs"], found["lost"]) == (30, 0)
    assert found["storeCores"] > found["storeIdleCores"] > 0


@pytest.mark.valkey
def test_lease_that_is_taken_away_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(_presence: FaceWorkerPresence, _leg: str) -> bool:
        return False

    monkeypatch.setattr(FaceWorkerPresence, "is_wanted", gone)
    monkeypatch.setattr(leases, "SECONDS", 6.0)
    monkeypatch.setattr(leases, "IDLE_SECONDS", 0.1)
    found = leases.measure_leases(3)
    assert not found.met
    assert found.details["lost"] == 3


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
