"""The projection: every figure follows from what was measured and what is assumed."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from benchmarks.projection import Assumptions, Measured, markdown, project

MEASURED = Measured(
    portrait_cores=0.28,
    leg_megabytes=50.0,
    store_idle_cores=0.001,
    store_cores_per_worker=0.002,
    store_cores_per_leg=0.00001,
    sockets=5_000,
    kilobytes_per_socket=40.0,
    server_cores=0.5,
    store_cores=0.1,
    milliseconds_per_join=20.0,
    store_milliseconds_per_join=2.0,
)
ASSUMED = Assumptions(minutes_a_call=10.0, busy=0.7, turn_share=0.2, leg_turn_share=0.05, megabits=2.0)


def test_what_grows_with_the_calls_is_taken_times_them() -> None:
    found = project(MEASURED, 10_000, ASSUMED)
    assert found.worker_cores == pytest.approx(4_000)
    assert found.workers == 250
    assert found.server_cores == pytest.approx((6 * 0.5 + 50 * 0.02) / 0.7)
    assert found.store_cores == pytest.approx(0.001 + 6 * 0.1 + 50 * 0.002 + 250 * 0.002 + 10_000 * 0.00001)
    assert found.worker_gigabytes == pytest.approx(488, abs=1)
    assert found.allocations_a_second == pytest.approx(10_000 / 600 * 3 * 2 * 2)
    assert found.worker_gigabits == pytest.approx(20.0)
    assert found.turn_gigabits == pytest.approx(10.0), (
        "both directions of a fifth of calls and a twentieth of legs"
    )
    assert found.turns == 2
    assert found.server_gigabytes == pytest.approx(1.14, abs=0.01)
    assert found.dollars_for_traffic == pytest.approx(30 * 450 * ASSUMED.dollars_a_gigabyte)


def test_a_call_hour_costs_the_same_at_any_size_but_for_what_cannot_be_divided() -> None:
    small, large = (project(MEASURED, calls, ASSUMED).dollars_a_call_hour for calls in (10_000, 100_000))
    assert large == pytest.approx(small, rel=0.01)


def test_a_slower_core_takes_more_of_them() -> None:
    slower = project(MEASURED, 10_000, replace(ASSUMED, core=0.5))
    assert slower.worker_cores == pytest.approx(8_000)
    assert slower.store_cores > 2 * project(MEASURED, 10_000, ASSUMED).store_cores, "and of more workers"


def test_call_servers_are_never_alone() -> None:
    assert project(MEASURED, 10, ASSUMED).servers == 2


def test_the_table_names_the_types_and_the_shares() -> None:
    told = markdown(project(MEASURED, 10_000, ASSUMED), replace(ASSUMED, worker_type="m9.huge"))
    assert "250 x m9.huge" in told
    assert "20% of calls and 5% of legs" in told
    assert "10,000 calls" in told


def test_figures_are_read_from_the_rows_of_the_table() -> None:
    steps = [
        {"legs": legs, "coresPerLeg": cores, "storeCores": 0.003}
        for legs, cores in ((1, 0.3), (2, 0.28), (3, 0.5))
    ]
    sockets = {"sockets": 5_000, "kilobytesPerSocket": 40.0, "serverCores": 0.5, "storeCores": 0.101}
    rows = {
        "sockets": sockets,
        "joins": {"serverMsPerJoin": 20.0, "storeMsPerJoin": 2.0},
        "leases": {"legs": 1_000, "storeCores": 0.011, "storeIdleCores": 0.001},
        "legs": {"servedInTime": 2, "megabytesPerFurtherLeg": 50.0, "steps": steps},
    }
    assert asdict(Measured.of({"measures": rows})) == pytest.approx(asdict(MEASURED))
