"""People's consents in the database: the signed records, and which of them have ended.

That a consent has ended is kept on its own and for good, without the record: so a copy of a record that comes
back, out of a backup or otherwise, lets nobody wear the face again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.consent import Consent
from talchum.domain.errors import ConsentError

EndReason = Literal["subject", "operator", "expired", "erased"]
"""Who or what ended it."""

_Number = BigInteger().with_variant(Integer, "sqlite")

_CONSENTS = Table(
    "consents",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("identity", String(32), nullable=False, index=True),
    Column("subject", String(20), nullable=False, index=True),
    Column("record", Text, nullable=False),
)
_ENDS = Table(
    "consent_ends",
    METADATA,
    Column("consent", String(20), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("ended", _Number, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A record as it lies there; what it says is known once it was verified.

    record: compact JWS. ended: when, wall clock in seconds, None while it has not. reason: why, or empty.
    """

    id: str
    identity: str
    record: str
    ended: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ConsentRecords:
    """The records, usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def add(self, connection: Connection, consent: Consent, record: str) -> None:
        """Keep a record within a transaction of `engine`, whose end keeps it.

        Raises ConsentError (`consent_ended`) for one that has ended, `consent_exists` for one that is there.
        """
        if connection.execute(select(_ENDS.c.consent).where(_ENDS.c.consent == consent.id)).first():
            raise ConsentError("got a consent that has ended", code="consent_ended")
        values = {
            "id": consent.id,
            "identity": consent.identity,
            "subject": consent.subject,
            "record": record,
        }
        try:
            connection.execute(insert(_CONSENTS).values(values))
        except IntegrityError as error:
            raise ConsentError("got a consent that is kept already", code="consent_exists") from error

    def list(self) -> Sequence[ConsentRow]:
        """All that have a record, the ended ones too."""
        return self._read(_rows())

    def of_subject(self, account: str) -> Sequence[ConsentRow]:
        """Those that this account's person gave."""
        return self._read(_rows().where(_CONSENTS.c.subject == account))

    def get(self, consent: str) -> ConsentRow:
        """One of them. Raises ConsentError (`consent_unknown`)."""
        found = self._read(_rows().where(_CONSENTS.c.id == consent))
        if not found:
            raise ConsentError("got a consent that is not known here", code="consent_unknown")
        return found[0]

    def end(self, consent: str, reason: EndReason, now: float) -> bool:
        """Let it hold no more, for good; False when it had ended already. now: wall clock, seconds."""
        values = {"consent": consent, "reason": reason, "ended": int(now)}
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(insert(_ENDS).values(values))
            except IntegrityError:
                return False
        return True

    def erase(self, consent: str) -> None:
        """Delete the record; that it has ended stays."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_CONSENTS).where(_CONSENTS.c.id == consent))

    def _read(self, query: Select[Any]) -> Sequence[ConsentRow]:
        with database_errors(), self.engine.connect() as connection:
            return [_row(row) for row in connection.execute(query)]


def _rows() -> Select[Any]:
    joined = _CONSENTS.outerjoin(_ENDS, _ENDS.c.consent == _CONSENTS.c.id)
    return select(_CONSENTS, _ENDS.c.ended, _ENDS.c.reason).select_from(joined).order_by(_CONSENTS.c.id)


def _row(row: Row[Any]) -> ConsentRow:
    return ConsentRow(row.id, row.identity, row.record, row.ended, row.reason or "")
