"""What peers say to each other through a room: passed on to whom it is for, within limits.

``from`` is always the peer that the connection belongs to.
"""

from __future__ import annotations

from talchum.domain.errors import MessageError, RoomError
from talchum.protocol.messages import Describe, Described, SetState, StateChanged, Trickle, Trickled
from talchum.protocol.room_effects import PendingEffects
from talchum.protocol.room_state import RoomState
from talchum.protocol.session_description import (
    MAX_CANDIDATES,
    check_candidate,
    check_session_description,
    fingerprint_of,
)
from talchum.protocol.visibility import audience, expect_visible


class SignallingRelay:
    """Passes descriptions, candidates and states on."""

    def __init__(self, state: RoomState, effects: PendingEffects) -> None:
        self._state = state
        self._effects = effects

    def describe(self, sender: str, message: Describe) -> None:
        """Pass an offer or answer on; candidates are counted anew.

        Raises MessageError (see `check_session_description`), RoomError (`peer_unknown`,
        `disclosure_missing`).
        """
        check_session_description(message.description)
        peer, other = self._state.peers[sender], expect_visible(self._state, sender, message.to)
        to_audience = peer.role == "participant" and other.role != "face-worker"
        if to_audience and peer.state is None and message.description.type != "rollback":
            raise RoomError(
                "got a description before any state, expected what is shown to be said first",
                code="disclosure_missing",
                retryable=True,
            )
        peer.candidates.pop(message.to, None)
        if message.description.type != "rollback":
            peer.fingerprints[message.to] = fingerprint_of(message.description.sdp)
        self._effects.push(message.to, Described(from_=sender, description=message.description))

    def trickle(self, sender: str, message: Trickle) -> None:
        """Pass a candidate on.

        Raises MessageError (`too_many_candidates`, and see `check_candidate`), RoomError (`peer_unknown`).
        """
        check_candidate(message.candidate)
        expect_visible(self._state, sender, message.to)
        peer = self._state.peers[sender]
        count = peer.candidates.get(message.to, 0) + 1
        if count > MAX_CANDIDATES + 1:  # the end of candidates is one more
            raise MessageError(
                f"got more than {MAX_CANDIDATES} candidates after one description", code="too_many_candidates"
            )
        peer.candidates[message.to] = count
        self._effects.push(message.to, Trickled(from_=sender, candidate=message.candidate))

    def set_state(self, sender: str, message: SetState) -> None:
        """Keep what a participant says of itself, for the others and for who comes later."""
        self._state.peers[sender].state = message.state
        for other in audience(self._state, sender):
            self._effects.push(other, StateChanged(from_=sender, state=message.state))
