"""A face worker behind a symmetric NAT serves a call, and its viewer too, through a TURN server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import running_service
from tests.network.namespaces import SERVER_ADDRESS, TURN_ADDRESS, small_internet
from tests.network.turn_server import turn_server
from tests.network.worker_packets import CLIP

pytestmark = [pytest.mark.netns, pytest.mark.coturn, pytest.mark.call, pytest.mark.vision]

SECONDS = 10.0


def test_a_worker_behind_a_symmetric_nat_serves_a_performer_and_the_viewer_they_open_it_to(
    tmp_path: Path,
) -> None:
    with (
        small_internet("symmetric") as internet,
        turn_server(internet.server, TURN_ADDRESS, tmp_path) as turn,
        running_service(
            tmp_path / "data",
            internet.server,
            host=SERVER_ADDRESS,
            turn=turn,
            workers=0,
            settings={"TALCHUM_SERVER_RELAY": "always"},
        ) as service,
    ):
        service.start_worker({"TALCHUM_WORKER_REACHABLE": "relay"}, place=internet.host_b)
        link, place = service.new_link(), internet.host_a
        worn = ("--identity", "veil", "--stamp")
        with (
            headless_call(service, link, CLIP, seconds=SECONDS, place=place, arguments=worn) as a,
            headless_call(service, link, CLIP, seconds=SECONDS, place=place) as b,
        ):
            seen, shown = b.report(), a.report()
    assert shown["faceLeg"]["framesReceived"] >= 2 * SECONDS
    assert seen["framesReceived"] >= 2 * SECONDS
    assert seen["disclosure"]["verified"]
    assert seen["serverRelay"]["delayMs"]["server"] is not None, "nothing came from the worker itself"
