"""The entries of the audit log: a closed set of events, each with a closed set of fields, chained by hashes.

Nothing else can get in: every field has a pattern that no name, address, session description or picture fits.
An entry's hash is SHA-256 over its canonical JSON (RFC 8785), which holds the hash of the entry before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from talchum.domain.errors import AuditError
from talchum.domain.leg_tag import TAG_PATTERN

Value = str | int | list[str]

BEGINNING = "0" * 64
"""What stands for the hash of the entry before the first."""

MAX_TAGS = 8
_MOST = 2**53  # what every reader of JSON has as a whole number

_HASH = r"[0-9a-f]{64}"
_PEER = r"[a-z][0-9a-f]{12}"
_OPAQUE = r"[A-Za-z0-9_-]{8,64}"
_NAME = r"[a-z][a-z0-9-]{0,31}"  # of an installed identity or engine

FIELDS: Mapping[str, str | type] = {
    "room": _HASH,
    "participant": _PEER,
    "performer": _PEER,
    "worker": _PEER,
    "to": _PEER,
    "by": _PEER,
    "tag": TAG_PATTERN,
    "tags": list,
    "kind": "anonymise|synthetic|self|licensed",
    "identity": _NAME,
    "engine": _NAME,
    "consent": _OPAQUE,
    "recording": _OPAQUE,
    "reason": r"[a-z][a-z_]{0,31}",
    "lost": int,
    "through": int,
    "hash": _HASH,
}
"""What each field may hold: text of a pattern, a list of leg tags, or a whole number."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "call-opened": ("room",),
    "call-closed": ("room",),
    "participant-joined": ("room", "participant"),
    "participant-left": ("room", "participant", "reason"),
    "leg-started": ("room", "tag", "performer", "worker"),
    "worn": ("room", "tag", "kind", "engine", "identity?", "consent?"),
    "fallback": ("room", "tag", "engine"),
    "disclosed": ("room", "tags", "to"),
    "acknowledged": ("room", "tags", "by"),
    "leg-ended": ("room", "tag", "reason"),
    "consent-given": ("consent", "kind"),
    "consent-expired": ("consent",),
    "revoked": ("consent",),
    "recording-started": ("room", "recording"),
    "recording-stopped": ("room", "recording", "reason"),
    "gap": ("lost",),
    "pruned": ("through", "hash"),
}
"""The events with their fields; one that ends with ? may be missing."""

_ENTRY_KEYS = {"seq", "time", "event", "fields", "previous", "hash"}


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened, as far as it may be kept.

    Raises AuditError (`audit_event_refused`) for an event or a field that is not in the closed set. What is
    worn of kind `self` or `licensed` is named by its consent record, since its name may be a person's.
    """

    name: str
    fields: Mapping[str, Value]

    def __post_init__(self) -> None:
        allowed = EVENTS.get(self.name)
        if allowed is None:
            raise _refused(f"got an event {self.name!r:.40} that is not one of the audit log's")
        known = {field.rstrip("?") for field in allowed}
        needed = {field for field in allowed if not field.endswith("?")}
        if not needed <= self.fields.keys() <= known:
            raise _refused(f"got other fields for {self.name} than {', '.join(allowed)}")
        for field, value in self.fields.items():
            if not _fits(FIELDS[field], value):
                raise _refused(f"got a {field} for {self.name} that does not fit")
        if self.name == "worn" and not _names_what_is_worn(self.fields):
            raise _refused("got a face worn without its name or, of a person, without its consent alone")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the chain. seq: from 1. time: wall clock, ms. previous, hash: hexadecimal SHA-256."""

    seq: int
    time: int
    event: AuditEvent
    previous: str
    hash: str

    @classmethod
    def after(cls, seq: int, digest: str, event: AuditEvent, time: int) -> AuditEntry:
        """The entry that comes after the one of this number and hash; 0 and `BEGINNING` for the first."""
        return cls(seq + 1, time, event, digest, _hash(seq + 1, time, event, digest))

    @classmethod
    def read(cls, value: object) -> AuditEntry:
        """An entry from decoded JSON. Raises AuditError (`audit_entry_malformed`)."""
        if not isinstance(value, dict) or value.keys() != _ENTRY_KEYS:
            raise _malformed("got something that is no entry")
        seq, time, previous, stored = value["seq"], value["time"], value["previous"], value["hash"]
        if not _fits(int, seq) or seq < 1 or not _fits(int, time):
            raise _malformed("got an entry whose number or time is none")
        if not _fits(_HASH, previous) or not _fits(_HASH, stored):
            raise _malformed(f"entry {seq} has a hash that is none")
        try:
            event = AuditEvent(value["event"], value["fields"])
        except (AuditError, TypeError, AttributeError) as error:
            raise _malformed(f"entry {seq} holds what no entry may hold") from error
        return cls(seq, time, event, previous, stored)

    @classmethod
    def parse(cls, line: str) -> AuditEntry:
        """An entry from a line of an export. Raises AuditError (`audit_entry_malformed`)."""
        try:
            return cls.read(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise _malformed("got a line that is not JSON") from error

    @property
    def unaltered(self) -> bool:
        """Whether the hash is that of what the entry says."""
        return self.hash == _hash(self.seq, self.time, self.event, self.previous)

    def line(self) -> str:
        """The entry as one line of an export, canonical JSON with its hash."""
        content = _content(self.seq, self.time, self.event, self.previous)
        return canonical_json({**content, "hash": self.hash})


def canonical_json(value: Any) -> str:
    """JSON as in RFC 8785, for objects with ASCII keys and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def room_name(room_key: str) -> str:
    """How a room is named in the log: who has its link can tell which it is, and nobody else."""
    return hashlib.sha256(b"talchum audit room " + room_key.encode()).hexdigest()


def _content(seq: int, time: int, event: AuditEvent, previous: str) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": time,
        "event": event.name,
        "fields": dict(event.fields),
        "previous": previous,
    }


def _hash(seq: int, time: int, event: AuditEvent, previous: str) -> str:
    return hashlib.sha256(canonical_json(_content(seq, time, event, previous)).encode()).hexdigest()


def _fits(wanted: str | type, value: object) -> bool:
    if wanted is int:
        return type(value) is int and 0 <= value <= _MOST
    if wanted is list:
        return isinstance(value, Sequence) and not isinstance(value, str) and _are_tags(value)
    return isinstance(wanted, str) and isinstance(value, str) and re.fullmatch(wanted, value) is not None


def _are_tags(values: Sequence[object]) -> bool:
    return len(values) <= MAX_TAGS and all(_fits(TAG_PATTERN, value) for value in values)


def _names_what_is_worn(fields: Mapping[str, Value]) -> bool:
    of_a_person = fields["kind"] in ("self", "licensed")
    return ("consent" in fields) is of_a_person and ("identity" in fields) is not of_a_person


def _refused(message: str) -> AuditError:
    return AuditError(message, code="audit_event_refused")


def _malformed(message: str) -> AuditError:
    return AuditError(message, code="audit_entry_malformed")
