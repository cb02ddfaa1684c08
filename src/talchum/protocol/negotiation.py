"""Perfect negotiation (W3C WebRTC 10.7) as a state machine without I/O.

The machine is told what happened (negotiation is needed, a description or candidate arrived) and answers with
effects, which the peer connection runs strictly in order and one at a time; what it gets while it is busy it
takes afterwards. That order is what the flags `makingOffer` and `isSettingRemoteAnswerPending` of the W3C's
example protect in a browser, so they are not needed here: when a remote offer is looked at, an own offer
either has been sent or has not been begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import IceCandidate, SessionDescription

MAX_BUFFERED_CANDIDATES = 64

SignallingState = Literal["stable", "have-local-offer", "have-remote-offer"]


@dataclass(frozen=True, slots=True)
class SetLocalDescription:
    """Create and set the offer or answer the state calls for, then report `local_description_set`."""

    type: Literal["offer", "answer"]


@dataclass(frozen=True, slots=True)
class SetRemoteDescription:
    """Apply what the other side sent; an own pending offer is rolled back by it (JSEP, RFC 9429 4.1.10.2)."""

    description: SessionDescription


@dataclass(frozen=True, slots=True)
class AddCandidate:
    """Hand one remote candidate to the ICE agent."""

    candidate: IceCandidate


@dataclass(frozen=True, slots=True)
class SendDescription:
    """Send this description to the other side."""

    description: SessionDescription


@dataclass(frozen=True, slots=True)
class RestartIce:
    """Ask the connection for new ICE credentials; it then says that negotiation is needed."""


Effect = SetLocalDescription | SetRemoteDescription | AddCandidate | SendDescription | RestartIce


class Negotiation:
    """One side's negotiation with one other peer.

    polite: gives way when both sides offer at once.
    offers: False for a side that only ever answers, such as a face worker.
    goes_first: False for a side that leaves the first offer to the other. Where both are sure to offer, that
    keeps a rollback out of what has never been agreed: libwebrtc M152 refuses every description after one in
    which the data channel stood in another section ("Failed to start SCTP transport").
    """

    def __init__(self, *, polite: bool, offers: bool = True, goes_first: bool = True) -> None:
        self._polite = polite
        self._offers = offers
        self._goes_first = goes_first
        self._state: SignallingState = "stable"
        self._needed = False
        self._ignored_offer = False
        self._remote_is_set = False
        self._early: list[IceCandidate] = []

    @property
    def state(self) -> SignallingState:
        """The signalling state (W3C WebRTC 4.3.1), as far as this machine drives it."""
        return self._state

    def negotiation_needed(self) -> list[Effect]:
        """An own track, channel or ICE restart has to be told to the other side."""
        if not self._offers:
            return []
        if self._state != "stable" or not (self._goes_first or self._remote_is_set):
            self._needed = True
            return []
        self._needed = False
        return [SetLocalDescription("offer")]

    def restart_needed(self) -> list[Effect]:
        """The route broke or its credentials are about to expire."""
        return [RestartIce()] if self._offers else []

    def local_description_set(self, description: SessionDescription) -> list[Effect]:
        """The effect `SetLocalDescription` is done."""
        self._state = "have-local-offer" if description.type == "offer" else "stable"
        return [SendDescription(description), *self._if_still_needed()]

    def description_received(self, description: SessionDescription) -> list[Effect]:
        """An offer or answer of the other side; `remote_description_set` follows its `SetRemoteDescription`.

        An offer that collides with an own one is ignored by the impolite side; an answer to an offer that was
        rolled back is stale and ignored by both.
        """
        if description.type == "rollback":
            return []
        if description.type == "answer":
            if self._state != "have-local-offer":
                return []
            self._ignored_offer = False  # what follows belongs to this answer
            return [SetRemoteDescription(description)]
        collision = self._state == "have-local-offer"
        self._ignored_offer = collision and not self._polite
        if self._ignored_offer:
            return []
        if collision:
            self._needed = True  # the own offer is rolled back, what it carried is still untold
        return [SetRemoteDescription(description)]

    def remote_description_set(self, description: SessionDescription) -> list[Effect]:
        """The effect `SetRemoteDescription` is done."""
        self._remote_is_set = True
        effects: list[Effect] = [AddCandidate(candidate) for candidate in self._early]
        self._early.clear()
        if description.type == "offer":
            self._state = "have-remote-offer"
            return [*effects, SetLocalDescription("answer")]
        self._state = "stable"
        return [*effects, *self._if_still_needed()]

    def description_refused(self) -> list[Effect]:
        """The connection could not apply or create a description; it stays where it was before."""
        if self._state == "have-remote-offer":
            self._state = "stable"
        return []

    def candidate_received(self, candidate: IceCandidate) -> list[Effect]:
        """A candidate of the other side.

        Those that come before any description wait for it; those of an ignored offer are dropped.
        Raises PeerConnectionError (`too_many_candidates`) for more than 64 that wait.
        """
        if self._ignored_offer:
            return []
        if self._remote_is_set:
            return [AddCandidate(candidate)]
        if len(self._early) >= MAX_BUFFERED_CANDIDATES:
            raise PeerConnectionError(
                f"got more than {MAX_BUFFERED_CANDIDATES} candidates before a description, expected fewer",
                code="too_many_candidates",
                retryable=False,
            )
        self._early.append(candidate)
        return []

    def _if_still_needed(self) -> list[Effect]:
        return self.negotiation_needed() if self._needed and self._state == "stable" else []
