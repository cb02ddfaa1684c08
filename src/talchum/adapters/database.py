"""The SQL database: SQLite in the data directory, or PostgreSQL by URL, through SQLAlchemy.

Adapters that keep records declare their tables on `METADATA`; a revision in `migrations/versions` makes each,
and `open_database` runs those that a database has not seen.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from talchum.adapters.schema import bring_up_to_date
from talchum.domain.errors import DatabaseError, SettingsError

METADATA = MetaData()
BUSY_SECONDS = 10.0
_TRIES, _TRY_AGAIN_SECONDS = 50, 0.1


def open_database(url: str) -> Engine:
    """A connected database with all tables, usable from any thread.

    url: ``sqlite:///path`` or ``postgresql+psycopg://...``. Raises SettingsError for a URL that is none,
    DatabaseError when it cannot be reached or is of a later version (`database_too_new`).
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Not repeated: it may hold a password.
        raise SettingsError(
            "got a database URL that cannot be read, expected sqlite:/// or postgresql://"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(parsed, pool_pre_ping=True)
    try:
        _make_tables(engine)
    except SQLAlchemyError as error:
        raise DatabaseError(f"the database cannot be opened: {type(error).__name__}") from error
    return engine


@contextmanager
def database_errors() -> Iterator[None]:
    """What SQLAlchemy raises becomes a DatabaseError, which names no table and no value."""
    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseError(f"the database did not answer: {type(error).__name__}") from error


def _make_tables(engine: Engine) -> None:
    """Bring the tables up to date, also when several processes start over an empty database at once."""
    for attempt in range(_TRIES):
        try:
            bring_up_to_date(engine)
        except DBAPIError as error:
            if attempt == _TRIES - 1 or not _is_busy(error):
                raise
            time.sleep(_TRY_AGAIN_SECONDS)
        else:
            return


def _is_busy(error: DBAPIError) -> bool:
    """Whether SQLite did not wait, as it does otherwise: another turns an empty file's journal into a WAL."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Several processes read while one writes, and a kill leaves the last commit whole.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
