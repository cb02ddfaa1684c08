"""Server relay: a performer lets another participant take the worn face from its face worker.

The other participant then sees the worker as a peer and connects to it; the worker only answers. The
performer's own connection goes on as it was, so that either can be shown.
"""

from __future__ import annotations

from talchum.domain.errors import FaceLegError, RoomError
from talchum.protocol.membership import Membership
from talchum.protocol.messages import OpenFaceLeg
from talchum.protocol.room_state import LegRecord, RoomState
from talchum.protocol.visibility import expect_visible


class OpenedLegs:
    """Keeps who else sees the face workers of a room. allowed: whether this installation has it at all."""

    def __init__(self, state: RoomState, membership: Membership, *, allowed: bool) -> None:
        self._state = state
        self._membership = membership
        self._allowed = allowed

    def open(self, performer: str, message: OpenFaceLeg) -> None:
        """Open a leg that is worn to another participant, or close it again; twice is as good as once.

        Raises FaceLegError (`server_relay_off`, `face_leg_unworn`), RoomError (`peer_unknown`).
        """
        if not self._allowed:
            raise FaceLegError(
                "got a face leg to open where there is no server relay",
                code="server_relay_off",
                retryable=False,
            )
        if expect_visible(self._state, performer, message.to).role != "participant":
            raise RoomError("got a face leg to open to a peer that is no participant", code="peer_unknown")
        leg = self._leg(performer, message.request)
        if leg is None:
            if message.open:
                raise FaceLegError("got a face leg to open that wears nothing", code="face_leg_unworn")
        elif message.open and message.to not in leg.viewers:
            leg.viewers.append(message.to)
            self._membership.acquaint(leg.worker, message.to)
        elif not message.open and message.to in leg.viewers:
            self._membership.estrange(leg.worker, message.to)
            leg.viewers.remove(message.to)

    def forget(self, viewer: str) -> None:
        """A participant has left: if they come back, their performer opens anew."""
        for leg in self._state.legs.values():
            if viewer in leg.viewers:
                leg.viewers.remove(viewer)

    def _leg(self, performer: str, request: str) -> LegRecord | None:
        """A leg of this performer that shows a face; one that enrols somebody never does."""
        for leg in self._state.legs.values():
            if leg.performer == performer and leg.request == request and leg.worker and leg.worn is not None:
                return leg
        return None
