"""Redis goes away under a running call and comes back empty: the call goes on, new ones wait, all heals."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.calls.service import Service, running_service
from tests.calls.test_headless_call import client, wait_for

pytestmark = [pytest.mark.call, pytest.mark.valkey]

OUTAGE = 8.0
"""Longer than a worker's presence and about as long as a leg's lease, both of which expire in the store."""


def refusal(service: Service) -> tuple[int, str]:
    try:
        service.new_link()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    return 201, ""


def test_a_running_call_goes_on_and_a_new_one_is_told_to_wait(tmp_path: Path) -> None:
    with running_service(tmp_path / "service") as service:
        link = service.new_link()
        with (
            client(service, link, tmp_path / "b") as other,
            client(service, link, tmp_path / "a", "--identity", "veil", "--stamp") as performer,
        ):
            performer.until("the face is on")
            other.until("the first stamped frame arrived")
            service.lose_store()
            lost = time.monotonic()
            wait_for(lambda: refusal(service)[0] == 503, "a new call is refused")
            status, said = refusal(service)
            assert "store_unavailable" in said
            assert '"retryable":true' in said.replace(" ", "")
            time.sleep(max(0.0, lost + OUTAGE - time.monotonic()))  # what is tested is that it lasted
            service.start_store()
            wait_for(lambda: service.health()["faceWorkers"] == 1, "the worker is known again")
            second = service.new_link()
            with (
                client(service, second, tmp_path / "d") as newcomer,
                client(service, second, tmp_path / "c", "--identity", "veil", "--stamp") as another,
            ):
                another.until("the face is on")
                newcomer.until("the first stamped frame arrived")
                assert newcomer.leave()["connected"]
                assert another.leave()["connected"]
            shown, seen = performer.leave(), other.leave()
        worker = service.workers[0].log.read_text()
    # On a busy machine the performer may have changed legs, but nothing ended one that was in use.
    assert "session_lost" not in worker
    assert "no_longer_wanted" not in worker
    assert status == 503
    assert shown["connected"]
    assert seen["connected"]
    assert seen["framesReceived"] > 10 * OUTAGE
