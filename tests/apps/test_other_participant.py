"""What is told of the connection to the other person when the call is over."""

from __future__ import annotations

from typing import Any, cast

import pytest

from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps import other_participant
from talchum.apps.other_participant import CallResults, OtherParticipant
from talchum.apps.peer_disclosure import PeerDisclosure
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import ClientMessage, Peer, ReportRoute


class PeerDouble:
    """Knows the routes it is given, one a question; None when it is closed."""

    def __init__(self, *_: Any) -> None:
        self.routes: list[PeerStats | None] = [
            PeerStats(route="relay", path="relay-udp"),
            PeerStats(),
            None,
        ]

    def open_channel(self, _label: str, *, number: int) -> None:
        assert number >= 0

    async def stats(self) -> PeerStats:
        answer = self.routes.pop(0)
        if answer is None:
            raise PeerConnectionError("closed", code="connection_closed")
        return answer


async def test_the_route_stays_known_when_the_other_side_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_participant, "WebRtcPeer", PeerDouble)
    results, peer = CallResults(), Peer(id="b", role="participant", polite=True)
    disclosure = cast("PeerDisclosure", None)
    told: list[ClientMessage] = []
    other = OtherParticipant(peer, told.append, results, None, (), disclosure, own_face=False)
    for _ in range(3):
        await other.note_route()
        assert results.route == "relay"
    assert told == [ReportRoute(route="relay-udp")]
