from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

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
