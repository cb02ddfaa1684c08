"""One call as a state machine: a message goes in with the time, effects come out.

`Room` reads no clock, opens no socket and keeps nothing outside its `RoomState`, so that whoever drives it
can store the state and the numbered messages in one atomic step. `now` is wall-clock seconds, since several
processes serve one room.

Who may talk to whom: the participants with each other, and a performer with the face workers of its own legs.
Nobody else sees or addresses a face worker, and ``from`` is always the peer the connection belongs to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

import msgspec

from talchum.domain.errors import AdmissionError, FaceLegError, MessageError, RoomError, TalchumError
from talchum.protocol.admission import (
    TICKET_LIFETIME,
    IssuedTicket,
    SecretSource,
    Ticket,
    add_ticket,
    hash_secret,
    matches,
    new_secret,
    room_full,
    take_ticket,
)
from talchum.protocol.messages import (
    Acknowledge,
    ClientMessage,
    Describe,
    Described,
    FaceLegQueued,
    FaceLegUnavailable,
    Failure,
    Join,
    Leave,
    LeaveReason,
    ParticipantState,
    Peer,
    PeerJoined,
    PeerLeft,
    PeerPresence,
    Ping,
    Pong,
    ReleaseFaceLeg,
    RequestFaceLeg,
    RequestIceServers,
    Resume,
    Role,
    ServerMessage,
    SetState,
    StateChanged,
    Trickle,
    Trickled,
)
from talchum.protocol.session_description import MAX_CANDIDATES, check_candidate, check_session_description

MAX_FACE_LEGS = 4
"""Legs one performer may have at a time: the one worn, its successor, and as much again for a reload."""

MAX_DEPARTED = 8
"""Participants who left and may still come back as the same peer."""


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What differs between installations. identities: names that may be asked for, None for any."""

    participants: int = 2
    grace: float = 30.0
    face_leg_wait: float = 8.0
    tick: float = 3.0
    identities: frozenset[str] | None = None


class PeerRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A peer of the room. connection: the socket it speaks through, empty while there is none."""

    role: Role
    order: int
    session_hash: str
    connection: str = ""
    lost_at: float = 0.0
    received: int = 0
    sent: int = 0
    rejoin_hash: str = ""
    state: ParticipantState | None = None
    leg: str = ""
    candidates: dict[str, int] = msgspec.field(default_factory=dict)


class LegRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A face leg that is wanted; `worker` is the peer that serves it, empty while it is queued."""

    request: str
    performer: str
    requested_at: float
    ticket_hash: str
    worker: str = ""


