"""A room to test with: peers by name, their outboxes collected, time by hand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from talchum.domain.audit import AuditEvent
from talchum.domain.disclosure import Disclosure
from talchum.protocol.messages import (
    ClientMessage,
    Disclosed,
    Failure,
    IceCandidate,
    ParticipantState,
    PeerLeft,
    RequestFaceLeg,
    ServerMessage,
    SessionDescription,
)
from talchum.protocol.room import Room, RoomRules
from talchum.protocol.room_effects import (
    Close,
    Disclose,
    Effect,
    EnqueueFaceLeg,
    EnqueueRecording,
    Forget,
    Note,
    Push,
    Reply,
    Welcomed,
)
from talchum.protocol.room_state import RoomState

KEY = "k" * 22
OFFER = SessionDescription(type="offer", sdp="v=0\r\n")
HOST = IceCandidate(candidate="candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host", sdp_mid="0")
FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
WEARING = ParticipantState(camera=True, microphone=True)


@dataclass
class Call:
    """Drives a `Room` as a call server does, keeping what each peer was sent."""

    rules: RoomRules = field(default_factory=RoomRules)
    now: float = 1000.0
    outboxes: dict[str, list[ServerMessage]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    tasks: list[EnqueueFaceLeg] = field(default_factory=list)
    notes: list[AuditEvent] = field(default_factory=list)
    recordings: list[EnqueueRecording] = field(default_factory=list)
    disclosures: list[tuple[str, Disclosure]] = field(default_factory=list)

    def __post_init__(self) -> None:
        counter = itertools.count()
        self.room = Room(RoomState(key=KEY), self.rules, lambda: f"secret-number-{next(counter):06}")
        self._sockets = itertools.count(1)

    def join(self, *, peer: str = "", rejoin: str = "", account: str = "", server: str = "s1") -> str:
        issued = self.room.issue_ticket(self.now, peer=peer, rejoin=rejoin, account=account)
        return self.enter(issued.ticket, server=server)

    def enter(self, ticket: str, *, server: str = "s1") -> str:
        connection = f"{server}.{next(self._sockets)}"
        effects = self.room.join(ticket.partition(".")[2], connection, self.now)
        welcomed = effects[0]
        assert isinstance(welcomed, Welcomed)
        self.outboxes.setdefault(welcomed.peer, [])
        self.sessions[welcomed.peer] = welcomed.session
        self.connections[welcomed.peer] = connection
        self.take(effects)
        return welcomed.peer

    def resume(self, peer: str, last_seq: int) -> list[Effect]:
        connection = f"s1.{next(self._sockets)}"
        secret = self.sessions[peer].partition(".")[2]
        effects = self.room.resume(secret, last_seq, connection)
        self.connections[peer] = connection
        return self.take(effects)

    def say(self, peer: str, message: ClientMessage) -> list[ServerMessage]:
        """What is answered at once."""
        effects = self.room.handle(peer, self.connections[peer], message, self.now)
        return [effect.message for effect in self.take(effects) if isinstance(effect, Reply)]

    def lose(self, peer: str) -> list[Effect]:
        return self.take(self.room.disconnect(peer, self.connections[peer], self.now))

    def wait(
        self, seconds: float, dead_servers: tuple[str, ...] = (), places: dict[str, int] | None = None
    ) -> list[Effect]:
        self.now += seconds
        return self.take(self.room.tick(self.now, dead_servers, places or {}))

    def take(self, effects: list[Effect]) -> list[Effect]:
        for effect in effects:
            if isinstance(effect, Push):
                self.outboxes[effect.peer].append(effect.message)
            elif isinstance(effect, Disclose):
                self.disclosures.append((effect.peer, effect.disclosure))
                said = Disclosed(seq=effect.seq, from_=effect.source, statement="signed")
                self.outboxes[effect.peer].append(said)
            elif isinstance(effect, Forget):
                self.outboxes[effect.peer] = []
            elif isinstance(effect, Close):
                self.closed.append(effect.connection)
            elif isinstance(effect, EnqueueFaceLeg):
                self.tasks.append(effect)
            elif isinstance(effect, EnqueueRecording):
                self.recordings.append(effect)
            elif isinstance(effect, Note):
                self.notes.append(effect.event)
        return effects

    def last(self, peer: str) -> ServerMessage:
        return self.outboxes[peer][-1]

    def farewells(self, peer: str) -> list[tuple[str, str]]:
        return [(m.peer, m.reason) for m in self.outboxes[peer] if isinstance(m, PeerLeft)]


def code_of(answers: list[ServerMessage]) -> str:
    """Of the one refusal that is answered."""
    assert len(answers) == 1
    assert isinstance(answers[0], Failure)
    assert not answers[0].fatal
    return answers[0].code


def described(fingerprint: str = FINGERPRINT) -> SessionDescription:
    """An offer of a connection whose certificate has this fingerprint."""
    return SessionDescription(type="offer", sdp=f"v=0\r\na=fingerprint:{fingerprint}\r\n")


def wear(call: Call, performer: str, request: str = "r1", server: str = "s1") -> str:
    """Ask for a face leg and let a worker take it."""
    call.say(performer, RequestFaceLeg(request=request, identity="yangban"))
    return call.enter(call.tasks[-1].ticket, server=server)
