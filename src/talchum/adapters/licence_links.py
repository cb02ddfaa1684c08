"""Links by which accounts ask people to lend their face, in the database; of a link only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.licence import LINK_SECONDS, MOST_LICENSEE, MOST_LINKS, Licence, unknown_licence

_Number = BigInteger().with_variant(Integer, "sqlite")

_LICENCES = Table(
    "licence_links",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("wearer", String(20), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("licensee", String(MOST_LICENSEE), nullable=False),
    Column("expires", _Number, nullable=False),
    Column("until", _Number, nullable=False),
    Column("subject", String(20), nullable=False),
    Column("enrolment", String(32), nullable=False),
)


@dataclass(frozen=True, slots=True)
class LicenceLinks:
    """Usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def make(self, wearer: str, licensee: str, expires_at: int, now: float) -> str:
        """A new link's token, which is not kept."""
        token = secrets.token_urlsafe(24)
        mine = _LICENCES.c.wearer == wearer
        newest = select(_LICENCES.c.hash).where(mine).order_by(_LICENCES.c.until.desc(), _LICENCES.c.hash)
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_LICENCES).where(_LICENCES.c.until <= int(now)))
            kept = list(connection.scalars(newest.limit(MOST_LINKS - 1)))
            connection.execute(delete(_LICENCES).where(mine, _LICENCES.c.hash.not_in(kept)))
            connection.execute(
                insert(_LICENCES).values(
                    hash=_hash(token),
                    wearer=wearer,
                    licensee=licensee,
                    expires=expires_at,
                    until=int(now + LINK_SECONDS),
                    subject="",
                    enrolment="",
                )
            )
        return token

    def get(self, token: str, now: float) -> Licence:
        """What a link says. Raises EnrolmentError (`licence_unknown`)."""
        query = select(_LICENCES).where(_LICENCES.c.hash == _hash(token), _LICENCES.c.until > int(now))
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise unknown_licence()
        return Licence(row.wearer, row.licensee, row.expires, row.until, row.subject, row.enrolment)

    def bind(self, token: str, subject: str, before: str, enrolment: str) -> None:
        """Note by whom, and with which enrolment after which, a link is used; of two who try, one does.

        Raises EnrolmentError (`licence_unknown`).
        """
        as_was = (
            (_LICENCES.c.hash == _hash(token))
            & _LICENCES.c.subject.in_(("", subject))
            & (_LICENCES.c.enrolment == before)
        )
        change = update(_LICENCES).where(as_was).values(subject=subject, enrolment=enrolment)
        with database_errors(), self.engine.begin() as connection:
            if connection.execute(change).rowcount != 1:
                raise unknown_licence()

    def forget_subject(self, account: str) -> None:
        """Drop the links that somebody who goes has opened."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_LICENCES).where(_LICENCES.c.subject == account))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
