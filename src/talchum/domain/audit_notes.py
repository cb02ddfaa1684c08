"""What the audit log says of one call and of one face leg."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from talchum.domain.audit import AuditEntry


@dataclass(frozen=True, slots=True)
class WornNote:
    """What a leg wore from some moment on.

    time: wall clock, ms. identity: its name. consent: of a person's face, its record instead.
    """

    time: int
    kind: str
    engine: str
    identity: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class LegNote:
    """What is known of a face leg by its tag.

    started, ended: wall clock, ms; `ended` and its `reason` None while it runs, or when nobody noted it.
    revoked: when the first consent for what it wore was revoked, also after the leg; None if none was.
    """

    tag: str
    room: str
    started: int
    ended: int | None = None
    reason: str | None = None
    worn: tuple[WornNote, ...] = ()
    revoked: int | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of identity it wore, in their order, each once."""
        return tuple(dict.fromkeys(one.kind for one in self.worn))

    @property
    def consents(self) -> tuple[str, ...]:
        """The consent records of what it wore, each once."""
        return tuple(dict.fromkeys(one.consent for one in self.worn if one.consent is not None))


@dataclass(frozen=True, slots=True)
class CallNote:
    """How much is noted of a call, and the tags of its face legs."""

    entries: int
    tags: tuple[str, ...]


def note_of_leg(entries: Iterable[AuditEntry], revocations: Iterable[AuditEntry] = ()) -> LegNote | None:
    """The last leg that these entries begin, None if they begin none.

    entries: all with its tag, in their order. revocations: of the consents for what it wore.
    """
    leg: LegNote | None = None
    worn: list[WornNote] = []
    end: AuditEntry | None = None
    for entry in entries:
        fields = entry.event.fields
        match entry.event.name:
            case "leg-started":
                leg, worn, end = LegNote(str(fields["tag"]), str(fields["room"]), entry.time), [], None
            case "worn":
                worn.append(_worn(entry))
            case "leg-ended":
                end = entry
    if leg is None:
        return None
    return LegNote(
        tag=leg.tag,
        room=leg.room,
        started=leg.started,
        ended=end.time if end is not None else None,
        reason=str(end.event.fields["reason"]) if end is not None else None,
        worn=tuple(worn),
        revoked=min((entry.time for entry in revocations), default=None),
    )


def note_of_call(entries: Iterable[AuditEntry]) -> CallNote:
    """How much there is of a call: of its room's entries, in their order, those since it last opened."""
    count, tags = 0, list[str]()
    for entry in entries:
        if entry.event.name == "call-opened":
            count, tags = 0, []
        count += 1
        if entry.event.name == "leg-started":
            tags.append(str(entry.event.fields["tag"]))
    return CallNote(count, tuple(tags))


def _worn(entry: AuditEntry) -> WornNote:
    fields = entry.event.fields
    identity, consent = fields.get("identity"), fields.get("consent")
    return WornNote(
        entry.time,
        str(fields["kind"]),
        str(fields["engine"]),
        None if identity is None else str(identity),
        None if consent is None else str(consent),
    )
