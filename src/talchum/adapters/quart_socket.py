"""A WebSocket of Quart as signalling needs it: it pushes back, and it is read to its end.

Quart's own connection queues without bound what a client sends, and cancels the handler the moment the client
is gone, with all that was sent but not yet handled, such as `leave`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from quart import Quart, Websocket
from quart.asgi import ASGIWebsocketConnection

MAX_UNREAD = 4
"""Messages taken from a client before they are handled; the rest waits in its own kernel."""

# What receive() gives once the client is gone; compared by identity, so no client can send it.
_GONE = bytes(bytearray(b"gone"))


class PatientWebsocketConnection(ASGIWebsocketConnection):
    """Use as `Quart.asgi_websocket_class`."""

    def __init__(self, app: Quart, scope: Any) -> None:
        super().__init__(app, scope)
        self.queue = asyncio.Queue(MAX_UNREAD)

    async def handle_messages(self, receive: Any) -> None:
        """Hand over what arrives, at last that nothing more will; only the handler ends the connection."""
        await super().handle_messages(receive)
        await self.queue.put(_GONE)
        await asyncio.Event().wait()


class QuartSocket:
    """The current WebSocket as `talchum.apps.signalling.Socket`."""

    def __init__(self, websocket: Websocket) -> None:
        self._websocket = websocket
        self._gone = False

    async def receive(self) -> str | bytes | None:
        """The next message, None once the client is gone."""
        if not self._gone:
            data = await self._websocket.receive()
            if data is not _GONE:
                return data
            self._gone = True
        return None

    async def send(self, text: str) -> None:
        """Send one text message; to a client that is gone, nothing."""
        if not self._gone:
            try:
                await self._websocket.send(text)
            except OSError:  # uvicorn's ClientDisconnected; receive() says so too
                return

    async def close(self, code: int) -> None:
        """Close, unless the client has."""
        if not self._gone:
            self._gone = True
            try:
                await self._websocket.close(code)
            except (OSError, RuntimeError):  # the client closed meanwhile
                return
