"""Enrolments, from the offer to the consent that came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "enrolments",
        sa.Column("nonce", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(20), nullable=False, index=True),
        sa.Column("identity", sa.String(32), nullable=False, index=True),
        sa.Column("offer", sa.JSON, nullable=False),
        sa.Column("offered", sa.Float, nullable=False),
        sa.Column("taken", sa.Float),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("capture", sa.String(20), index=True),
        sa.Column("job", sa.String(32)),
        sa.Column("clip_key", sa.LargeBinary),
        sa.Column("template", sa.LargeBinary),
        sa.Column("evidence", sa.JSON),
        sa.Column("manifest", sa.JSON),
    )
