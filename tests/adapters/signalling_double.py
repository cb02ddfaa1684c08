"""A call server reduced to one session: it numbers, replays and can be cut or silenced by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from websockets.asyncio.server import ServerConnection, serve

from talchum.protocol.messages import (
    ClientMessage,
    Failure,
    Join,
    Ping,
    Pong,
    Resume,
    Resumed,
    ServerMessage,
    Welcome,
    decode_client_message,
    encode,
)

SESSION = "room.fedcba9876543210"


class Double:
    """One peer's session on the server's side."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[ClientMessage] = []
        self.openings: list[Join | Resume] = []
        self.received = 0
        self.sent = 0
        self.outbox: list[ServerMessage] = []
        self.socket: ServerConnection | None = None
        self.deaf = False
        self.resume_within = 30
        self.refuse: Failure | None = None
        self.expire_in = 600

    async def push(self, message: ServerMessage) -> None:
        """A numbered message; it is replayed on a resume."""
        self.sent += 1
        numbered = msgspec.structs.replace(message, seq=self.sent)
        self.outbox.append(numbered)
        if self.socket is not None:
            await self.socket.send(encode(numbered))

    async def cut(self) -> None:
        """As a bad network would."""
        socket, self.socket = self.socket, None
        if socket is not None:
            socket.transport.abort()

    async def handle(self, socket: ServerConnection) -> None:
        first = decode_client_message(await socket.recv())
        assert isinstance(first, Join | Resume)
        self.openings.append(first)
        if self.refuse is not None:
            await socket.send(encode(self.refuse))
            return
        self.socket = socket
        if isinstance(first, Join):
            await socket.send(encode(self._welcome()))
        else:
            await socket.send(encode(Resumed(received=self.received)))
            for message in self.outbox:
                if message.seq > first.last_seq:
                    await socket.send(encode(message))
        async for text in socket:
            await self._take(socket, decode_client_message(text))

    async def _take(self, socket: ServerConnection, message: ClientMessage) -> None:
        if self.deaf:
            return
        if isinstance(message, Ping):
            await socket.send(encode(Pong(nonce=message.nonce, received=self.received)))
        elif message.seq == 0 or message.seq > self.received:
            self.received = max(self.received, message.seq)
            self.got.append(message)

    def _welcome(self) -> Welcome:
        return Welcome(
            session=SESSION,
            peer="a",
            role="participant",
            peers=[],
            ice_servers=[],
            ice_servers_expire_in=self.expire_in,
            resume_within=self.resume_within,
        )


@asynccontextmanager
async def signalling_double() -> AsyncIterator[Double]:
    double = Double()
    async with serve(double.handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        double.url = f"ws://127.0.0.1:{port}/ws"
        yield double
        await asyncio.sleep(0)
