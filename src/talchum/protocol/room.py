"""One call as a state machine: a message goes in with the time, effects come out.

`Room` reads no clock, opens no socket and keeps nothing outside its `RoomState`, so that whoever drives it
can store the state and the numbered messages in one atomic step. `now` is wall-clock seconds, since several
processes serve one room.

Who may talk to whom is in `visibility`, peers that come and go in `membership`, face legs in `face_legs`, to
whom else they are open in `opened_legs`, what peers say to each other in `signalling_relay`, what they are
told of worn faces in `disclosures`, and whether the call is recorded in `recordings`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import assert_never

from talchum.domain.errors import AdmissionError, MessageError, RoomError, TalchumError
from talchum.domain.placement import LegQueues
from talchum.protocol.admission import (
    TICKET_LIFETIME,
    IssuedTicket,
    SecretSource,
    Ticket,
    add_ticket,
    hash_secret,
    matches,
    new_peer_id,
    new_secret,
    take_ticket,
)
from talchum.protocol.disclosures import Disclosures
from talchum.protocol.face_legs import FaceLegs, MayWear
from talchum.protocol.membership import Membership
from talchum.protocol.messages import (
    Acknowledge,
    AcknowledgeDisclosure,
    AnswerRecording,
    ClientMessage,
    Describe,
    Failure,
    Join,
    Leave,
    LeaveReason,
    OpenFaceLeg,
    Ping,
    Pong,
    ReleaseFaceLeg,
    ReportRoute,
    RequestFaceLeg,
    RequestIceServers,
    RequestRecording,
    Resume,
    SetState,
    Trickle,
    Worn,
)
from talchum.protocol.opened_legs import OpenedLegs
from talchum.protocol.recordings import Recordings
from talchum.protocol.room_effects import (
    Continued,
    Effect,
    IssueIceServers,
    PendingEffects,
    Reply,
    Routed,
    Trim,
    Welcomed,
)
from talchum.protocol.room_state import PeerRecord, RoomState
from talchum.protocol.signalling_relay import SignallingRelay

_NO_PLACES: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What differs between installations.

    identities: names that may be asked for, None for any. may_wear: whether an account may wear one of them,
    None where everybody may wear everything. first_engine: an identity's, None where all workers are alike.
    server_relay: whether a face leg may be opened to another participant.
    """

    participants: int = 2
    grace: float = 30.0
    face_leg_wait: float = 8.0
    tick: float = 3.0
    identities: Container[str] | None = None
    may_wear: MayWear | None = None
    first_engine: Callable[[str], str] | None = None
    server_relay: bool = False


