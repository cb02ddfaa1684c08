from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from talchum.adapters import database
from talchum.adapters.database import open_database
from talchum.domain.errors import DatabaseError, SettingsError


def test_an_sqlite_database_is_made_where_there_is_none(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_a_database_in_a_directory_that_is_not_there_is_refused_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'talchum.db'}")
    assert caught.value.retryable
    assert str(tmp_path) not in caught.value.message


def test_a_malformed_url_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        open_database("hunter2 is not a url")
    assert "hunter2" not in caught.value.message


def test_several_processes_may_start_over_an_empty_database_at_once(tmp_path: Path) -> None:
    url, start, opened = f"sqlite:///{tmp_path / 'talchum.db'}", threading.Barrier(4), list[Engine]()

    def open_it() -> None:
        start.wait()
        opened.append(open_database(url))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for engine in opened:
        engine.dispose()


def test_a_database_that_another_process_is_making_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)  # as where SQLite itself does not wait
    path = tmp_path / "talchum.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    tried_again = threading.Event()

    def let_go(_seconds: float) -> None:
        tried_again.set()
        if other.in_transaction:
            other.execute("ROLLBACK")

    monkeypatch.setattr(time, "sleep", let_go)
    open_database(f"sqlite:///{path}").dispose()
    assert tried_again.is_set()
    other.close()


def test_a_database_that_stays_locked_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    path = tmp_path / "talchum.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError):
        open_database(f"sqlite:///{path}")
    other.close()
