"""What a room asks of whoever drives it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from talchum.domain.audit import AuditEvent, Value, room_name
from talchum.domain.disclosure import Disclosure
from talchum.domain.placement import CPU_LEGS
from talchum.protocol.messages import CallRoute, Failure, Peer, Role, ServerMessage
from talchum.protocol.room_state import RoomState


@dataclass(frozen=True, slots=True)
class Welcomed:
    """Answer on this connection with `welcome`."""

    peer: str
    role: Role
    session: str
    peers: list[Peer]


@dataclass(frozen=True, slots=True)
class Continued:
    """Answer on this connection with `resumed`, then with all numbered above `last_seq`."""

    peer: str
    role: Role
    received: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Push:
    """Add a numbered message to a peer's outbox."""

    peer: str
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer on this connection, once, unnumbered."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class IssueIceServers:
    """Answer on this connection with fresh TURN credentials."""

    peer: str


@dataclass(frozen=True, slots=True)
class Disclose:
    """Sign this and add it, as the message `disclosure` with this number, to a peer's outbox.

    source: the peer whose connection to that one it is about. now: wall clock, from which it holds.
    """

    peer: str
    seq: int
    source: str
    disclosure: Disclosure
    now: float


@dataclass(frozen=True, slots=True)
class Trim:
    """Forget a peer's numbered messages up to `last_seq`."""

    peer: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Delete a peer's outbox."""

    peer: str


@dataclass(frozen=True, slots=True)
class Close:
    """Say this on a connection and close it, wherever it is."""

    connection: str
    message: Failure


@dataclass(frozen=True, slots=True)
class EnqueueFaceLeg:
    """Put a face leg on the queue.

    leg: its name, unlike `request` unique among all rooms. tag: its `LegTag`. account: the performer's, empty
    for a guest. enrolment: the offer of one that it is to make, empty for a leg that shows a face. queue:
    where it waits.
    """

    leg: str
    request: str
    tag: str
    performer: str
    ticket: str
    identity: str
    engine: str | None
    expires_at: float
    account: str = ""
    enrolment: str = ""
    queue: str = CPU_LEGS


@dataclass(frozen=True, slots=True)
class EnqueueRecording:
    """Send for a recorder. file: what opens the file that it will make."""

    recording: str
    file: str
    ticket: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class KeepFaceLeg:
    """The leg is still wanted."""

    leg: str


@dataclass(frozen=True, slots=True)
class FaceLegTaken:
    """A face worker serves the leg, which waits no more."""

    leg: str


@dataclass(frozen=True, slots=True)
class CancelFaceLeg:
    """The leg is no longer wanted."""

    leg: str


@dataclass(frozen=True, slots=True)
class Routed:
    """A participant reaches the other by this route."""

    route: CallRoute


@dataclass(frozen=True, slots=True)
class Note:
    """Write this to the audit log."""

    event: AuditEvent


Effect = (
    Welcomed
    | Continued
    | Push
    | Reply
    | IssueIceServers
    | Disclose
    | Trim
    | Forget
    | Close
    | EnqueueFaceLeg
    | EnqueueRecording
    | KeepFaceLeg
    | FaceLegTaken
    | CancelFaceLeg
    | Routed
    | Note
)


class PendingEffects:
    """The effects of one step of a room, in order; what is pushed to a peer is numbered here."""

    def __init__(self, state: RoomState) -> None:
        self._state = state
        self._effects: list[Effect] = []

    def add(self, effect: Effect) -> None:
        """Have this done after all that was added before."""
        self._effects.append(effect)

    def push(self, name: str, message: ServerMessage) -> None:
        """Add a message to a peer's outbox, with the peer's next number."""
        peer = self._state.peers[name]
        peer.sent += 1
        self.add(Push(name, msgspec.structs.replace(message, seq=peer.sent)))

    def note(self, event: str, **fields: Value) -> None:
        """Have an event of this room written to the audit log."""
        self.add(Note(AuditEvent(event, {"room": room_name(self._state.key), **fields})))

    def disclose(self, name: str, source: str, disclosure: Disclosure, now: float) -> None:
        """Have a disclosure signed and added to a peer's outbox, with the peer's next number."""
        peer = self._state.peers[name]
        peer.sent += 1
        self.add(Disclose(name, peer.sent, source, disclosure, now))

    def close(self, connection: str, code: str, message: str) -> None:
        """Say why a connection is closed, and close it."""
        self.add(Close(connection, Failure(code=code, message=message, fatal=True)))

    def take(self) -> list[Effect]:
        """All since the last time."""
        effects, self._effects = self._effects, []
        return effects
