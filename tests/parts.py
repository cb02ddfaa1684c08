"""`python -m tests.parts`: all tests, each in the company that it bears.

First come those that wait for other processes, side by side. Then those that judge media in real time
(`alone`), one after the other; what only computes (`computing`) meanwhile takes the processor time that
they leave, and is told of when they are done. Arguments are for pytest, in each part.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

SIDE_BY_SIDE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")
WAITING = ("-m", "not alone and not computing", *SIDE_BY_SIDE)
COMPUTING = ("-m", "computing", *SIDE_BY_SIDE)
ALONE = ("-m", "alone")


def main(arguments: Sequence[str]) -> int:
    """Run all parts, whatever the first ones end with; the exit status."""
    waiting = subprocess.call(_pytest(*WAITING, *arguments))
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        computing = subprocess.Popen(
            _pytest(*COMPUTING, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=take_what_is_left,
        )
        try:
            alone = subprocess.call(_pytest(*ALONE, *arguments))
            computed = computing.wait()
        finally:
            if computing.poll() is None:
                os.killpg(computing.pid, signal.SIGTERM)
                computing.wait()
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)
    return outcome((waiting, alone, computed))


def outcome(statuses: Sequence[int]) -> int:
    """The exit status of parts that ended with these; a part may hold none of the tests asked for."""
    bad = [
        status
        for status in statuses
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    ]
    return bad[0] if bad else min(statuses)


def take_what_is_left() -> None:
    """From here on this process and its children run only where nothing else wants to."""
    os.setsid()
    os.nice(19)
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        # where the kernel shares processors between sessions first, that weighs more than any process's own
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text("19")


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
