"""Accounts with their passkeys and sessions, and people's consents with what ended them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(1400), primary_key=True),
        _account(),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", _NUMBER, nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.Column("used", _NUMBER),
    )
    op.create_table(
        "account_sessions",
        sa.Column("hash", sa.String(64), primary_key=True),
        _account(),
        sa.Column("expires", _NUMBER, nullable=False),
    )
    op.create_table(
        "account_invitations",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(20)),
        sa.Column("expires", _NUMBER, nullable=False),
    )
    op.create_table(
        "account_providers",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        _account(),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("identity", sa.String(32), nullable=False, index=True),
        sa.Column("subject", sa.String(20), nullable=False, index=True),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_table(
        "consent_ends",
        sa.Column("consent", sa.String(20), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("ended", _NUMBER, nullable=False),
    )


def _account() -> sa.Column[str]:
    return sa.Column(
        "account",
        sa.String(20),
        sa.ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )
