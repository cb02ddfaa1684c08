"""Accounts in the database, with the passkeys, the sessions and the invitations that open them.

Of every secret only the SHA-256 is kept, so that a copy of the database signs nobody in. Times are wall
clock, seconds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.errors import AccountError

MAX_NAME = 64
MAX_PASSKEYS = 16

_Number = BigInteger().with_variant(Integer, "sqlite")


def _account() -> Column[str]:
    return Column(
        "account", String(20), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True
    )


_ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("name", String(MAX_NAME), nullable=False),
    Column("created", _Number, nullable=False),
)
_PASSKEYS = Table(
    "passkeys",
    METADATA,
    Column("id", String(1400), primary_key=True),
    _account(),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", _Number, nullable=False),
    Column("created", _Number, nullable=False),
    Column("used", _Number),
)
_SESSIONS = Table(
    "account_sessions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    _account(),
    Column("expires", _Number, nullable=False),
)
_INVITATIONS = Table(
    "account_invitations",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("account", String(20)),
    Column("expires", _Number, nullable=False),
)
_PROVIDERS = Table(
    "account_providers",
    METADATA,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _account(),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. name: as they call themselves, shown to nobody else."""

    id: str
    name: str
    created: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential. id: base64url. used: when it last signed in, None for never."""

    id: str
    account: str
    public_key: bytes
    sign_count: int
    created: int
    used: int | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """Usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def create(self, name: str, now: float, *, account: str = "") -> Account:
        """A new account. account: its id, drawn beforehand; a fresh one when empty."""
        made = Account(account or new_account_id(), tidy_name(name) or "?", int(now))
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(
                        insert(_ACCOUNTS).values(id=made.id, name=made.name, created=made.created)
                    )
            except IntegrityError as error:
                raise AccountError("got an account that is there already", code="account_exists") from error
        return made

    def get(self, account: str) -> Account:
        """Raises AccountError (`account_unknown`)."""
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(select(_ACCOUNTS).where(_ACCOUNTS.c.id == account)).first()
        if row is None:
            raise AccountError("got an account that does not exist", code="account_unknown")
        return Account(row.id, row.name, row.created)

    def delete(self, account: str) -> None:
        """Delete an account with its passkeys and sessions; nothing happens when there is none."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_INVITATIONS).where(_INVITATIONS.c.account == account))
            connection.execute(delete(_ACCOUNTS).where(_ACCOUNTS.c.id == account))

    # -- sessions

    def open_session(self, account: str, lifetime: float, now: float) -> str:
        """A new session's token, which is not kept; ended ones go."""
        token = secrets.token_urlsafe(32)
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.expires <= int(now)))
                    connection.execute(
                        insert(_SESSIONS).values(
                            hash=_hash(token), account=account, expires=int(now + lifetime)
                        )
                    )
            except IntegrityError as error:
                raise AccountError("got an account that does not exist", code="account_unknown") from error
        return token

    def of_session(self, token: str, now: float) -> Account | None:
        """Whose session this is, None for one that is unknown or has ended."""
        query = select(_ACCOUNTS).join(_SESSIONS, _SESSIONS.c.account == _ACCOUNTS.c.id)
        query = query.where(_SESSIONS.c.hash == _hash(token), _SESSIONS.c.expires > int(now))
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else Account(row.id, row.name, row.created)

    def close_session(self, token: str) -> None:
        """End a session; nothing happens when there is none."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash == _hash(token)))

    def close_sessions(self, account: str) -> None:
        """End every session of an account."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.account == account))

    # -- invitations

    def invite(self, lifetime: float, now: float, *, account: str | None = None) -> str:
        """A token that signs in once: to this account, or to a new one when None."""
        token = secrets.token_urlsafe(32)
        values = {"hash": _hash(token), "account": account, "expires": int(now + lifetime)}
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_INVITATIONS).where(_INVITATIONS.c.expires <= int(now)))
            connection.execute(insert(_INVITATIONS).values(values))
        return token

    def redeem(self, token: str, name: str, now: float) -> Account:
        """The account of an invitation, which is used up.

        name: of a new account. Raises AccountError (`invitation_invalid`).
        """
        good = (_INVITATIONS.c.hash == _hash(token)) & (_INVITATIONS.c.expires > int(now))
        with database_errors(), self.engine.begin() as connection:
            row = connection.execute(
                delete(_INVITATIONS).where(good).returning(_INVITATIONS.c.account)
            ).first()
        if row is None:
            raise AccountError(
                "got an invitation that is unknown, used or too old", code="invitation_invalid"
            )
        return self.get(row.account) if row.account else self.create(name, now)

    # -- passkeys

    def add_passkey(self, account: str, passkey: str, public_key: bytes, sign_count: int, now: float) -> None:
        """Keep a passkey. Raises AccountError (`too_many_passkeys`, `passkey_exists`)."""
        if len(self.passkeys(account)) >= MAX_PASSKEYS:
            raise AccountError(f"got one passkey more than {MAX_PASSKEYS}", code="too_many_passkeys")
        values = {
            "id": passkey,
            "account": account,
            "public_key": public_key,
            "sign_count": sign_count,
            "created": int(now),
        }
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(insert(_PASSKEYS).values(values))
            except IntegrityError as error:
                raise AccountError("got a passkey that is kept already", code="passkey_exists") from error

    def passkey(self, passkey: str) -> Passkey:
        """Raises AccountError (`passkey_unknown`)."""
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(select(_PASSKEYS).where(_PASSKEYS.c.id == passkey)).first()
        if row is None:
            raise AccountError("got a passkey that no account here has", code="passkey_unknown")
        return _passkey(row)

    def passkeys(self, account: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""
        query = select(_PASSKEYS).where(_PASSKEYS.c.account == account).order_by(_PASSKEYS.c.created)
        with database_errors(), self.engine.connect() as connection:
            return [_passkey(row) for row in connection.execute(query)]

    def use_passkey(self, passkey: str, sign_count: int, now: float) -> None:
        """Note that it signed in.

        Raises AccountError (`passkey_refused`) unless the count grew since, of a passkey that counts.
        """
        grew = (_PASSKEYS.c.sign_count < sign_count) | ((_PASSKEYS.c.sign_count == 0) & (sign_count == 0))
        its = update(_PASSKEYS).where(_PASSKEYS.c.id == passkey, grew)
        with database_errors(), self.engine.begin() as connection:
            done = connection.execute(its.values(sign_count=sign_count, used=int(now))).rowcount
        if not done:
            raise AccountError("got a count of a passkey that did not grow", code="passkey_refused")

    def remove_passkey(self, account: str, passkey: str) -> None:
        """Forget a passkey of an account; nothing happens when it has none of that name."""
        its = (_PASSKEYS.c.id == passkey) & (_PASSKEYS.c.account == account)
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_PASSKEYS).where(its))

    # -- providers

    def of_provider(self, issuer: str, subject: str, name: str, now: float) -> Account:
        """The account of somebody whom an OpenID provider vouches for, made the first time."""
        its = (_PROVIDERS.c.issuer == issuer) & (_PROVIDERS.c.subject == subject)
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(select(_PROVIDERS.c.account).where(its)).first()
        if row is not None:
            return self.get(row.account)
        made = self.create(name, now)
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(
                        insert(_PROVIDERS).values(issuer=issuer, subject=subject, account=made.id)
                    )
            except IntegrityError:  # two sign-ins at once: the first one's account it is
                self.delete(made.id)
                return self.of_provider(issuer, subject, name, now)
        return made


def new_account_id() -> str:
    """A name for an account, which says nothing of whose it is."""
    return f"acc-{secrets.token_hex(8)}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def tidy_name(name: str) -> str:
    """What somebody calls themselves, as it is kept; empty for none."""
    return " ".join(name.split())[:MAX_NAME]


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(row.id, row.account, row.public_key, row.sign_count, row.created, row.used)
