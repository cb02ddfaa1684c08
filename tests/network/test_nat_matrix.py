"""Calls between two people behind NATs take the route that the networks allow, and no better one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import running_service
from tests.network.namespaces import SERVER_ADDRESS, TURN_ADDRESS, NatMode, small_internet
from tests.network.turn_server import turn_server

pytestmark = [pytest.mark.netns, pytest.mark.coturn, pytest.mark.call, pytest.mark.vision]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
SECONDS = 10


# TLS on 443 is crossed in tests/browser: outside of browsers libwebrtc trusts no certificate of our making.
@pytest.mark.parametrize(
    ("mode", "route"), [("cone", "direct"), ("symmetric", "relay"), ("udp_blocked", "relay")]
)
def test_a_call_with_a_face_takes_the_route_that_is_open(mode: NatMode, route: str, tmp_path: Path) -> None:
    with (
        small_internet(mode) as internet,
        turn_server(internet.server, TURN_ADDRESS, tmp_path) as turn,
        running_service(tmp_path / "data", internet.server, host=SERVER_ADDRESS, turn=turn) as service,
    ):
        link = service.new_link()
        wear = ["--identity", service.faces()[0]]
        with (
            headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_a, arguments=wear) as a,
            headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_b) as b,
        ):
            sent, received = a.report(), b.report()
    assert received["connected"]
    assert received["route"] == sent["route"] == route
    assert received["framesReceived"] >= 2 * SECONDS
    assert sent["faceLeg"]["framesReceived"] >= 2 * SECONDS
