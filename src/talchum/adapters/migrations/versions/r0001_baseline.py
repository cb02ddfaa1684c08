"""Captures, learned identities, training jobs and the audit log, as they were before there were revisions.

Each is made only where it is missing: databases of that time have tables and no revision.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ACTIVE = sa.text("state IN ('queued', 'running')")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "captures",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("title", sa.JSON, nullable=False),
        *(sa.Column(part, sa.String(64), nullable=False) for part in ("clip", "still", "points")),
        sa.Column("thumbnail", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("provenance", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "learned_identities",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("manifest", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        if_not_exists=True,
    )
    _make_training_jobs()
    _make_audit_log()


def _make_training_jobs() -> None:
    op.create_table(
        "training_jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("capture", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("seconds_per_step", sa.Float),
        sa.Column("psnr", sa.Float),
        sa.Column("ssim", sa.Float),
        sa.Column("preview", sa.String(64)),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("error_retryable", sa.Integer),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("started", sa.Float),
        sa.Column("ended", sa.Float),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_until", sa.Float),
        if_not_exists=True,
    )
    op.create_index(
        "one_job_each_identity",
        "training_jobs",
        ["identity"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
        if_not_exists=True,
    )


def _make_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("time", _NUMBER, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("room", sa.String(64)),
        sa.Column("tag", sa.String(8)),
        sa.Column("consent", sa.String(64)),
        if_not_exists=True,
    )
    for column in ("room", "tag", "consent"):
        op.create_index(f"ix_audit_log_{column}", "audit_log", [column], if_not_exists=True)
