"""The WebSocket to the call server, kept up as long as its session lasts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
import time
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from talchum.domain.errors import AdmissionError, MessageError
from talchum.protocol.client_session import ClientSession
from talchum.protocol.messages import (
    MAX_MESSAGE_BYTES,
    ClientMessage,
    Leave,
    ServerMessage,
    Welcome,
    decode_server_message,
    encode,
)

logger = logging.getLogger(__name__)

JOIN_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.2
LAST_BACKOFF_SECONDS = 5.0
SILENCE_SECONDS = 5.0  # how long the server may leave a protocol ping unanswered


class SignallingClient:
    """One session with the call server.

    on_message: called on the event loop for every message of the server, once each and in order.
    tls: how to trust the server of a wss: address. resume: whether the session outlives its socket.
    """

    def __init__(
        self,
        url: str,
        ticket: str,
        on_message: Callable[[ServerMessage], None],
        *,
        tls: ssl.SSLContext | None = None,
        resume: bool = True,
    ) -> None:
        self._url = url
        self._tls = tls
        self._on_message = on_message
        self._resumes = resume
        self._session = ClientSession(ticket)
        self._socket: ClientConnection | None = None
        self._to_write: asyncio.Queue[ClientMessage] = asyncio.Queue()
        self._leaving = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether there is a socket on which the session goes on."""
        return self._socket is not None

    def send(self, message: ClientMessage) -> None:
        """Send a message, now or as soon as there is a socket again."""
        numbered = self._session.queue(message)
        if self._socket is not None:
            self._to_write.put_nowait(numbered)

    async def run(self) -> None:
        """Keep the session until `leave`.

        Raises AdmissionError: the server's own code, or `session_lost` when it could not be reached in time.
        """
        lost_at, backoff = time.monotonic(), FIRST_BACKOFF_SECONDS
        while not self._leaving.is_set():
            try:
                async with self._connect() as socket:
                    await socket.send(encode(self._session.opening()))
                    welcomed = await self._converse(socket)
                if welcomed:
                    lost_at, backoff = time.monotonic(), FIRST_BACKOFF_SECONDS
            except (OSError, WebSocketException, TimeoutError) as error:
                logger.info("signalling: %s", type(error).__name__)
            if self._leaving.is_set():
                return
            self._check_patience(time.monotonic() - lost_at)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff * random.uniform(0.5, 1.0)):
                    await self._leaving.wait()
            backoff = min(LAST_BACKOFF_SECONDS, backoff * 2)

    async def leave(self) -> None:
        """Leave the room for good and let `run` return."""
        socket = self._socket
        self._leaving.set()
        if socket is not None:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.send(encode(self._session.queue(Leave())))
                    await socket.close()

    def cut(self) -> None:
        """Drop the socket as a bad network would; the session goes on on the next one."""
        if self._socket is not None:
            self._socket.transport.abort()

    def _connect(self) -> connect:
        return connect(
            self._url,
            ssl=self._tls,
            max_size=4 * MAX_MESSAGE_BYTES,
            ping_interval=SILENCE_SECONDS,
            ping_timeout=SILENCE_SECONDS,
            open_timeout=SILENCE_SECONDS,
            close_timeout=1.0,
            compression=None,
            proxy=None,
        )

    def _check_patience(self, lost_for: float) -> None:
        if self._session.joined and not self._resumes:
            raise AdmissionError("the connection to the call server was lost", code="session_lost")
        patience = self._session.resume_within if self._session.joined else JOIN_SECONDS
        if lost_for > patience:
            raise AdmissionError(
                f"got no call server for {lost_for:.0f} s, expected one within {patience:.0f} s",
                code="session_lost",
                retryable=True,
            )

    async def _converse(self, socket: ClientConnection) -> bool:
        """Read and write until the socket is gone; whether the session went on on it."""
        writer: asyncio.Task[None] | None = None
        try:
            async for text in socket:
                message = self._decode(text)
                if message is None:
                    continue
                fresh = self._session.receive(message, time.monotonic())
                if writer is None:
                    writer = self._start_writing(socket, is_new=isinstance(message, Welcome))
                if fresh:
                    self._on_message(message)
        except (OSError, WebSocketException) as error:  # however it ended, the session was on until now
            logger.info("signalling: %s", type(error).__name__)
        finally:
            self._socket = None
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
        return writer is not None

    def _start_writing(self, socket: ClientConnection, *, is_new: bool) -> asyncio.Task[None]:
        """The session is on: first again what the server has not processed, then what comes."""
        logger.info("signalling: %s", "joined" if is_new else "resumed")
        self._to_write = asyncio.Queue()
        for message in self._session.unprocessed:
            self._to_write.put_nowait(message)
        self._socket = socket
        return asyncio.create_task(self._write(socket))

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(OSError, WebSocketException):
            while True:
                for message in self._session.due(time.monotonic()):
                    await socket.send(encode(message))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._session.next_due(time.monotonic())):
                        message = await self._to_write.get()
                        await socket.send(encode(message))

    def _decode(self, text: str | bytes) -> ServerMessage | None:
        try:
            return decode_server_message(text)
        except MessageError as error:
            logger.warning("signalling: %s", error.code)
            return None
