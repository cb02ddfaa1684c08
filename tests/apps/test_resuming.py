"""Sockets that are cut again and again, on two servers: everything arrives once and in order."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.apps.call_servers import STATE, CallServer, Installation, installation

pytestmark = pytest.mark.valkey

CANDIDATES = 40
CUTS = 5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("servers")) as servers:
        servers.start()
        servers.start()
        yield servers


@dataclass
class Person:
    """A client that keeps what it said until the server has it, and resumes wherever it can."""

    servers: list[CallServer]
    luck: random.Random
    session: str = ""
    peer: str = ""
    seq: int = 0
    last_seq: int = 0
    unconfirmed: deque[dict[str, Any]] = field(default_factory=deque)
    heard: list[dict[str, Any]] = field(default_factory=list)
    socket: ClientConnection | None = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self, ticket: str) -> None:
        opening: dict[str, Any] = {"type": "join", "ticket": ticket}
        while True:
            server = self.luck.choice(self.servers)
            async with connect(server.socket_url, compression=None, proxy=None) as socket:
                await socket.send(json.dumps(opening))
                try:
                    await self._converse(socket)
                except ConnectionClosed:
                    self.socket = None
            opening = {"type": "resume", "session": self.session, "lastSeq": self.last_seq}

    async def _converse(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "welcome":
                self.session, self.peer = message["session"], message["peer"]
            if message["type"] in ("resumed", "pong"):
                while self.unconfirmed and self.unconfirmed[0]["seq"] <= message["received"]:
                    self.unconfirmed.popleft()
            if message["type"] in ("welcome", "resumed"):
                self.socket = socket
                self.joined.set()
                for waiting in self.unconfirmed:
                    await socket.send(json.dumps(waiting))
            if message["seq"]:
                self.last_seq += 1
                assert message["seq"] == self.last_seq
            assert message["type"] != "error", message
            self.heard.append(message)

    async def say(self, kind: str, **values: Any) -> None:
        self.seq += 1
        message = {"type": kind, "seq": self.seq, **values}
        self.unconfirmed.append(message)
        if self.socket is not None:
            try:
                await self.socket.send(json.dumps(message))
            except ConnectionClosed:
                self.socket = None

    def cut(self) -> None:
        if self.socket is not None:
            self.socket.transport.abort()

    def candidates(self) -> list[str]:
        return [m["candidate"]["candidate"] for m in self.heard if m["type"] == "candidate"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_everything_said_arrives_once_and_in_order(running: Installation, seed: int) -> None:
    luck = random.Random(seed)
    room = running.servers[0].new_room()
    people = [Person(running.servers, luck), Person(running.servers, luck)]
    lives = [asyncio.create_task(person.live(running.servers[0].ticket(room)["ticket"])) for person in people]
    one, other = people
    async with asyncio.timeout(120):
        await asyncio.gather(*(person.joined.wait() for person in people))
        for person, friend in ((one, other), (other, one)):
            await person.say("state", state=STATE)
            await person.say("description", to=friend.peer, description={"type": "offer", "sdp": "v=0"})
        cuts = sorted(luck.sample(range(CANDIDATES), CUTS))
        for number in range(CANDIDATES):
            for person, friend in ((one, other), (other, one)):
                await person.say("candidate", to=friend.peer, candidate={"candidate": f"candidate:{number}"})
            if number in cuts:
                luck.choice(people).cut()
            await asyncio.sleep(luck.choice((0.0, 0.02)))
        expected = [f"candidate:{number}" for number in range(CANDIDATES)]
        while not all(person.candidates() == expected for person in people):
            assert not any(life.done() for life in lives), [life.exception() for life in lives if life.done()]
            assert all(len(person.candidates()) <= CANDIDATES for person in people)
            await asyncio.sleep(0.05)
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
