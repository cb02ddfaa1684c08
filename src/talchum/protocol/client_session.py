"""The client's end of a signalling session: numbering, what must be sent again, and when something is due.

Without I/O: it is told what came and what time it is, and answers with what to write. A message stays in the
outbox until the server says that it processed it, so a cut socket loses nothing in either direction.
"""

from __future__ import annotations

from collections import deque

import msgspec

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import (
    Acknowledge,
    ClientMessage,
    Failure,
    IceServersIssued,
    Join,
    Ping,
    Pong,
    RequestIceServers,
    Resume,
    Resumed,
    ServerMessage,
    Welcome,
)

PING_SECONDS = 10.0
ACKNOWLEDGE_SECONDS = 2.0
ACKNOWLEDGE_EVERY = 16
REFRESH_SHARE = 0.75  # of the lifetime of TURN credentials
_MIN_REFRESH_SECONDS = 2.0


class ClientSession:
    """One session, over as many sockets as it takes.

    ticket: what the first socket joins with.
    """

    def __init__(self, ticket: str) -> None:
        self._ticket = ticket
        self._session = ""
        self._sent = 0
        self._outbox: deque[ClientMessage] = deque()
        self._last_received = 0
        self._last_acknowledged = 0
        self._acknowledge_at: float | None = None
        self._ping_at: float | None = None
        self._refresh_at: float | None = None
        self._nonce = 0
        self.resume_within = 0.0

    @property
    def joined(self) -> bool:
        """Whether there is a session to go on with."""
        return bool(self._session)

    def opening(self) -> Join | Resume:
        """The first message on a new socket."""
        if self._session:
            return Resume(session=self._session, last_seq=self._last_received)
        return Join(ticket=self._ticket)

    def queue(self, message: ClientMessage) -> ClientMessage:
        """Number a message and keep it until it is known to be processed; the numbered one comes back."""
        self._sent += 1
        numbered = msgspec.structs.replace(message, seq=self._sent)
        self._outbox.append(numbered)
        return numbered

    @property
    def unprocessed(self) -> tuple[ClientMessage, ...]:
        """What a new socket has to carry again, oldest first."""
        return tuple(self._outbox)

    def receive(self, message: ServerMessage, now: float) -> bool:
        """Take note of a message; False for one that has been here before and is to be dropped.

        Raises AdmissionError with the server's code when the session cannot go on.
        """
        if isinstance(message, Failure) and message.fatal:
            raise AdmissionError(message.message, code=message.code, retryable=message.retryable)
        if message.seq:
            if message.seq <= self._last_received:
                return False
            self._last_received = message.seq
            if self._acknowledge_at is None:
                self._acknowledge_at = now + ACKNOWLEDGE_SECONDS
        match message:
            case Welcome():
                self._session = message.session
                self.resume_within = float(message.resume_within)
                self._refresh_later(message.ice_servers_expire_in, now)
                self._ping_at = now + PING_SECONDS
            case Resumed(received=received) | Pong(received=received):
                self._processed(received)
                self._ping_at = now + PING_SECONDS
            case IceServersIssued(expire_in=expire_in):
                self._refresh_later(expire_in, now)
        return True

    def due(self, now: float) -> list[ClientMessage]:
        """What is to be written because of the time; numbered messages among it are kept like any other."""
        due: list[ClientMessage] = []
        waiting = self._last_received - self._last_acknowledged
        acknowledge = self._acknowledge_at is not None and now >= self._acknowledge_at
        if acknowledge or waiting >= ACKNOWLEDGE_EVERY:
            due.append(Acknowledge(last_seq=self._last_received))
            self._last_acknowledged = self._last_received
            self._acknowledge_at = None
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            due.append(self.queue(RequestIceServers()))
        if self._ping_at is not None and now >= self._ping_at:
            self._ping_at = now + PING_SECONDS
            self._nonce += 1
            due.append(Ping(nonce=self._nonce))
        return due

    def next_due(self, now: float) -> float:
        """Seconds until `due` has something, at most `ACKNOWLEDGE_SECONDS`."""
        times = [time for time in (self._acknowledge_at, self._ping_at, self._refresh_at) if time is not None]
        return max(0.0, min([time - now for time in times] + [ACKNOWLEDGE_SECONDS]))

    def _processed(self, seq: int) -> None:
        while self._outbox and self._outbox[0].seq <= seq:
            self._outbox.popleft()

    def _refresh_later(self, lifetime: float, now: float) -> None:
        self._refresh_at = now + max(_MIN_REFRESH_SECONDS, lifetime * REFRESH_SHARE) if lifetime > 0 else None