class Room:
    """The rules of a call over a `RoomState`, which it changes in place.

    queues: where face legs of all rooms wait now.
    A method that raises has changed nothing that matters: its caller drops the state.
    """

    def __init__(
        self,
        state: RoomState,
        rules: RoomRules = RoomRules(),
        secret_source: SecretSource = new_secret,
        *,
        queues: LegQueues | None = None,
    ) -> None:
        self.state = state
        self._rules = rules
        self._secret = secret_source
        self._effects = PendingEffects(state)
        self._membership = Membership(state, self._effects, rules.participants)
        self._face_legs = FaceLegs(
            state,
            self._effects,
            self._membership,
            secret_source,
            wait=rules.face_leg_wait,
            queues=queues or LegQueues(),
            first_engine=rules.first_engine,
            identities=rules.identities,
            may_wear=rules.may_wear,
        )
        self._opened = OpenedLegs(state, self._membership, allowed=rules.server_relay)
        self._relay = SignallingRelay(state, self._effects)
        self._disclosures = Disclosures(state, self._effects)
        self._recordings = Recordings(
            state, self._effects, self._membership, secret_source, wait=rules.face_leg_wait
        )

    # -- entering -------------------------------------------------------------------------------

    def issue_ticket(
        self, now: float, *, peer: str = "", rejoin: str = "", account: str = ""
    ) -> IssuedTicket:
        """A participant's ticket; with its rejoin secret a peer comes back as itself.

        A peer the room no longer knows comes in as a new one. account: of one who is signed in.
        Raises AdmissionError (`room_full`, `rejoin_refused`).
        """
        known = self._membership.rejoin_hash(peer)
        if known:
            if not matches(rejoin, known):
                raise AdmissionError("got a rejoin secret that is not this peer's", code="rejoin_refused")
        else:
            peer, rejoin = new_peer_id("p", self._secret), self._secret()
        self._membership.expect_place_for(peer)
        secret = self._secret()
        ticket = Ticket(
            secret_hash=hash_secret(secret),
            peer=peer,
            role="participant",
            expires_at=now + TICKET_LIFETIME,
            rejoin_hash=hash_secret(rejoin),
            account=account,
        )
        add_ticket(self.state.tickets, ticket, now)
        return IssuedTicket(f"{self.state.key}.{secret}", int(TICKET_LIFETIME), peer, rejoin)

    def join(self, secret: str, connection: str, now: float) -> list[Effect]:
        """Begin a session by the secret of a ticket, the first effect being `Welcomed`.

        Raises AdmissionError (`ticket_invalid`, `room_full`, `face_leg_gone`, `recording_gone`).
        """
        ticket = take_ticket(self.state.tickets, secret, now)
        if ticket.role == "face-worker":
            self._face_legs.expect_wanted(ticket.leg)
        elif ticket.role == "recorder":
            self._recordings.expect_wanted(ticket.leg)
        elif ticket.peer in self.state.peers:
            self._remove(ticket.peer, "replaced")
        if ticket.role == "participant":
            self._membership.expect_place_for(ticket.peer)
        session = self._secret()
        self._membership.enter(ticket, hash_secret(session), connection)
        if ticket.role == "face-worker":
            self._face_legs.take(ticket.leg, ticket.peer)
        views = self._membership.introduce(ticket.peer)
        if ticket.role == "recorder":
            self._recordings.begin(ticket.peer)
        elif ticket.role == "participant":
            self._recordings.joined(ticket.peer)
        token = f"{self.state.key}.{session}"
        return [Welcomed(ticket.peer, ticket.role, token, views), *self._effects.take()]

    def resume(self, secret: str, last_seq: int, connection: str) -> list[Effect]:
        """Go on with a session on a new connection, the first effect being `Continued`.

        Raises AdmissionError (`session_unknown`, `resume_refused`).
        """
        name, peer = self._membership.of_session(hash_secret(secret))
        if last_seq > peer.sent:
            raise AdmissionError(
                f"got a resume after message {last_seq}, expected at most {peer.sent}", code="resume_refused"
            )
        if peer.connection and peer.connection != connection:
            self._effects.close(
                peer.connection, "session_replaced", "the session goes on on another connection"
            )
        self._membership.attach(name, connection)
        return [
            Continued(name, peer.role, peer.received, last_seq),
            Trim(name, last_seq),
            *self._effects.take(),
        ]

    def disconnect(
        self, name: str, connection: str, now: float, *, server_stops: bool = False
    ) -> list[Effect]:
        """The connection is gone: a participant has a grace to resume, a face worker none of its own fault.

        server_stops: whether it went because the call server that had it stops.
        """
        peer = self.state.peers.get(name)
        if peer is not None and peer.connection == connection:
            self._detach(name, now, server_went=server_stops)
            self._disclosures.tell(now)
        return self._effects.take()

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
            self._membership.attach(name, connection)  # it was thought lost, but it speaks
        elif peer.connection != connection:
            raise AdmissionError("got a message on a connection that was replaced", code="session_replaced")
        if message.seq:
            if message.seq <= peer.received:
                return self._effects.take()
            peer.received = message.seq
        try:
            self._act(name, peer, message, now)
        except TalchumError as error:
            failure = Failure(
                code=error.code, message=error.message, retryable=error.retryable, about=message.seq
            )
            self._effects.add(Reply(failure))
        self._disclosures.tell(now)
        return self._effects.take()

    def tick(
        self, now: float, dead_servers: Collection[str] = (), places: Mapping[str, int] = _NO_PLACES
    ) -> list[Effect]:
        """Let time pass: lost peers leave, unanswered requests fail, wanted legs are kept.

        dead_servers: call-server processes known to be gone, with all their connections. places: of waiting
        face legs, by name, 1 for the next.
        """
        for name, peer in list(self.state.peers.items()):
            if name in self.state.peers and server_of(peer.connection) in dead_servers:
                self._detach(name, now, server_went=True)
        for name, peer in list(self.state.peers.items()):
            if name in self.state.peers and not peer.connection and now >= peer.lost_at + self._rules.grace:
                self._remove(name, "lost")
        self._face_legs.tick(now, places)
        self._recordings.tick(now)
        self._disclosures.tell(now)
        return self._effects.take()

    def next_tick(self, now: float) -> float | None:
        """When `tick` is due, None while nobody is in the room."""
        if not self.state.peers:
            return None
        due = [now + self._rules.tick]
        due += [p.lost_at + self._rules.grace for p in self.state.peers.values() if not p.connection]
        due += self._face_legs.deadlines(now) + self._recordings.deadlines()
        return max(min(due), now)

    # -- one message ----------------------------------------------------------------------------

    def _act(self, name: str, peer: PeerRecord, message: ClientMessage, now: float) -> None:
        match message:
            case Describe():
                self._relay.describe(name, message)
            case Trickle():
                self._relay.trickle(name, message)
            case SetState():
                _expect_participant(peer)
                if message.state.own_face:  # what comes from a face worker is never shown as one's own
                    self._face_legs.end_all_of(name)
                self._relay.set_state(name, message)
            case RequestFaceLeg():
                _expect_participant(peer)
                self._face_legs.request(name, message, now)
            case ReleaseFaceLeg():
                self._face_legs.release(name, message.request)
            case OpenFaceLeg():
                _expect_participant(peer)
                self._opened.open(name, message)
            case Worn():
                self._face_legs.wear(name, message)
            case AcknowledgeDisclosure():
                _expect_participant(peer)
                self._disclosures.acknowledge(name, message)
            case RequestRecording():
                _expect_participant(peer)
                self._recordings.request(name, now)
            case AnswerRecording():
                _expect_participant(peer)
                self._recordings.answer(name, message, now)
            case ReportRoute():
                _expect_participant(peer)
                self._effects.add(Routed(message.route))
            case RequestIceServers():
                self._effects.add(IssueIceServers(name))
            case Acknowledge():
                self._acknowledge(name, peer, message.last_seq)
            case Ping():
                self._effects.add(Reply(Pong(nonce=message.nonce, received=peer.received)))
            case Leave():
                self._remove(name, "left")
            case Join() | Resume():
                raise MessageError("got a join in a session, expected it first", code="unexpected_message")
            case _:
                assert_never(message)

    def _acknowledge(self, name: str, peer: PeerRecord, last_seq: int) -> None:
        if last_seq > peer.sent:
            raise MessageError(f"got an acknowledgement of {last_seq}", code="malformed_message")
        self._effects.add(Trim(name, last_seq))

    # -- peers with their face legs -------------------------------------------------------------

    def _detach(self, name: str, now: float, *, server_went: bool) -> None:
        peer = self.state.peers[name]
        if peer.role == "face-worker" and not server_went:  # its process died, or nobody hears it any more
            self._face_legs.end(peer.leg, "lost")
        elif peer.role == "recorder":
            self._recordings.stop("recorder_lost")
        else:
            self._membership.detach(name, now)

    def _remove(self, name: str, reason: LeaveReason) -> None:
        peer = self.state.peers[name]
        if peer.role == "face-worker":
            self._face_legs.end(peer.leg, reason)
        elif peer.role == "recorder":
            self._recordings.stop("recorder_ended")
        else:
            self._recordings.left()
            self._face_legs.end_all_of(name)
            self._membership.depart(name, reason)
            self._opened.forget(name)


def server_of(connection: str) -> str:
    """The call-server process of a connection; connections are named ``<server>.<number>``."""
    return connection.partition(".")[0]


def _expect_participant(peer: PeerRecord) -> None:
    if peer.role != "participant":
        raise RoomError("got a participant's message from another peer", code="role_refused")
