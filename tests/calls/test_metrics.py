"""What the processes of a call measure of it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from talchum.domain.metrics import LABELS, OTHER
from tests.calls.headless import headless_call
from tests.calls.service import free_port, running_service
from tests.scraping import Scrape, scrape

pytestmark = [pytest.mark.call, pytest.mark.valkey]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
PATIENCE = 60.0
STAGES = ("trackTime", "renderTime", "blendTime", "markTime")


def address(port: int) -> dict[str, str]:
    return {"TALCHUM_METRICS_ADDRESS": f"127.0.0.1:{port}"}


def expect_only_known_labels(given: Scrape) -> None:
    for sample in given.samples:
        for label, value in sample.labels.items():
            assert label == "le" or value in (*LABELS[label], OTHER)


def test_a_call_with_a_face_is_seen_in_the_measurements(tmp_path: Path) -> None:
    of_server, of_worker = free_port(), free_port()
    with running_service(tmp_path, servers=0, workers=0) as service:
        service.start_server(address(of_server))
        service.start_worker(address(of_worker))
        with redis.Redis.from_url(service.store.url) as store:
            store.zadd("talchum:face-legs.gpu-waiting", {"one that waits": 4e9})
        link = service.new_link()
        with (
            headless_call(service, link, CLIP, seconds=6.0, arguments=["--identity", "veil"]) as a,
            headless_call(service, link, CLIP, seconds=6.0) as b,
        ):
            assert a.report()["connected"]
            assert b.report()["connected"]
        server, worker = scrape(of_server), scrape(of_worker)
    assert server.value("talchum_joins_total", role="participant") == 2
    assert server.value("talchum_joins_total", role="face-worker") == 1
    assert server.value("talchum_participants") == 0
    assert server.value("talchum_face_legs_asked_total") == 1
    assert server.value("talchum_face_legs_begun_total") == 1
    assert sum(s.value for s in server.samples if s.name == "talchum_face_legs_ended_total") == 1
    assert server.value("talchum_face_legs_waiting", queue="face-legs.gpu") == 1
    assert server.value("talchum_relayed_messages_total", message="description") >= 4
    assert server.value("talchum_call_routes_total", route="host") == 2
    relayed = sum(s.value for s in server.samples if s.name == "talchum_relayed_messages_total")
    assert server.value("talchum_relay_seconds_count") == relayed
    assert server.value("talchum_event_loop_lag_seconds_count") > 0
    assert server.value("talchum_store_errors_total") == 0
    assert worker.value("talchum_face_worker_slots", slots="total") >= 1
    assert worker.value("talchum_face_leg_wait_seconds_count") == 1
    frames = worker.value("talchum_frame_age_seconds_count", engine="veil")
    assert frames > 0
    assert worker.value("talchum_pictures_total", picture="face") > 0
    for stage in STAGES:
        assert worker.value("talchum_stage_seconds_count", engine="veil", stage=stage) > 0
    expect_only_known_labels(server)
    expect_only_known_labels(worker)


def test_processes_beside_the_call_answer_too(tmp_path: Path) -> None:
    ports = {"trainer": free_port(), "recorder": free_port()}
    with running_service(tmp_path, workers=0) as service, contextlib.ExitStack() as stack:
        for part, port in ports.items():
            environment = {**service.environment(), **address(port)}
            environment["TALCHUM_SERVER_URL"] = f"ws://127.0.0.1:{service.servers[0].port}/ws"
            process = subprocess.Popen([sys.executable, "-m", f"talchum.apps.{part}"], env=environment)
            stack.callback(process.wait, PATIENCE)
            stack.callback(process.send_signal, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        seen: dict[str, Scrape] = {}
        while len(seen) < len(ports):
            assert time.monotonic() < deadline, seen.keys()
            for part, port in ports.items():
                with contextlib.suppress(OSError):
                    seen[part] = scrape(port)
            time.sleep(0.1)
        assert seen["trainer"].value("talchum_training_jobs") == 0
        assert seen["recorder"].value("talchum_recordings") == 0
        assert seen["recorder"].kinds["talchum_event_loop_lag_seconds"] == "histogram"
