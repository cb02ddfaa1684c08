"""Server relay between two `talchum call`: the viewer takes the worn face from the face worker, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calls.service import Service, running_service
from tests.calls.test_headless_call import client, serving

pytestmark = [pytest.mark.call, pytest.mark.valkey]

WORN = ("--identity", "veil", "--stamp")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path / "service", settings={"TALCHUM_SERVER_RELAY": "auto"}) as running:
        yield running


def test_viewer_goes_over_to_the_faster_worker_and_back_when_that_is_killed(
    service: Service, tmp_path: Path
) -> None:
    link = service.new_link()
    with (
        client(service, link, tmp_path / "b") as viewer,
        client(service, link, tmp_path / "a", *WORN) as performer,
    ):
        viewer.until("the picture comes by server relay")
        for worker in serving(service):
            worker.process.kill()
        viewer.until("the picture comes by client relay")
        viewer.until("server relay is disclosed: verified")
        seen, shown = viewer.leave(), performer.leave()
    relay = seen["serverRelay"]
    assert relay["way"] == "client"
    assert min(len(gaps) for gaps in relay["gapMs"].values()) >= 1
    assert relay["framesShown"]["server"] > 0
    assert relay["delayMs"]["server"]["p50"] < relay["delayMs"]["client"]["p50"]
    assert shown["serverRelay"] is None, "nobody opened a leg to who wears one"
