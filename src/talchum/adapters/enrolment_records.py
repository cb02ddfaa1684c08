"""Enrolments in the database: offered, taken once, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    LargeBinary,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import EnrolmentError

EnrolmentState = Literal["offered", "taken", "failed", "passed", "learned", "granted", "dropped"]
"""passed: recorded, and being learned. learned: the face is made and waits for its consent to be signed.
dropped: nothing could be learned.
"""

_ENROLMENTS = Table(
    "enrolments",
    METADATA,
    Column("nonce", String(32), primary_key=True),
    Column("subject", String(20), nullable=False, index=True),
    Column("identity", String(32), nullable=False, index=True),
    Column("offer", JSON, nullable=False),
    Column("offered", Float, nullable=False),
    Column("taken", Float),
    Column("state", String(16), nullable=False, index=True),
    Column("outcome", String(64), nullable=False),
    Column("capture", String(20), index=True),
    Column("job", String(32)),
    Column("clip_key", LargeBinary),
    Column("template", LargeBinary),
    Column("evidence", JSON),
    Column("manifest", JSON),
)


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """One enrolment as it stands.

    outcome: how the recording ended, empty before. capture, job: what is learned from, and by which job.
    clip_key: of the sealed clip. template: sealed, whose own face it is; None of one that is lent.
    evidence: for the consent record. manifest: of the face that was learned.
    """

    offer: EnrolmentOffer
    state: EnrolmentState
    outcome: str
    capture: str | None
    job: str | None
    clip_key: bytes | None
    template: bytes | None
    evidence: Mapping[str, Any] | None
    manifest: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class EnrolmentRecords:
    """The records, usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def add(self, offer: EnrolmentOffer) -> None:
        """Keep an offer."""
        told = asdict(offer)
        for column in ("nonce", "subject", "identity", "offered_at", "taken_at"):
            del told[column]
        values = {
            "nonce": offer.nonce,
            "subject": offer.subject,
            "identity": offer.identity,
            "offer": told,
            "offered": offer.offered_at,
            "state": "offered",
            "outcome": "",
        }
        with database_errors(), self.engine.begin() as connection:
            connection.execute(insert(_ENROLMENTS).values(values))

    def get(self, nonce: str) -> EnrolmentRow:
        """One of them. Raises EnrolmentError (`enrolment_unknown`)."""
        found = self._read(_ENROLMENTS.c.nonce == nonce)
        if not found:
            raise EnrolmentError("got an enrolment that is not known here")
        return found[0]

    def take(self, nonce: str, account: str, now: float) -> EnrolmentOffer:
        """Begin it: of two who try, one does. Raises EnrolmentError as `EnrolmentOffer.taken`."""
        offer = self.get(nonce).offer.taken(account, now)
        untaken = (_ENROLMENTS.c.nonce == nonce) & _ENROLMENTS.c.taken.is_(None)
        with database_errors(), self.engine.begin() as connection:
            change = update(_ENROLMENTS).where(untaken).values(taken=now, state="taken")
            if connection.execute(change).rowcount != 1:
                raise EnrolmentError("got an enrolment that was begun already", code="enrolment_taken")
        return offer

    def fail(self, nonce: str, outcome: str) -> None:
        """It was not passed."""
        self._change(nonce, "taken", state="failed", outcome=outcome)

    def keep(
        self,
        nonce: str,
        *,
        capture: str,
        clip_key: bytes,
        template: bytes | None,
        evidence: Mapping[str, Any],
    ) -> None:
        """It was passed, and what was recorded is kept. Raises EnrolmentError (`enrolment_unknown`)."""
        self._change(
            nonce,
            "taken",
            state="passed",
            outcome="passed",
            capture=capture,
            clip_key=clip_key,
            template=template,
            evidence=dict(evidence),
        )

    def set_job(self, nonce: str, job: str) -> None:
        """Which job learns from it."""
        self._change(nonce, "passed", job=job)

    def learned(self, nonce: str, manifest: Mapping[str, Any]) -> None:
        """The face is made. Raises EnrolmentError (`enrolment_unknown`) when it is not wanted any more."""
        self._change(nonce, "passed", state="learned", manifest=dict(manifest))

    def close(self, nonce: str, before: EnrolmentState, state: Literal["granted", "dropped"]) -> None:
        """It is over, one way or the other; the template stays with a consent only."""
        forgotten = {"template": None} if state == "dropped" else {}
        self._change(nonce, before, state=state, manifest=None, **forgotten)

    def forget_recording(self, nonce: str) -> None:
        """The recording is deleted."""
        with database_errors(), self.engine.begin() as connection:
            values = {"capture": None, "clip_key": None}
            connection.execute(update(_ENROLMENTS).where(_ENROLMENTS.c.nonce == nonce).values(values))

    def of_capture(self, capture: str) -> EnrolmentRow | None:
        """The enrolment that a capture comes from, None for one of a generator."""
        return next(iter(self._read(_ENROLMENTS.c.capture == capture)), None)

    def of_subject(self, account: str) -> Sequence[EnrolmentRow]:
        """Those that were offered to an account."""
        return self._read(_ENROLMENTS.c.subject == account)

    def of_identity(self, identity: str) -> Sequence[EnrolmentRow]:
        """Those of a face."""
        return self._read(_ENROLMENTS.c.identity == identity)

    def in_state(self, state: EnrolmentState) -> Sequence[EnrolmentRow]:
        """All that stand there."""
        return self._read(_ENROLMENTS.c.state == state)

    def templates(self) -> Mapping[str, bytes]:
        """The sealed template of each face that has one."""
        granted = (_ENROLMENTS.c.state == "granted") & _ENROLMENTS.c.template.is_not(None)
        query = select(_ENROLMENTS.c.identity, _ENROLMENTS.c.template).where(granted)
        with database_errors(), self.engine.connect() as connection:
            return {row.identity: row.template for row in connection.execute(query)}

    def delete(self, nonce: str) -> None:
        """Forget one; nothing happens when there is none."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_ENROLMENTS).where(_ENROLMENTS.c.nonce == nonce))

    def _change(self, nonce: str, before: EnrolmentState, **values: Any) -> None:
        as_was = (_ENROLMENTS.c.nonce == nonce) & (_ENROLMENTS.c.state == before)
        with database_errors(), self.engine.begin() as connection:
            if connection.execute(update(_ENROLMENTS).where(as_was).values(values)).rowcount != 1:
                raise EnrolmentError(f"got no enrolment that is {before}")

    def _read(self, which: Any) -> list[EnrolmentRow]:
        query = select(_ENROLMENTS).where(which).order_by(_ENROLMENTS.c.offered, _ENROLMENTS.c.nonce)
        with database_errors(), self.engine.connect() as connection:
            return [_row(row) for row in connection.execute(query)]


def _row(row: Row[Any]) -> EnrolmentRow:
    told = {**row.offer, "wearers": tuple(row.offer["wearers"])}
    offer = EnrolmentOffer(
        nonce=row.nonce,
        subject=row.subject,
        identity=row.identity,
        offered_at=row.offered,
        taken_at=row.taken,
        **told,
    )
    return EnrolmentRow(
        offer,
        row.state,
        row.outcome,
        row.capture,
        row.job,
        row.clip_key,
        row.template,
        row.evidence,
        row.manifest,
    )
