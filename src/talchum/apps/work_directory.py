"""A directory for what a process has in hand, emptied after it even when it was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_LOCK = "lock"


@contextmanager
def work_directory(parent: Path) -> Iterator[Path]:
    """A directory of this process's own below `parent`; those of processes that are gone are removed."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        with _alone(parent):
            _sweep(parent)
            own = Path(tempfile.mkdtemp(dir=parent))
            stack.callback(shutil.rmtree, own, ignore_errors=True)
            lock = stack.enter_context((own / _LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # goes with the process, however it ends
        yield own


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """No other process takes one that is not locked yet for left behind."""
    directory = os.open(parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _sweep(parent: Path) -> None:
    for directory in parent.iterdir():
        try:
            with (directory / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            continue  # it lives
