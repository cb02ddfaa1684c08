"""Calls by relay alone over two real TURN servers: the room's own, and the other once that is dead."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webrtc

from talchum.adapters.coturn import find_coturn, prepare_coturn
from talchum.adapters.network_addresses import free_port
from talchum.adapters.turn_credentials import TurnCredentials
from talchum.adapters.webrtc.peer import PeerOptions
from talchum.protocol.messages import IceServer
from tests.adapters.peers import TIMEOUT, Side, connected, wire
from tests.adapters.webrtc.calls import Call

pytestmark = [pytest.mark.call, pytest.mark.coturn]

SECRET = "a secret for these tests"
ADDRESSES = ("127.0.0.1", "127.0.0.2")


class Servers:
    """Two coturn processes on two addresses, and who gets which."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.processes = {address: self._start(directory / address, address) for address in ADDRESSES}
        kinds = ("udp", "tcp")
        urls = [f"turn:{address}:{self.port}?transport={kind}" for address in ADDRESSES for kind in kinds]
        self.credentials = TurnCredentials(tuple(urls), SECRET)

    def _start(self, directory: Path, address: str) -> subprocess.Popen[bytes]:
        executable = find_coturn()
        assert executable is not None
        directory.mkdir()
        coturn = prepare_coturn(executable, directory, port=self.port, addresses=[address], secret=SECRET)
        process = subprocess.Popen(coturn.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10.0
        while not self._answers(address):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    def _answers(self, address: str) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((address, self.port)) == 0

    def room_of(self, address: str) -> str:
        """A room whose first choice is this server."""
        rooms = (f"room {number}" for number in range(1000))
        return next(room for room in rooms if address in self.issue(room)[0].urls[0])

    def issue(self, room: str) -> tuple[IceServer, ...]:
        return tuple(self.credentials.issue("p1", "h", time.time(), room=room))

    def stop(self, address: str) -> None:
        self.processes[address].terminate()
        self.processes[address].wait(10)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers(tmp_path)
    yield made
    for address in ADDRESSES:
        made.stop(address)


async def expect_relay(call: Call, servers: Servers, room: str, address: str) -> None:
    """A new call of two participants of this room settles on this relay, on both sides."""
    sides = []
    for polite in (True, False):
        options = PeerOptions(
            audience="participant",
            polite=polite,
            own_face=True,
            ice_servers=servers.issue(room),
            relay_only=True,
        )
        sides.append(Side(options))
    call.sides += sides
    wire(*sides)
    await sides[1].peer.send_video(call.camera())
    await connected(*sides)
    async with asyncio.timeout(TIMEOUT):  # the first pair that works is left for a better one
        while {await selected_relay(side) for side in sides} != {address}:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)


async def selected_relay(side: Side) -> str:
    report: Any = await side.peer._connection.get_stats()
    pairs = [
        report[entry.selected_candidate_pair_id]
        for entry in report.values()
        if isinstance(entry, webrtc.RTCTransportStats) and entry.selected_candidate_pair_id
    ]
    local = report[pairs[0].local_candidate_id]
    assert local.candidate_type == "relay"
    return str(local.address)


async def test_each_room_goes_over_its_own_server(call: Call, servers: Servers) -> None:
    for address in ADDRESSES:
        await expect_relay(call, servers, servers.room_of(address), address)


async def test_dead_server_breaks_no_new_call_of_its_rooms(call: Call, servers: Servers) -> None:
    room = servers.room_of(ADDRESSES[0])
    servers.stop(ADDRESSES[0])
    await expect_relay(call, servers, room, ADDRESSES[1])
