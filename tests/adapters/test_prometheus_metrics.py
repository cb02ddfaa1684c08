"""Measurements as they are scraped."""

from __future__ import annotations

import threading

import pytest

from talchum.adapters.prometheus_metrics import PrometheusMetrics
from talchum.domain.errors import SettingsError
from talchum.domain.metrics import (
    EVERY_PART,
    FRAME_AGE,
    JOINS,
    METRICS,
    PICTURES,
    RELAY_TIME,
    SOCKETS,
    WORKER_SLOTS,
    Part,
)
from tests.scraping import scrape


@pytest.mark.parametrize("part", EVERY_PART)
def test_a_process_gives_what_the_table_says_and_nothing_else(part: Part) -> None:
    metrics = PrometheusMetrics(part)
    with metrics.served("127.0.0.1", 0) as port:
        given = scrape(port)
    # The parser names a counter without its ending.
    expected = {m.name.removesuffix("_total"): m.kind for m in METRICS if part in m.parts}
    assert given.kinds == expected
    assert given.value("process_resident_memory_bytes") > 1e6


def test_what_was_measured_is_scraped() -> None:
    metrics = PrometheusMetrics("server")
    metrics.set(SOCKETS, 3)
    metrics.count(JOINS, "participant")
    metrics.count(JOINS, "participant", by=2)
    metrics.observe(RELAY_TIME, 0.003)
    with metrics.served("127.0.0.1", 0) as port:
        given = scrape(port)
    assert given.value("talchum_sockets") == 3
    assert given.value("talchum_joins_total", role="participant") == 3
    assert given.value("talchum_relay_seconds_bucket", le="0.0025") == 0
    assert given.value("talchum_relay_seconds_bucket", le="0.005") == 1
    assert given.value("talchum_relay_seconds_sum") == pytest.approx(0.003)


def test_series_stay_few_whatever_is_put_into_a_label() -> None:
    metrics = PrometheusMetrics("worker")
    for number in range(1000):
        metrics.observe(FRAME_AGE, 0.01, f"engine {number}")
    with metrics.served("127.0.0.1", 0) as port:
        given = scrape(port)
    counts = [s for s in given.samples if s.name == "talchum_frame_age_seconds_count"]
    assert [(s.labels, s.value) for s in counts] == [({"engine": "other"}, 1000)]


def test_two_processes_of_a_test_do_not_share_a_registry() -> None:
    one, two = PrometheusMetrics("worker"), PrometheusMetrics("worker")
    one.set(WORKER_SLOTS, 4, "total")
    with two.served("127.0.0.1", 0) as port:
        assert scrape(port).value("talchum_face_worker_slots", slots="total") == 0


def test_threads_lose_no_count() -> None:
    metrics = PrometheusMetrics("worker")

    def work() -> None:
        for _ in range(1000):
            metrics.count(PICTURES, "face")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with metrics.served("127.0.0.1", 0) as port:
        assert scrape(port).value("talchum_pictures_total", picture="face") == 4000


def test_an_address_that_is_taken_is_said_by_the_settings_name() -> None:
    metrics = PrometheusMetrics("worker")
    with (
        metrics.served("127.0.0.1", 0) as port,
        pytest.raises(SettingsError, match="TALCHUM_METRICS_ADDRESS"),
        PrometheusMetrics("server").served("127.0.0.1", port),
    ):
        pass
