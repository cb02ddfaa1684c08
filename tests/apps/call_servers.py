"""Call servers as processes over one store, and clients that speak to them as a browser does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from talchum.adapters.network_addresses import free_port
from tests.stores import Store, running_store

SRC = Path(__file__).resolve().parents[2] / "src"
PATIENCE = 60.0
STATE = {"face": {"kind": "synthetic"}, "ownFace": False, "camera": True, "microphone": True}


@dataclass
class CallServer:
    """One process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://localhost:{self.port}/ws"

    def request(
        self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, post: bool = False
    ) -> tuple[int, Any, Message]:
        """Status, decoded JSON (or text) and headers."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        method = "POST" if post or data is not None else "GET"
        request = urllib.request.Request(
            f"{self.origin}{path}", data=data, headers=dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, decoded(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, decoded(error.read()), error.headers

    def new_room(self) -> str:
        status, answer, _ = self.request("/api/rooms", {})
        assert status == 201
        return str(answer["room"])

    def ticket(self, room: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        status, answer, _ = self.request(f"/api/rooms/{room}/tickets", dict(body or {}))
        assert status == 201, answer
        return dict(answer)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Client:
    """One WebSocket; everything is checked to arrive in the order of its numbers."""

    socket: ClientConnection
    welcome: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    last_seq: int = 0

    @property
    def peer(self) -> str:
        return str(self.welcome["peer"])

    async def say(self, kind: str, **values: Any) -> None:
        self.seq += 1
        await self.socket.send(json.dumps({"type": kind, "seq": self.seq, **values}))

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, or the next of a kind."""
        while True:
            message: dict[str, Any] = json.loads(await self.socket.recv())
            if message["seq"]:
                self.last_seq += 1
                assert message["seq"] == self.last_seq
            if kind is None or message["type"] == kind:
                return message

    async def join(self, ticket: str) -> Self:
        await self.socket.send(json.dumps({"type": "join", "ticket": ticket}))
        self.welcome = await self.hear("welcome")
        return self

    async def continue_from(self, other: Client) -> dict[str, Any]:
        """Resume the session of a client whose socket is gone."""
        session = other.welcome["session"]
        await self.socket.send(json.dumps({"type": "resume", "session": session, "lastSeq": other.last_seq}))
        self.welcome, self.seq, self.last_seq = other.welcome, other.seq, other.last_seq
        return await self.hear()

    async def drop(self) -> None:
        """Lose the connection as a bad network does: no closing handshake."""
        self.socket.transport.abort()
        await self.socket.wait_closed()


@dataclass
class Installation:
    """A store and any number of call servers."""

    directory: Path
    store: Store
    settings: Mapping[str, str]
    servers: list[CallServer] = field(default_factory=list)

    def start(self, **settings: str) -> CallServer:
        port = free_port()
        log = self.directory / f"server-{port}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TALCHUM_")}
        environment |= {"PYTHONPATH": str(SRC), "TALCHUM_REDIS_URL": self.store.url}
        environment |= {"TALCHUM_PORT": str(port), "TALCHUM_DATA": str(self.directory)}
        environment |= {**self.settings, **settings}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "talchum.apps.server"], env=environment, stdout=out, stderr=out
            )
        server = CallServer(port, process, log)
        self.servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                if server.request("/healthz")[0] == 200:
                    return server
            except OSError:
                time.sleep(0.05)


@contextmanager
def installation(directory: Path, **settings: str) -> Iterator[Installation]:
    with running_store(directory) as store:
        running = Installation(directory, store, settings)
        try:
            yield running
        finally:
            for server in running.servers:
                server.stop()


@asynccontextmanager
async def client(server: CallServer, **options: Any) -> AsyncIterator[Client]:
    options = {"origin": server.origin, "compression": None, "proxy": None, **options}
    async with connect(server.socket_url, **options) as socket:
        yield Client(socket)


@asynccontextmanager
async def participant(server: CallServer, room: str) -> AsyncIterator[Client]:
    async with client(server) as joining:
        yield await joining.join(server.ticket(room)["ticket"])


def decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
