"""Everything there is to know of one room, as it is stored."""

from __future__ import annotations

import msgspec

from talchum.domain.identity import IdentityKind
from talchum.domain.placement import CPU_LEGS
from talchum.protocol.admission import Ticket
from talchum.protocol.messages import ParticipantState, Role


class DisclosureRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a participant was told of another: a hash of the last disclosure, and all tags, newest last.

    acknowledged: the tags that they said they had read since that disclosure.
    """

    digest: str = ""
    acknowledged: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)


class WornRecord(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What a face worker says its leg wears."""

    identity: str
    kind: IdentityKind
    engine: str


class PeerRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A peer of the room.

    connection: the socket it speaks through, empty while there is none. fingerprints: of its certificates, by
    the peer that was given them. disclosed: what it was told of others, by performer. account: of one who is
    signed in; nobody else is told of it.
    """

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
    account: str = ""
    candidates: dict[str, int] = msgspec.field(default_factory=dict)
    fingerprints: dict[str, str] = msgspec.field(default_factory=dict)
    disclosed: dict[str, DisclosureRecord] = msgspec.field(default_factory=dict)


class LegRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A face leg that is wanted.

    worker: the peer that serves it, empty while it is queued. queue: where it waits. place: the one in the
    queue that its performer was told last, 0 for none. viewers: participants it was opened to.
    """

    request: str
    tag: str
    performer: str
    requested_at: float
    ticket_hash: str
    worker: str = ""
    queue: str = CPU_LEGS
    place: int = 0
    worn: WornRecord | None = None
    viewers: list[str] = msgspec.field(default_factory=list)


class RecordingRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A recording that was asked for, and is not over.

    agreed: participants. started: whether a recorder was sent for, at `started_at`. recorder: its peer, empty
    before it is there.
    """

    name: str
    asked_by: str
    agreed: list[str]
    started: bool = False
    started_at: float = 0.0
    ticket_hash: str = ""
    recorder: str = ""


class RefusalRecord(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The last time that somebody did not want a recording. by, asked_by: participants. at: wall clock."""

    by: str
    asked_by: str
    at: float


class RoomState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Everything there is to know of one room, as it is stored."""

    key: str
    joined: int = 0
    peers: dict[str, PeerRecord] = msgspec.field(default_factory=dict)
    legs: dict[str, LegRecord] = msgspec.field(default_factory=dict)
    tickets: dict[str, Ticket] = msgspec.field(default_factory=dict)
    departed: dict[str, str] = msgspec.field(default_factory=dict)
    recording: RecordingRecord | None = None
    refusal: RefusalRecord | None = None
