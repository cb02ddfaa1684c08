"""The projection: every figure follows from what was measured and what is assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.projection import Assumptions, Measured, markdown, project

MEASURED = Measured(
    portrait_cores=0.28,
    sockets=5_000,
    kilobytes_per_socket=40.0,
    server_cores=0.5,
    store_cores=0.1,
    milliseconds_per_join=20.0,
)
ASSUMED = Assumptions(minutes_a_call=10.0, busy=0.7, turn_share=0.25, megabits=2.0)


def test_what_grows_with_the_calls_is_taken_times_them() -> None:
    found = project(MEASURED, 10_000, ASSUMED)
    assert found.worker_cores == pytest.approx(4_000)
    assert found.workers == 250
    assert found.server_cores == pytest.approx((6 * 0.5 + 50 * 0.02) / 0.7)
    assert found.store_cores == pytest.approx(0.6)
    assert found.worker_gigabits == pytest.approx(20.0)
    assert found.turn_gigabits == pytest.approx(10.0), "both directions of a quarter"
    assert found.turns == 2
    assert found.server_gigabytes == pytest.approx(1.14, abs=0.01)
    assert found.dollars_for_traffic == pytest.approx(30 * 450 * ASSUMED.dollars_a_gigabyte)


def test_a_call_hour_costs_the_same_at_any_size_but_for_what_cannot_be_divided() -> None:
    small, large = (project(MEASURED, calls, ASSUMED).dollars_a_call_hour for calls in (10_000, 100_000))
    assert large == pytest.approx(small, rel=0.01)


def test_call_servers_are_never_alone() -> None:
    assert project(MEASURED, 10, ASSUMED).servers == 2


def test_the_table_names_the_types_and_the_shares() -> None:
    told = markdown(project(MEASURED, 10_000, ASSUMED), replace(ASSUMED, worker_type="m9.huge"))
    assert "250 x m9.huge" in told
    assert "25% of calls" in told
    assert "10,000 calls" in told


def test_figures_are_read_from_the_rows_of_the_table() -> None:
    steps = [{"coresPerLeg": 0.3}, {"coresPerLeg": 0.28}, {"coresPerLeg": 0.5}]
    sockets = {"sockets": 5_000, "kilobytesPerSocket": 40.0, "serverCores": 0.5, "storeCores": 0.1}
    rows = {
        "sockets": sockets,
        "joins": {"serverMsPerJoin": 20.0},
        "legs": {"servedInTime": 2, "steps": steps},
    }
    assert Measured.of({"measures": rows}) == MEASURED
