"""Peers that enter a room, lose their connection, come back and leave."""

from __future__ import annotations

from talchum.domain.errors import AdmissionError
from talchum.protocol.admission import Ticket, room_full
from talchum.protocol.messages import LeaveReason, Peer, PeerJoined, PeerLeft, PeerPresence
from talchum.protocol.room_effects import Forget, PendingEffects
from talchum.protocol.room_state import PeerRecord, RoomState
from talchum.protocol.visibility import other_participants, view, visible_to

MAX_DEPARTED = 8
"""Participants who left and may still come back as the same peer."""

_CLOSING = {
    "ended": ("face_leg_ended", "the face leg is no longer wanted"),
    "replaced": ("session_replaced", "the participant came back on another page"),
}
_RECORDING_OVER = ("recording_ended", "the recording is over")


class Membership:
    """Keeps the peers of a room and tells those who see them.

    The face legs of who comes and goes are the business of whoever calls this. places: for participants.
    """

    def __init__(self, state: RoomState, effects: PendingEffects, places: int) -> None:
        self._state = state
        self._effects = effects
        self._places = places

    # -- who may enter

    def rejoin_hash(self, name: str) -> str:
        """What proves that somebody is this peer, empty when the room does not know it."""
        peer = self._state.peers.get(name)
        return peer.rejoin_hash if peer else self._state.departed.get(name, "")

    def expect_place_for(self, name: str) -> None:
        """Pass while there is a place for this participant.

        Raises AdmissionError (`room_full`).
        """
        if len(other_participants(self._state, name)) >= self._places:
            raise room_full(self._places)

    def of_session(self, session_hash: str) -> tuple[str, PeerRecord]:
        """The peer with this session, and its name.

        Raises AdmissionError (`session_unknown`).
        """
        for name, peer in self._state.peers.items():
            if peer.session_hash == session_hash:
                return name, peer
        raise AdmissionError("got a session that is unknown or has ended", code="session_unknown")

    # -- coming

    def enter(self, ticket: Ticket, session_hash: str, connection: str) -> None:
        """The owner of this ticket is in the room; no peer is told yet."""
        if ticket.role == "participant":
            if not other_participants(self._state, ticket.peer):
                self._effects.note("call-opened")
            self._effects.note("participant-joined", participant=ticket.peer)
        self._state.joined += 1
        self._state.departed.pop(ticket.peer, None)
        self._state.peers[ticket.peer] = PeerRecord(
            role=ticket.role,
            order=self._state.joined,
            session_hash=session_hash,
            connection=connection,
            rejoin_hash=ticket.rejoin_hash,
            leg=ticket.leg,
            account=ticket.account,
        )

    def introduce(self, name: str) -> list[Peer]:
        """Tell those who see a newcomer of it; whom it sees is returned."""
        visible = visible_to(self._state, name)
        for other in visible:
            self._effects.push(other, PeerJoined(peer=view(self._state, name, other)))
        return [view(self._state, other, name) for other in visible]

    def acquaint(self, one: str, other: str) -> None:
        """Tell two peers of each other who were not visible to each other before."""
        for name, receiver in ((one, other), (other, one)):
            self._effects.push(receiver, PeerJoined(peer=view(self._state, name, receiver)))

    def estrange(self, one: str, other: str) -> None:
        """Tell two peers that they see each other no more."""
        for name, receiver in ((one, other), (other, one)):
            self._effects.push(receiver, PeerLeft(peer=name, reason="ended"))
            self._forget(receiver, name)

    def attach(self, name: str, connection: str) -> None:
        """A peer speaks through this connection now."""
        peer = self._state.peers[name]
        was_lost, peer.connection, peer.lost_at = not peer.connection, connection, 0.0
        if was_lost:
            self._tell_presence(name, present=True)

    # -- going

    def detach(self, name: str, now: float) -> None:
        """A peer's connection is gone, its place is kept."""
        peer = self._state.peers[name]
        peer.connection, peer.lost_at = "", now
        self._tell_presence(name, present=False)

    def depart(self, name: str, reason: LeaveReason) -> None:
        """A participant leaves, and may come back as the same peer."""
        rejoin_hash = self._state.peers[name].rejoin_hash
        self.take_out(name, reason)
        self._effects.note("participant-left", participant=name, reason=reason)
        if not other_participants(self._state, name):
            self._effects.note("call-closed")
        self._state.departed[name] = rejoin_hash
        for oldest in list(self._state.departed)[:-MAX_DEPARTED]:
            del self._state.departed[oldest]

    def take_out(self, name: str, reason: LeaveReason) -> None:
        """A peer is in the room no more."""
        visible = visible_to(self._state, name)
        peer = self._state.peers.pop(name)
        for other in visible:
            self._effects.push(other, PeerLeft(peer=name, reason=reason))
            self._forget(other, name)
        if peer.connection and reason in ("ended", "replaced"):
            last_word = _RECORDING_OVER if peer.role == "recorder" else _CLOSING[reason]
            self._effects.close(peer.connection, *last_word)
        self._effects.add(Forget(name))

    def _forget(self, other: str, gone: str) -> None:
        """What this peer said to one that is gone, and was told of it: neither holds for who comes back."""
        record = self._state.peers[other]
        for known in (record.candidates, record.fingerprints, record.disclosed):
            known.pop(gone, None)

    def _tell_presence(self, name: str, *, present: bool) -> None:
        for other in visible_to(self._state, name):
            self._effects.push(other, PeerPresence(peer=name, present=present))
