"""Links by which accounts ask people to lend their face."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "licence_links",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column(
            "wearer",
            sa.String(20),
            sa.ForeignKey("accounts.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("licensee", sa.String(64), nullable=False),
        sa.Column("expires", _NUMBER, nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("enrolment", sa.String(32), nullable=False),
    )
