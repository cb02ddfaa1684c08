"""The face legs of a room: asked for, queued, taken by a face worker, and ended."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from talchum.domain.errors import AdmissionError, FaceLegError, RoomError
from talchum.domain.leg_tag import LegTag
from talchum.domain.placement import LegQueues
from talchum.protocol.admission import (
    TICKET_LIFETIME,
    SecretSource,
    Ticket,
    add_ticket,
    hash_secret,
    new_peer_id,
)
from talchum.protocol.membership import Membership
from talchum.protocol.messages import FaceLegQueued, FaceLegUnavailable, LeaveReason, RequestFaceLeg, Worn
from talchum.protocol.room_effects import (
    CancelFaceLeg,
    EnqueueFaceLeg,
    FaceLegTaken,
    KeepFaceLeg,
    PendingEffects,
)
from talchum.protocol.room_state import LegRecord, RoomState, WornRecord

MAX_FACE_LEGS = 4
"""Legs one performer may have at a time: the one worn, its successor, and as much again for a reload."""

PLACE_SECONDS = 1.0
"""How often it is looked whether the place of a waiting leg has changed."""


MayWear = Callable[[str, str], bool]
"""Whether an account (empty for a guest) may wear an identity now."""


class FaceLegs:
    """Keeps the legs of a room with the face workers that serve them.

    wait: seconds a request may be queued. queues: where legs of all rooms wait now. first_engine: an
    identity's, None where all legs go to one queue. identities: names that may be asked for, None for any.
    may_wear: whether an account may wear an identity, None where everybody may wear everything.
    """

    def __init__(
        self,
        state: RoomState,
        effects: PendingEffects,
        membership: Membership,
        secret_source: SecretSource,
        *,
        wait: float,
        queues: LegQueues,
        first_engine: Callable[[str], str] | None,
        identities: Container[str] | None,
        may_wear: MayWear | None = None,
    ) -> None:
        self._state = state
        self._effects = effects
        self._membership = membership
        self._secret = secret_source
        self._wait = wait
        self._queues = queues
        self._first_engine = first_engine
        self._identities = identities
        self._may_wear = may_wear

    # -- a performer's wishes

    def request(self, performer: str, message: RequestFaceLeg, now: float) -> None:
        """Queue a leg, or say why there is none.

        Raises FaceLegError (`face_leg_exists`, `too_many_face_legs`), RoomError (`own_face_shown`).
        """
        said = self._state.peers[performer].state
        if said is not None and said.own_face:
            raise RoomError(
                "got a request for a face while the own one is shown, expected a state with a face first",
                code="own_face_shown",
            )
        own = [leg for leg in self._state.legs.values() if leg.performer == performer]
        if any(leg.request == message.request for leg in own):
            raise FaceLegError("got a request that is already used", code="face_leg_exists", retryable=False)
        if len(own) >= MAX_FACE_LEGS:
            raise FaceLegError(f"got one leg more than {MAX_FACE_LEGS}", code="too_many_face_legs")
        refusal = self._refusal(self._state.peers[performer].account, message)
        if refusal is None:
            self._queue(performer, message, now)
        else:
            self._effects.push(performer, refusal)

    def release(self, performer: str, request: str) -> None:
        """End the leg of this request, if there is one."""
        for leg_name, leg in list(self._state.legs.items()):
            if leg.performer == performer and leg.request == request:
                self.end(leg_name, "ended")

    # -- a face worker's

    def expect_wanted(self, leg_name: str) -> None:
        """Pass while the leg is wanted.

        Raises AdmissionError (`face_leg_gone`).
        """
        if leg_name not in self._state.legs:
            raise AdmissionError(
                "got the ticket of a face leg that is no longer wanted", code="face_leg_gone"
            )

    def take(self, leg_name: str, worker: str) -> None:
        """This peer serves the leg from now on."""
        leg = self._state.legs[leg_name]
        leg.worker = worker
        self._effects.add(FaceLegTaken(leg_name))
        self._effects.note("leg-started", tag=leg.tag, performer=leg.performer, worker=worker)

    def wear(self, worker: str, message: Worn) -> None:
        """What a face worker says is worn on its own leg.

        Raises RoomError (`role_refused`), AuditError (a person's face without a record of their consent).
        """
        peer = self._state.peers[worker]
        if peer.role != "face-worker":
            raise RoomError("got a face worker's message from a participant", code="role_refused")
        leg = self._state.legs[peer.leg]
        worn = WornRecord(identity=message.identity, kind=message.kind, engine=message.engine)
        if worn == leg.worn:
            return
        if message.fallback:
            self._effects.note("fallback", tag=leg.tag, engine=worn.engine)
        else:
            # A person's face is named by its consent alone, since its name may be theirs.
            named = {"consent": message.consent} if message.consent else {"identity": worn.identity}
            self._effects.note("worn", tag=leg.tag, kind=worn.kind, engine=worn.engine, **named)
        leg.worn = worn

    # -- the end

    def end(self, leg_name: str, reason: LeaveReason) -> None:
        """End a leg; its worker leaves the room."""
        leg = self._state.legs[leg_name]
        if leg.worker:
            self._membership.take_out(leg.worker, reason)
            self._effects.note("leg-ended", tag=leg.tag, reason=reason)
        self._cancel(leg_name, leg)

    def end_all_of(self, performer: str) -> None:
        """End every leg of a performer who goes."""
        for leg_name in [key for key, leg in self._state.legs.items() if leg.performer == performer]:
            self.end(leg_name, "ended")

    # -- time

    def tick(self, now: float, places: Mapping[str, int]) -> None:
        """Keep what is wanted, give up what no face worker took, say which place it has by now."""
        for leg_name, leg in list(self._state.legs.items()):
            if leg.worker or now < leg.requested_at + self._wait:
                self._effects.add(KeepFaceLeg(leg_name))
                if not leg.worker:
                    self._tell_place(leg, places.get(leg_name, leg.place))
            else:
                self._give_up(leg_name, leg)

    def deadlines(self, now: float) -> list[float]:
        """When those that are queued are given up, and when their place is looked up."""
        ends = [leg.requested_at + self._wait for leg in self._state.legs.values() if not leg.worker]
        return [*ends, now + PLACE_SECONDS] if ends else []

    def _tell_place(self, leg: LegRecord, place: int) -> None:
        if place != leg.place:
            leg.place = place
            self._effects.push(leg.performer, FaceLegQueued(request=leg.request, place=place))

    def _queue(self, performer: str, message: RequestFaceLeg, now: float) -> None:
        secret, leg_name = self._secret(), hash_secret(self._secret())[:32]
        ticket = Ticket(
            secret_hash=hash_secret(secret),
            peer=new_peer_id("w", self._secret),
            role="face-worker",
            expires_at=now + TICKET_LIFETIME,
            leg=leg_name,
        )
        add_ticket(self._state.tickets, ticket, now)
        tag = str(LegTag.drawn(bytes.fromhex(hash_secret(self._secret()))))
        leg = self._state.legs[leg_name] = LegRecord(
            request=message.request,
            tag=tag,
            performer=performer,
            requested_at=now,
            ticket_hash=ticket.secret_hash,
            queue=self._queue_of(message),
        )
        self._tell_place(leg, self._queues.next_place(leg.queue))
        self._effects.add(
            EnqueueFaceLeg(
                leg=leg_name,
                request=message.request,
                tag=tag,
                performer=performer,
                ticket=f"{self._state.key}.{secret}",
                identity=message.identity,
                engine=message.engine,
                expires_at=now + self._wait,
                account=self._state.peers[performer].account,
                enrolment=message.enrolment or "",
                queue=leg.queue,
            )
        )

    def _queue_of(self, message: RequestFaceLeg) -> str:
        if message.enrolment is not None or self._first_engine is None:
            return self._queues.choose("")
        return self._queues.choose(message.engine or self._first_engine(message.identity))

    def _refusal(self, account: str, message: RequestFaceLeg) -> FaceLegUnavailable | None:
        """Why this identity is not to be had by this account."""
        if message.enrolment is not None:
            return None if account else _signed_out(message)  # whose it is, its worker knows
        if self._identities is not None and message.identity not in self._identities:
            return FaceLegUnavailable(
                request=message.request,
                code="identity_unknown",
                message="got an identity that this server does not have",
                retryable=False,
            )
        if self._may_wear is not None and not self._may_wear(account, message.identity):
            return FaceLegUnavailable(
                request=message.request,
                code="identity_not_allowed",
                message="got a person's face that this performer has no consent to wear",
                retryable=False,
            )
        return None

    def _give_up(self, leg_name: str, leg: LegRecord) -> None:
        self._cancel(leg_name, leg)
        unavailable = FaceLegUnavailable(
            request=leg.request,
            code="no_free_face_worker",
            message=f"no face worker took the request within {self._wait:.0f} s",
            retryable=True,
        )
        self._effects.push(leg.performer, unavailable)

    def _cancel(self, leg_name: str, leg: LegRecord) -> None:
        del self._state.legs[leg_name]
        self._state.tickets.pop(leg.ticket_hash, None)
        self._effects.add(CancelFaceLeg(leg_name))


def _signed_out(message: RequestFaceLeg) -> FaceLegUnavailable:
    return FaceLegUnavailable(
        request=message.request,
        code="signed_out",
        message="got an enrolment of nobody who is signed in",
        retryable=False,
    )