class RoomState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Everything there is to know of one room, as it is stored."""

    key: str
    joined: int = 0
    peers: dict[str, PeerRecord] = msgspec.field(default_factory=dict)
    legs: dict[str, LegRecord] = msgspec.field(default_factory=dict)
    tickets: dict[str, Ticket] = msgspec.field(default_factory=dict)
    departed: dict[str, str] = msgspec.field(default_factory=dict)


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
    """Put a face leg on the queue. leg: its name, unlike `request` unique among all rooms."""

    leg: str
    request: str
    performer: str
    ticket: str
    identity: str
    engine: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class KeepFaceLeg:
    """The leg is still wanted."""

    leg: str


@dataclass(frozen=True, slots=True)
class CancelFaceLeg:
    """The leg is no longer wanted."""

    leg: str


Effect = (
    Welcomed
    | Continued
    | Push
    | Reply
    | IssueIceServers
    | Trim
    | Forget
    | Close
    | EnqueueFaceLeg
    | KeepFaceLeg
    | CancelFaceLeg
)


class Room:
    """The rules of a call over a `RoomState`, which it changes in place.

    A method that raises has changed nothing that matters: its caller drops the state.
    """

    def __init__(
        self,
        state: RoomState,
        rules: RoomRules = RoomRules(),
        secret_source: SecretSource = new_secret,
    ) -> None:
        self.state = state
        self._rules = rules
        self._secret = secret_source
        self._effects: list[Effect] = []

    # -- entering -------------------------------------------------------------------------------

    def issue_ticket(self, now: float, *, peer: str = "", rejoin: str = "") -> IssuedTicket:
        """A participant's ticket; with its rejoin secret a peer comes back as itself.

        A peer the room no longer knows comes in as a new one.
        Raises AdmissionError (`room_full`, `rejoin_refused`).
        """
        known = self._rejoin_hash(peer)
        if known:
            if not matches(rejoin, known):
                raise AdmissionError("got a rejoin secret that is not this peer's", code="rejoin_refused")
        else:
            peer, rejoin = self._new_peer_id("p"), self._secret()
        self._expect_place_for(peer)
        secret = self._secret()
        ticket = Ticket(
            secret_hash=hash_secret(secret),
            peer=peer,
            role="participant",
            expires_at=now + TICKET_LIFETIME,
            rejoin_hash=hash_secret(rejoin),
        )
        add_ticket(self.state.tickets, ticket, now)
        return IssuedTicket(f"{self.state.key}.{secret}", int(TICKET_LIFETIME), peer, rejoin)

    def join(self, secret: str, connection: str, now: float) -> list[Effect]:
        """Begin a session by the secret of a ticket, the first effect being `Welcomed`.

        Raises AdmissionError (`ticket_invalid`, `room_full`, `face_leg_gone`).
        """
        ticket = take_ticket(self.state.tickets, secret, now)
        if ticket.role == "face-worker":
            self._expect_leg(ticket)
        elif ticket.peer in self.state.peers:
            self._remove(ticket.peer, "replaced", now)
        if ticket.role == "participant":
            self._expect_place_for(ticket.peer)
        session = self._secret()
        self.state.joined += 1
        self.state.departed.pop(ticket.peer, None)
        self.state.peers[ticket.peer] = PeerRecord(
            role=ticket.role,
            order=self.state.joined,
            session_hash=hash_secret(session),
            connection=connection,
            rejoin_hash=ticket.rejoin_hash,
            leg=ticket.leg,
        )
        if ticket.leg:
            self.state.legs[ticket.leg].worker = ticket.peer
        visible = self._visible_to(ticket.peer)
        for other in visible:
            self._push(other, PeerJoined(peer=self._view(ticket.peer, other)))
        views = [self._view(other, ticket.peer) for other in visible]
        token = f"{self.state.key}.{session}"
        return [Welcomed(ticket.peer, ticket.role, token, views), *self._take_effects()]

    def resume(self, secret: str, last_seq: int, connection: str) -> list[Effect]:
        """Go on with a session on a new connection, the first effect being `Continued`.

        Raises AdmissionError (`session_unknown`, `resume_refused`).
        """
        session_hash = hash_secret(secret)
        found = [(name, peer) for name, peer in self.state.peers.items() if peer.session_hash == session_hash]
        if not found:
            raise AdmissionError("got a session that is unknown or has ended", code="session_unknown")
        name, peer = found[0]
        if last_seq > peer.sent:
            raise AdmissionError(
                f"got a resume after message {last_seq}, expected at most {peer.sent}", code="resume_refused"
            )
        if peer.connection and peer.connection != connection:
            self._close(peer.connection, "session_replaced", "the session goes on on another connection")
        self._attach(name, connection)
        return [
            Continued(name, peer.role, peer.received, last_seq),
            Trim(name, last_seq),
            *self._take_effects(),
        ]

    def disconnect(self, name: str, connection: str, now: float) -> list[Effect]:
        """The connection is gone: a participant has a grace to resume, a face worker has none."""
        peer = self.state.peers.get(name)
        if peer is not None and peer.connection == connection:
            self._detach(name, now)
        return self._take_effects()

    # -- in the call ----------------------------------------------------------------------------

    def handle(self, name: str, connection: str, message: ClientMessage, now: float) -> list[Effect]:
        """Act on one message of a peer.

        What the rules refuse is answered with an `error` that says which message it is about; the session
        goes on and the number counts as processed. A number already processed is dropped.
        Raises AdmissionError (`session_unknown`, `session_replaced`) when the connection has no session.
        """
        peer = self.state.peers.get(name)
        if peer is None:
            raise AdmissionError("got a message of a session that has ended", code="session_unknown")
        if not peer.connection:
            self._attach(name, connection)  # it was thought lost, but it speaks
        elif peer.connection != connection:
            raise AdmissionError("got a message on a connection that was replaced", code="session_replaced")
        if message.seq:
            if message.seq <= peer.received:
                return self._take_effects()
            peer.received = message.seq
        try:
            self._act(name, peer, message, now)
        except TalchumError as error:
            self._effects.append(
                Reply(
                    Failure(
                        code=error.code, message=error.message, retryable=error.retryable, about=message.seq
                    )
                )
            )
        return self._take_effects()

    def tick(self, now: float, dead_servers: Collection[str] = ()) -> list[Effect]:
        """Let time pass: lost peers leave, unanswered requests fail, wanted legs are kept.

        dead_servers: call-server processes known to be gone, with all their connections.
        """
        for name, peer in list(self.state.peers.items()):
            if name in self.state.peers and server_of(peer.connection) in dead_servers:
                self._detach(name, now)
        for name, peer in list(self.state.peers.items()):
            if name in self.state.peers and not peer.connection and now >= peer.lost_at + self._rules.grace:
                self._remove(name, "lost", now)
        for leg_name, leg in list(self.state.legs.items()):
            if leg.worker or now < leg.requested_at + self._rules.face_leg_wait:
                self._effects.append(KeepFaceLeg(leg_name))
            else:
                self._give_up(leg_name, leg)
        return self._take_effects()

    def next_tick(self, now: float) -> float | None:
        """When `tick` is due, None while nobody is in the room."""
        if not self.state.peers:
            return None
        due = [now + self._rules.tick]
        due += [p.lost_at + self._rules.grace for p in self.state.peers.values() if not p.connection]
        due += [
            leg.requested_at + self._rules.face_leg_wait for leg in self.state.legs.values() if not leg.worker
        ]
        return max(min(due), now)

    # -- one message ----------------------------------------------------------------------------

    def _act(self, name: str, peer: PeerRecord, message: ClientMessage, now: float) -> None:
        match message:
            case Describe():
                self._describe(name, peer, message)
            case Trickle():
                self._trickle(name, peer, message)
            case SetState():
                self._expect_participant(peer)
                peer.state = message.state
                for other in self._other_participants(name):
                    self._push(other, StateChanged(from_=name, state=message.state))
            case RequestFaceLeg():
                self._request_face_leg(name, peer, message, now)
            case ReleaseFaceLeg():
                self._release_face_leg(name, message.request, now)
            case RequestIceServers():
                self._effects.append(IssueIceServers(name))
            case Acknowledge():
                _expect(message.last_seq <= peer.sent, f"got an acknowledgement of {message.last_seq}")
                self._effects.append(Trim(name, message.last_seq))
            case Ping():
                self._effects.append(Reply(Pong(nonce=message.nonce, received=peer.received)))
            case Leave():
                self._remove(name, "left", now)
            case Join() | Resume():
                raise MessageError("got a join in a session, expected it first", code="unexpected_message")
            case _:
                assert_never(message)

    def _describe(self, name: str, peer: PeerRecord, message: Describe) -> None:
        check_session_description(message.description)
        other = self._expect_visible(name, message.to)
        if peer.role == other.role and peer.state is None and message.description.type != "rollback":
            raise RoomError(
                "got a description before any state, expected what is shown to be said first",
                code="disclosure_missing",
                retryable=True,
            )
        peer.candidates.pop(message.to, None)
        self._push(message.to, Described(from_=name, description=message.description))

    def _trickle(self, name: str, peer: PeerRecord, message: Trickle) -> None:
        check_candidate(message.candidate)
        self._expect_visible(name, message.to)
        count = peer.candidates.get(message.to, 0) + 1
        if count > MAX_CANDIDATES + 1:  # the end of candidates is one more
            raise MessageError(
                f"got more than {MAX_CANDIDATES} candidates after one description", code="too_many_candidates"
            )
        peer.candidates[message.to] = count
        self._push(message.to, Trickled(from_=name, candidate=message.candidate))

    def _request_face_leg(self, name: str, peer: PeerRecord, message: RequestFaceLeg, now: float) -> None:
        self._expect_participant(peer)
        own = [leg for leg in self.state.legs.values() if leg.performer == name]
        if any(leg.request == message.request for leg in own):
            raise FaceLegError("got a request that is already used", code="face_leg_exists", retryable=False)
        if len(own) >= MAX_FACE_LEGS:
            raise FaceLegError(f"got one leg more than {MAX_FACE_LEGS}", code="too_many_face_legs")
        known = self._rules.identities
        if known is not None and message.identity not in known:
            unavailable = FaceLegUnavailable(
                request=message.request,
                code="identity_unknown",
                message="got an identity that this server does not have",
                retryable=False,
            )
            self._push(name, unavailable)
            return
        secret, leg_name = self._secret(), hash_secret(self._secret())[:32]
        ticket = Ticket(
            secret_hash=hash_secret(secret),
            peer=self._new_peer_id("w"),
            role="face-worker",
            expires_at=now + TICKET_LIFETIME,
            leg=leg_name,
        )
        add_ticket(self.state.tickets, ticket, now)
        self.state.legs[leg_name] = LegRecord(
            request=message.request, performer=name, requested_at=now, ticket_hash=ticket.secret_hash
        )
        self._push(name, FaceLegQueued(request=message.request))
        self._effects.append(
            EnqueueFaceLeg(
                leg=leg_name,
                request=message.request,
                performer=name,
                ticket=f"{self.state.key}.{secret}",
                identity=message.identity,
                engine=message.engine,
                expires_at=now + self._rules.face_leg_wait,
            )
        )

    def _release_face_leg(self, name: str, request: str, now: float) -> None:
        for leg_name, leg in list(self.state.legs.items()):
            if leg.performer == name and leg.request == request:
                self._end_leg(leg_name, "ended", now)

    # -- peers and legs -------------------------------------------------------------------------

    def _attach(self, name: str, connection: str) -> None:
        peer = self.state.peers[name]
        was_lost, peer.connection, peer.lost_at = not peer.connection, connection, 0.0
        if was_lost:
            for other in self._visible_to(name):
                self._push(other, PeerPresence(peer=name, present=True))

    def _detach(self, name: str, now: float) -> None:
        peer = self.state.peers[name]
        peer.connection, peer.lost_at = "", now
        if peer.role == "face-worker":
            self._end_leg(peer.leg, "lost", now)
            return
        for other in self._visible_to(name):
            self._push(other, PeerPresence(peer=name, present=False))

    def _remove(self, name: str, reason: LeaveReason, now: float) -> None:
        peer = self.state.peers[name]
        if peer.role == "face-worker":
            self._end_leg(peer.leg, reason, now)
            return
        for leg_name in [key for key, leg in self.state.legs.items() if leg.performer == name]:
            self._end_leg(leg_name, "ended", now)
        self._take_out(name, reason)
        self.state.departed[name] = peer.rejoin_hash
        for oldest in list(self.state.departed)[:-MAX_DEPARTED]:
            del self.state.departed[oldest]

    def _end_leg(self, leg_name: str, reason: LeaveReason, now: float) -> None:
        leg = self.state.legs[leg_name]
        if leg.worker:
            self._take_out(leg.worker, reason)
        del self.state.legs[leg_name]
        self.state.tickets.pop(leg.ticket_hash, None)
        self._effects.append(CancelFaceLeg(leg_name))

    def _take_out(self, name: str, reason: LeaveReason) -> None:
        visible = self._visible_to(name)
        peer = self.state.peers.pop(name)
        for other in visible:
            self._push(other, PeerLeft(peer=name, reason=reason))
            self.state.peers[other].candidates.pop(name, None)
        if peer.connection and reason in ("ended", "replaced"):
            self._close(peer.connection, *_CLOSING[reason])
        self._effects.append(Forget(name))

    def _give_up(self, leg_name: str, leg: LegRecord) -> None:
        del self.state.legs[leg_name]
        self.state.tickets.pop(leg.ticket_hash, None)
        self._effects.append(CancelFaceLeg(leg_name))
        unavailable = FaceLegUnavailable(
            request=leg.request,
            code="no_free_face_worker",
            message=f"no face worker took the request within {self._rules.face_leg_wait:.0f} s",
            retryable=True,
        )
        self._push(leg.performer, unavailable)

    # -- what holds -----------------------------------------------------------------------------

    def _may_talk(self, one: str, other: str) -> bool:
        """The whole rule of who sees and addresses whom."""
        a, b = self.state.peers[one], self.state.peers[other]
        if one == other:
            return False
        if a.role == b.role == "participant":
            return True
        return self._serves(a, other) or self._serves(b, one)

    def _serves(self, worker: PeerRecord, performer: str) -> bool:
        leg = self.state.legs.get(worker.leg) if worker.role == "face-worker" else None
        return leg is not None and leg.performer == performer

    def _visible_to(self, name: str) -> list[str]:
        return [other for other in self.state.peers if self._may_talk(name, other)]

    def _other_participants(self, name: str) -> list[str]:
        return [n for n, p in self.state.peers.items() if p.role == "participant" and n != name]

    def _view(self, name: str, receiver: str) -> Peer:
        peer, to = self.state.peers[name], self.state.peers[receiver]
        # The newcomer gives way, and a face worker always does: it only answers.
        polite = to.role == "face-worker" or (peer.role == "participant" and to.order > peer.order)
        leg = self.state.legs.get(peer.leg)
        return Peer(
            id=name,
            role=peer.role,
            polite=polite,
            state=peer.state or ParticipantState(),
            face_leg=leg.request if leg else None,
            present=bool(peer.connection),
        )

    def _rejoin_hash(self, name: str) -> str:
        peer = self.state.peers.get(name)
        return peer.rejoin_hash if peer else self.state.departed.get(name, "")

    def _new_peer_id(self, kind: str) -> str:
        return kind + hash_secret(self._secret())[:12]

    def _expect_place_for(self, name: str) -> None:
        taken = [n for n, p in self.state.peers.items() if p.role == "participant" and n != name]
        if len(taken) >= self._rules.participants:
            raise room_full(self._rules.participants)

    def _expect_leg(self, ticket: Ticket) -> None:
        if ticket.leg not in self.state.legs:
            raise AdmissionError(
                "got the ticket of a face leg that is no longer wanted", code="face_leg_gone"
            )

    def _expect_participant(self, peer: PeerRecord) -> None:
        if peer.role != "participant":
            raise RoomError("got a participant's message from a face worker", code="role_refused")

    def _expect_visible(self, name: str, to: str) -> PeerRecord:
        other = self.state.peers.get(to)
        if other is None or not self._may_talk(name, to):
            # One answer for both, so that nobody can find out who else is there.
            raise RoomError("got a message to a peer that is not here or not yours", code="peer_unknown")
        return other

    # -- effects --------------------------------------------------------------------------------

    def _push(self, name: str, message: ServerMessage) -> None:
        peer = self.state.peers[name]
        peer.sent += 1
        self._effects.append(Push(name, msgspec.structs.replace(message, seq=peer.sent)))

    def _close(self, connection: str, code: str, message: str) -> None:
        self._effects.append(Close(connection, Failure(code=code, message=message, fatal=True)))

    def _take_effects(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects


def server_of(connection: str) -> str:
    """The call-server process of a connection; connections are named ``<server>.<number>``."""
    return connection.partition(".")[0]


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise MessageError(message, code="malformed_message")


_CLOSING = {
    "ended": ("face_leg_ended", "the face leg is no longer wanted"),
    "replaced": ("session_replaced", "the participant came back on another page"),
}
