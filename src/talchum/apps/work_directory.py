"""A directory for what a process has in hand, emptied after it even when it was killed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "lock"


@contextmanager
def work_directory(parent: Path) -> Iterator[Path]:
    """A directory of this process's own below `parent`; those of processes that are gone are removed."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(parent)
    own = Path(tempfile.mkdtemp(dir=parent))
    try:
        with (own / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # goes with the process, however it ends
            yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for directory in parent.iterdir():
        try:
            with (directory / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            continue  # it lives, or is just being made
