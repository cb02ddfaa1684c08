"""A process leaves nothing of what it had in hand, even when it is killed."""

from __future__ import annotations

import errno
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import NoReturn

import pytest

from talchum.apps.work_directory import work_directory

HOLD = """
import sys
from pathlib import Path
from talchum.apps.work_directory import work_directory
with work_directory(Path(sys.argv[1])) as own:
    (own / "clip").write_bytes(b"a face")
    print(own, flush=True)
    sys.stdin.read()
"""


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with work_directory(tmp_path / "work") as own:
        (own / "clip").write_bytes(b"a face")
    assert list((tmp_path / "work").iterdir()) == []


def test_an_error_leaves_nothing_either(tmp_path: Path) -> None:
    def broken() -> None:
        with work_directory(tmp_path / "work") as own:
            (own / "clip").write_bytes(b"a face")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    assert list((tmp_path / "work").iterdir()) == []


def test_a_directory_that_cannot_be_locked_is_not_left_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_where: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="no space left"), work_directory(tmp_path / "work"):
        pass
    assert list((tmp_path / "work").iterdir()) == []


def test_the_next_one_removes_what_a_killed_process_left_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        paths = [Path(holder.stdout.readline().strip()) for holder in holders if holder.stdout is not None]
        holders[0].kill()
        holders[0].wait()
        assert (paths[0] / "clip").exists()
        with work_directory(tmp_path) as own:
            assert not paths[0].exists()
            assert (paths[1] / "clip").exists()
            assert own.exists()
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_those_that_begin_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    count, rounds = 8, 25
    together = Barrier(count, timeout=20)

    def keeps() -> bool:
        together.wait()
        with work_directory(tmp_path) as own:
            together.wait()
            return own.exists()

    with ThreadPoolExecutor(count) as threads:
        for _ in range(rounds):
            kept = [threads.submit(keeps) for _ in range(count)]
            assert all(one.result() for one in kept)
