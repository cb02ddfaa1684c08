"""The audit log in the database: one chain, to which any number of processes append.

The number of an entry is its key, so that of two who append after the same entry one is refused and tries
again after the other's.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.audit import BEGINNING, AuditEntry, AuditEvent, canonical_json
from talchum.domain.audit_chain import Checkpoint
from talchum.domain.audit_notes import CallNote, LegNote, note_of_call, note_of_leg
from talchum.domain.errors import AuditError, DatabaseError

TimedEvent = tuple[int, AuditEvent]
"""When it happened, wall clock in ms, and what."""

PAGE = 500
_TRIES, _TRY_AGAIN_SECONDS = 200, 0.005

_Number = BigInteger().with_variant(Integer, "sqlite")

LOG = Table(
    "audit_log",
    METADATA,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("time", _Number, nullable=False),
    Column("event", String(32), nullable=False),
    Column("fields", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # taken out of the fields, only to find entries by
    Column("room", String(64), index=True),
    Column("tag", String(8), index=True),
    Column("consent", String(64), index=True),
)


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The chain, usable from any thread; everything blocks.

    Every method raises DatabaseError when there is no answer, and those that read AuditError
    (`audit_entry_malformed`) on what no entry may be.
    """

    engine: Engine

    def append(self, events: Sequence[TimedEvent]) -> None:
        """Add entries at the end of the chain, all or none."""
        for attempt in range(_TRIES):
            with database_errors():
                try:
                    self._append_once(events)
                except IntegrityError:  # another process was faster
                    time.sleep(random.uniform(0.0, _TRY_AGAIN_SECONDS * (1 + attempt % 10)))
                else:
                    return
        raise DatabaseError("the audit log was busy for too long", code="database_busy")

    def entries(self, *, after: int = 0) -> Iterator[AuditEntry]:
        """The entries numbered above `after`, in their order, read page by page."""
        while page := self._read(select(LOG).where(LOG.c.seq > after).order_by(LOG.c.seq).limit(PAGE)):
            yield from page
            after = page[-1].seq

    def checkpoint(self, room: str = "", tags: tuple[str, ...] = (), *, at: int = 0) -> Checkpoint:
        """What the chain is now, or was at entry `at`, to be signed.

        Raises AuditError (`audit_entry_missing`).
        """
        query = select(LOG.c.seq, LOG.c.hash).order_by(LOG.c.seq.desc()).limit(1)
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(query.where(LOG.c.seq == at) if at else query).first()
        if row is None:
            raise AuditError("there is no such entry in the audit log", code="audit_entry_missing")
        return Checkpoint(row.seq, row.hash, int(time.time() * 1000), room, tags)

    def call(self, room: str) -> CallNote:
        """What is noted of the latest call in a room, named as in the log; of none, nothing is."""
        opened = select(func.max(LOG.c.seq)).where(LOG.c.room == room, LOG.c.event == "call-opened")
        since = opened.scalar_subquery()
        return note_of_call(self._read(_of(LOG.c.room == room).where(LOG.c.seq >= since)))

    def has_left(self, room: str, participant: str) -> bool:
        """Whether the newest that is noted of a participant is that they left."""
        names = ("participant-joined", "participant-left")
        query = _of(LOG.c.room == room).where(LOG.c.event.in_(names))
        newest = [e for e in self._read(query) if e.event.fields["participant"] == participant][-1:]
        return any(entry.event.name == "participant-left" for entry in newest)

    def find_leg(self, tag: str) -> LegNote | None:
        """What is noted of a face leg, None for a tag that is not in the log."""
        entries = self._read(_of(LOG.c.tag == tag))
        leg = note_of_leg(entries)
        if leg is None or not leg.consents:
            return leg
        revoked = _of(LOG.c.consent.in_(leg.consents)).where(LOG.c.event == "revoked")
        return note_of_leg(entries, self._read(revoked))

    def prune(self, checkpoint: Checkpoint) -> None:
        """Delete all up to a checkpoint, which is noted at the end of the chain.

        Raises AuditError (`audit_chain_replaced`) when the chain is not the checkpoint's.
        """
        if self.checkpoint(at=checkpoint.seq).hash != checkpoint.hash:
            raise AuditError("got a checkpoint of another chain", code="audit_chain_replaced")
        pruned = AuditEvent("pruned", {"through": checkpoint.seq, "hash": checkpoint.hash})
        self.append([(int(time.time() * 1000), pruned)])
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(LOG).where(LOG.c.seq <= checkpoint.seq))

    def _append_once(self, events: Sequence[TimedEvent]) -> None:
        newest = select(LOG.c.seq, LOG.c.hash).order_by(LOG.c.seq.desc()).limit(1)
        with self.engine.begin() as connection:
            row = connection.execute(newest).first()
            seq, previous = (row.seq, row.hash) if row is not None else (0, BEGINNING)
            rows = []
            for moment, event in events:
                entry = AuditEntry.after(seq, previous, event, moment)
                seq, previous = entry.seq, entry.hash
                rows.append(_columns(entry))
            connection.execute(insert(LOG), rows)

    def _read(self, query: Select[Any]) -> list[AuditEntry]:
        with database_errors(), self.engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]


def _of(condition: Any) -> Select[Any]:
    return select(LOG).where(condition).order_by(LOG.c.seq)


def _columns(entry: AuditEntry) -> dict[str, Any]:
    fields = entry.event.fields
    return {
        "seq": entry.seq,
        "time": entry.time,
        "event": entry.event.name,
        "fields": canonical_json(dict(fields)),
        "previous": entry.previous,
        "hash": entry.hash,
        **{name: fields.get(name) for name in ("room", "tag", "consent")},
    }


def _entry(row: Row[Any]) -> AuditEntry:
    try:
        fields = json.loads(row.fields)
    except (ValueError, RecursionError):
        fields = None  # refused below, with the entry's number
    return AuditEntry.read(
        {
            "seq": row.seq,
            "time": row.time,
            "event": row.event,
            "fields": fields,
            "previous": row.previous,
            "hash": row.hash,
        }
    )
