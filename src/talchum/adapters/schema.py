"""Brings a database's tables up to date, by Alembic: the revisions are in `migrations/versions`.

Whoever opens a database does it, several processes at once too: one has the lock, the others wait for it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from talchum.domain.errors import DatabaseError

_LOCK = 0x7A1C4  # of PostgreSQL's advisory locks, this project's


def bring_up_to_date(engine: Engine) -> None:
    """Run the revisions that a database has not seen; all or none of them.

    Raises DatabaseError (`database_too_new`) for one of a later version of the program, and what
    SQLAlchemy raises.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == head:
            return
    # SQLite's driver begins no transaction before DDL by itself.
    options = {"isolation_level": "AUTOCOMMIT"} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        _lock(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseError(
                "the database is of a later version of this program, expected this one's or an earlier one's",
                code="database_too_new",
                retryable=False,
            ) from error


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _lock(connection: Connection) -> None:
    """Have the database for this transaction alone."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
