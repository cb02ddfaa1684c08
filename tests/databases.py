"""Databases to test with: an SQLite file, and a PostgreSQL of its own where that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from talchum.adapters.database import open_database
from talchum.domain.errors import DatabaseError
from tests.network.namespaces import find_program

PATIENCE = 60.0


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The URL of an empty database of a PostgreSQL that ends with the block; skips where there is none."""
    program = find_program("postgres")
    if program is None:
        pytest.skip("postgres is not installed (Debian: postgresql)")
    programs = Path(program).resolve().parent
    directory = Path(tempfile.mkdtemp(prefix="talchum-pg-"))
    user = None
    if os.getuid() == 0:  # which PostgreSQL refuses to run as
        user = "postgres"
        shutil.chown(directory, user)
    data, log = directory / "data", directory / "log"
    try:
        make = [str(programs / "initdb"), "-D", str(data), "-U", "talchum", "--auth=trust", "--no-sync"]
        subprocess.run(make, check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)
        options = ("-c", "listen_addresses=", "-c", "fsync=off")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(data), "-k", str(directory), *options],
                user=user,
                cwd=directory,
                stdout=out,
                stderr=out,
            )
        try:
            yield _answering(f"postgresql+psycopg://talchum@/postgres?host={directory}", process, log)
        finally:
            process.terminate()
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(directory)


def _answering(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        try:
            open_database(url).dispose()
        except DatabaseError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return url
