"""Audit chains to test with."""

from __future__ import annotations

from talchum.domain.audit import BEGINNING, AuditEntry, AuditEvent, room_name

ROOM = room_name("k" * 22)
ANN, BEN = "p" + "a" * 12, "p" + "b" * 12
WORKER = "w" + "0" * 12
TAG = "0123ABCD"
CONSENT = "consent-1"

CALL = (
    AuditEvent("call-opened", {"room": ROOM}),
    AuditEvent("participant-joined", {"room": ROOM, "participant": ANN}),
    AuditEvent("leg-started", {"room": ROOM, "tag": TAG, "performer": ANN, "worker": WORKER}),
    AuditEvent("worn", {"room": ROOM, "tag": TAG, "kind": "self", "engine": "neural", "consent": CONSENT}),
    AuditEvent("disclosed", {"room": ROOM, "tags": [TAG], "to": BEN}),
    AuditEvent("acknowledged", {"room": ROOM, "tags": [TAG], "by": BEN}),
    AuditEvent("leg-ended", {"room": ROOM, "tag": TAG, "reason": "ended"}),
    AuditEvent("participant-left", {"room": ROOM, "participant": ANN, "reason": "left"}),
    AuditEvent("call-closed", {"room": ROOM}),
)


def chain_of(*events: AuditEvent, after: AuditEntry | None = None) -> list[AuditEntry]:
    """Entries of these events, one second apart."""
    entries: list[AuditEntry] = []
    seq, digest = (after.seq, after.hash) if after is not None else (0, BEGINNING)
    for number, event in enumerate(events):
        entry = AuditEntry.after(seq, digest, event, 1_764_000_000_000 + 1000 * number)
        seq, digest = entry.seq, entry.hash
        entries.append(entry)
    return entries
