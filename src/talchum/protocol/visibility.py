"""Who sees and addresses whom in a room.

The participants talk with each other and with a recorder, a performer with the face workers of its own legs,
and a participant with the workers that their performers have opened to them. Nobody else sees or addresses a
face worker.
"""

from __future__ import annotations

from talchum.domain.errors import RoomError
from talchum.protocol.messages import ParticipantState, Peer
from talchum.protocol.room_state import PeerRecord, RoomState


def may_talk(state: RoomState, one: str, other: str) -> bool:
    """The whole rule of who sees and addresses whom."""
    a, b = state.peers[one], state.peers[other]
    if one == other:
        return False
    roles = {a.role, b.role}
    if "participant" in roles and roles <= {"participant", "recorder"}:
        return True
    return _serves(state, a, other) or _serves(state, b, one)


def visible_to(state: RoomState, name: str) -> list[str]:
    """The peers that this one sees, and that see it."""
    return [other for other in state.peers if may_talk(state, name, other)]


def other_participants(state: RoomState, name: str) -> list[str]:
    """The participants but for this one."""
    return [n for n, p in state.peers.items() if p.role == "participant" and n != name]


def audience(state: RoomState, name: str) -> list[str]:
    """Who may see and hear this participant: the others, and a recorder."""
    return [n for n in visible_to(state, name) if state.peers[n].role != "face-worker"]


def expect_visible(state: RoomState, name: str, to: str) -> PeerRecord:
    """The peer `to`, if `name` may address it.

    Raises RoomError (`peer_unknown`).
    """
    other = state.peers.get(to)
    if other is None or not may_talk(state, name, to):
        # One answer for both, so that nobody can find out who else is there.
        raise RoomError("got a message to a peer that is not here or not yours", code="peer_unknown")
    return other


def view(state: RoomState, name: str, receiver: str) -> Peer:
    """A peer as another one is told of it."""
    peer, to = state.peers[name], state.peers[receiver]
    # The newcomer gives way, and a face worker or recorder always does: it only answers.
    polite = to.role != "participant" or (peer.role == "participant" and to.order > peer.order)
    leg = state.legs.get(peer.leg)
    return Peer(
        id=name,
        role=peer.role,
        polite=polite,
        state=peer.state or ParticipantState(),
        face_leg=leg.request if leg and leg.performer == receiver else None,
        performer=leg.performer if leg and leg.performer != receiver else None,
        present=bool(peer.connection),
    )


def _serves(state: RoomState, worker: PeerRecord, participant: str) -> bool:
    leg = state.legs.get(worker.leg) if worker.role == "face-worker" else None
    return leg is not None and (leg.performer == participant or participant in leg.viewers)
