"""Request bodies that may be large: taken from a client only as fast as they are read.

Quart takes what a client sends as fast as it comes, and keeps it in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from quart import Request
from quart.asgi import ASGIHTTPConnection
from quart.wrappers.request import Body

MAX_UNREAD_BYTES = 1024 * 1024
"""Of one body; the rest waits in its client's kernel."""


class PatientBody(Body):
    """A body that says when there is room for more of it."""

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(expected_content_length, max_content_length)
        self._room = asyncio.Event()
        self._room.set()

    def append(self, data: bytes) -> None:
        """Take what came."""
        super().append(data)
        if len(self._data) >= MAX_UNREAD_BYTES:
            self._room.clear()

    async def __anext__(self) -> bytes:
        data = await super().__anext__()
        self._room.set()
        return data

    async def room(self) -> None:
        """Wait until enough was read."""
        await self._room.wait()


class PatientHttpConnection(ASGIHTTPConnection):
    """Use as `Quart.asgi_http_class`, with a request class of `requests_with_uploads`."""

    async def handle_messages(self, request: Any, receive: Any) -> None:
        """Hand over the body, and return when the client is gone."""

        async def when_there_is_room() -> Any:
            await request.body.room()
            return await receive()

        await super().handle_messages(request, when_there_is_room)


def requests_with_uploads(is_upload: Callable[[str, str], bool], max_bytes: int) -> type[Request]:
    """A class for `Quart.request_class`: requests of which some, by method and path, may be this large."""

    class UploadRequest(Request):
        body_class = PatientBody

        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            if is_upload(method, path):
                options["max_content_length"] = max_bytes
            super().__init__(method, scheme, path, *rest, **options)

    return UploadRequest
