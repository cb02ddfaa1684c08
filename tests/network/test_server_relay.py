"""Where the performer's line is long, the viewer goes over to the face worker's picture by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import running_service
from tests.network.link_emulator import Impairment
from tests.network.namespaces import SERVER_ADDRESS, TURN_ADDRESS, small_internet
from tests.network.turn_server import turn_server
from tests.network.worker_packets import CLIP

pytestmark = [pytest.mark.netns, pytest.mark.coturn, pytest.mark.call, pytest.mark.vision]

SECONDS = 20.0


def test_viewer_of_a_performer_behind_a_long_line_is_shown_the_workers_picture(tmp_path: Path) -> None:
    with (
        small_internet("cone", link_a=Impairment(delay=0.04)) as internet,
        turn_server(internet.server, TURN_ADDRESS, tmp_path) as turn,
        running_service(
            tmp_path / "data",
            internet.server,
            host=SERVER_ADDRESS,
            turn=turn,
            settings={"TALCHUM_SERVER_RELAY": "auto"},
        ) as service,
    ):
        link, worn = service.new_link(), ("--identity", "veil", "--stamp")
        with (
            headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_b) as b,
            headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_a, arguments=worn) as a,
        ):
            seen, shown = b.report(), a.report()
    relay = seen["serverRelay"]
    assert seen["disclosure"]["verified"]
    assert relay["framesShown"]["server"] > 0
    assert relay["gapMs"]["server"]
    measured, estimated = relay["delayMs"], relay["estimatedMs"]
    assert measured["server"]["p50"] < measured["client"]["p50"]
    assert estimated["server"] < estimated["client"]
    assert shown["serverRelay"] is None, "nobody opened a leg to who wears one"
