"""A large body is taken from its client only as fast as it is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from quart import Quart, Response, request

from talchum.adapters.quart_upload import MAX_UNREAD_BYTES, PatientHttpConnection, requests_with_uploads

PIECE = bytes(64 * 1024)
PIECES = 64


class Application:
    """Takes uploads at PUT /file when it is told to."""

    def __init__(self) -> None:
        self.app = Quart(__name__, static_folder=None)
        self.app.config["MAX_CONTENT_LENGTH"] = 100
        self.app.asgi_http_class = PatientHttpConnection
        self.app.request_class = requests_with_uploads(
            lambda method, path: (method, path) == ("PUT", "/file"), PIECES * len(PIECE)
        )
        self.read, self.cancelled, self.taken = asyncio.Event(), False, 0

        @self.app.put("/file")
        async def upload() -> Response:
            try:
                await self.read.wait()
                async for piece in request.body:
                    self.taken += len(piece)
            except asyncio.CancelledError:
                self.cancelled = True
                raise
            return Response(str(self.taken))

        @self.app.put("/other")
        async def other() -> Response:
            return Response(await request.get_data())


class Client:
    """Sends as fast as it is asked for more. sent: how many pieces were asked for."""

    def __init__(self, path: str, pieces: int = PIECES, *, hangs_up: bool = False) -> None:
        self.sent, self.pieces, self.hangs_up = 0, pieces, hangs_up
        self.answer: list[dict[str, Any]] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": "PUT",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
        }

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        if self.sent < self.pieces:
            self.sent += 1
            more = self.sent < self.pieces or self.hangs_up
            return {"type": "http.request", "body": PIECE, "more_body": more}
        if self.hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.answer.append(message)


def start(application: Application, client: Client) -> asyncio.Task[None]:
    asgi: Any = application.app
    return asyncio.ensure_future(asgi(client.scope, client.receive, client.send))


async def settled(client: Client) -> int:
    """How many pieces a client is asked for that nobody reads."""
    for _ in range(10 * PIECES):
        await asyncio.sleep(0)
    return client.sent


async def test_what_nobody_reads_stays_with_the_client() -> None:
    application, client = Application(), Client("/file")
    task = start(application, client)
    async with asyncio.timeout(30):
        assert await settled(client) * len(PIECE) == MAX_UNREAD_BYTES
        application.read.set()
        await task
    assert application.taken == PIECES * len(PIECE)
    assert client.answer[0]["status"] == 200


async def test_who_hangs_up_is_noticed() -> None:
    application, client = Application(), Client("/file", 3, hangs_up=True)
    application.read.set()
    async with asyncio.timeout(30):
        await start(application, client)
    assert application.cancelled


@pytest.mark.parametrize("path", ["/other", "/file/more"])
async def test_no_other_request_may_be_large(path: str) -> None:
    application, client = Application(), Client(path, 3)
    async with asyncio.timeout(30):
        await start(application, client)
    assert client.answer[0]["status"] in (404, 413)
