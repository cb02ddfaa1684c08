"""Who a connection is with: the certificate that was described, and nobody who merely sends packets first.

A known class of fault takes the first ClientHello that comes to a port, from anywhere (Asterisk
GHSA-hxj9-xwr8-w8pq); a call then fails, or is with somebody else.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from dataclasses import dataclass, field

import pytest
from OpenSSL import SSL

from talchum.adapters.webrtc.peer import PeerOptions
from talchum.adapters.webrtc.sources import EgressVideo
from talchum.domain.frame import I420Frame
from talchum.protocol.messages import IceCandidate, SessionDescription
from talchum.protocol.worker_candidates import WorkerCandidates
from tests.adapters.peers import Side, connected, until, wire
from tests.adapters.webrtc.calls import Call

pytestmark = pytest.mark.call

CANDIDATE = re.compile(r"udp \d+ (127\.0\.0\.1) (\d+) typ host")


class Offering(Side):
    """A performer who chooses who greets (RFC 8842 `setup`).

    impostor: the description names another certificate than theirs, as a middleman's would.
    """

    def __init__(self, setup: str, *, impostor: bool = False) -> None:
        super().__init__(PeerOptions(audience="face-worker", polite=False))
        self.setup = setup
        self.impostor = impostor

    def description_made(self, description: SessionDescription) -> None:
        sdp = description.sdp.replace("a=setup:actpass", f"a=setup:{self.setup}")
        if self.impostor:
            other = ":".join(secrets.token_hex(1).upper() for _ in range(32))
            sdp = re.sub(r"(a=fingerprint:sha-256 )[0-9A-F:]+", rf"\g<1>{other}", sdp)
        assert sdp != description.sdp
        super().description_made(SessionDescription(type=description.type, sdp=sdp))


@dataclass
class Stranger:
    """Somebody at another port who sends ClientHellos to every port that a worker names."""

    socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sent: int = 0

    async def greet(self, seen: list[str]) -> None:
        self.socket.setblocking(False)
        while True:
            for address, port in {match for text in seen for match in CANDIDATE.findall(text)}:
                self.socket.sendto(client_hello(), (address, int(port)))
                self.sent += 1
            await asyncio.sleep(0.005)

    def answered(self) -> bool:
        try:
            return bool(self.socket.recv(4096))
        except BlockingIOError:
            return False


def client_hello() -> bytes:
    """The first flight of a DTLS handshake (RFC 6347 4.2.1)."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD), None)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(4096)


async def worker_side(call: Call) -> Side:
    worker = call.side("performer", polite=True, offers=False)
    returned = EgressVideo()
    call.sources.append(returned)
    await worker.peer.send_video(returned)
    return worker


@pytest.mark.parametrize("setup", ["active", "passive"])
async def test_a_certificate_that_was_not_described_is_refused_whoever_greets(call: Call, setup: str) -> None:
    worker, impostor = await worker_side(call), Offering(setup, impostor=True)
    call.sides.append(impostor)
    wire(impostor, worker)
    impostor.peer.open_channel("talchum")
    await impostor.peer.send_video(call.camera())
    await until(lambda: "failed" in worker.states, f"the worker refuses, it is {worker.states}")
    assert "connected" not in worker.states
    assert not worker.opened
    got: list[I420Frame] = []
    for video in worker.videos:
        video.read(lambda frame, _arrived: got.append(frame))
    await asyncio.sleep(0.1)
    assert not got


@pytest.mark.parametrize("setup", ["active", "passive"])
async def test_a_strangers_client_hello_is_neither_answered_nor_in_the_way(call: Call, setup: str) -> None:
    worker, performer = await worker_side(call), Offering(setup)
    call.sides.append(performer)
    seen: list[str] = []
    stranger = Stranger()
    wire(performer, worker)

    def note(candidate: IceCandidate) -> bool:
        seen.append(candidate.candidate)
        return True

    worker.filter = note
    performer.filter = WorkerCandidates().takes
    greeting = asyncio.create_task(stranger.greet(seen))
    try:
        performer.peer.open_channel("talchum")
        await performer.peer.send_video(call.camera())
        await connected(performer, worker)
        await until(lambda: stranger.sent > 50, "it has been greeted")
        got: list[I420Frame] = []
        worker.videos[0].read(lambda frame, _arrived: got.append(frame))
        await until(lambda: len(got) > 3, "frames arrive")
        assert not stranger.answered()
        assert worker.states[-1] == "connected"
    finally:
        greeting.cancel()
        stranger.socket.close()
