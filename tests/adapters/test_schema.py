"""Tables come by revisions, whatever a database has seen before and however many open it at once."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.schema import CreateTable

from talchum.adapters.database import METADATA, open_database
from talchum.domain.errors import DatabaseError
from tests.databases import running_postgresql

ADAPTERS = Path(__file__).resolve().parents[2] / "src" / "talchum" / "adapters"
PROCESSES = 4
OPEN = "import sys; from talchum.adapters.database import open_database; open_database(sys.argv[1])"
BEFORE_REVISIONS = ("captures", "learned_identities", "training_jobs", "audit_log")


@pytest.fixture(autouse=True)
def _every_table_is_declared() -> None:
    """Tables are on `METADATA` once the module that declares them is imported."""
    for path in ADAPTERS.glob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        if {"METADATA", "Table"} <= names:
            importlib.import_module(f"talchum.adapters.{path.stem}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'talchum.db'}"
        return
    with running_postgresql() as running:
        yield running


def test_the_revisions_make_the_tables_that_the_adapters_declare(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_processes_that_open_an_empty_database_at_once_all_succeed(tmp_path: Path) -> None:
    _open_at_once(f"sqlite:///{tmp_path / 'talchum.db'}")


def test_processes_that_open_an_empty_postgresql_at_once_all_succeed() -> None:
    with running_postgresql() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        _open_at_once(url)


def test_what_a_database_without_revisions_holds_is_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'talchum.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        for name in BEFORE_REVISIONS:
            connection.execute(CreateTable(METADATA.tables[name]))
        connection.execute(
            text("INSERT INTO learned_identities VALUES ('hana', 'digest', '{}', 1.0)"),
        )
    engine.dispose()
    engine = open_database(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM learned_identities")).scalars().all() == ["hana"]
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_an_earlier_database_gets_what_came_since(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'talchum.db'}"
    open_database(url).dispose()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        for name in set(METADATA.tables) - set(BEFORE_REVISIONS):
            connection.execute(text(f"DROP TABLE {name}"))
    engine.dispose()
    engine = open_database(url)
    assert set(METADATA.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_database_of_a_later_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'talchum.db'}"
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError) as refused:
        open_database(url)
    assert (refused.value.code, refused.value.retryable) == ("database_too_new", False)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    engine.dispose()


def _open_at_once(url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ADAPTERS.parents[1])}
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], env=environment, stderr=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    engine = open_database(url)
    assert set(BEFORE_REVISIONS) <= set(inspect(engine).get_table_names())
    engine.dispose()
