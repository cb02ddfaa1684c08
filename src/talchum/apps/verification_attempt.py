"""Examines one video in a process of its own: `python -m talchum.apps.verification_attempt FILE ANCHORS`.

ANCHORS are certificates (PEM) whose content credentials are trusted, or nothing. The file comes from anybody.
So this process is given no setting, key or database, may take only so much memory and time, and leaves no
core dump with pictures in it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import msgspec

from talchum.adapters.core_dumps import forbid_core_dumps
from talchum.apps.examine import Examination
from talchum.apps.verification_messages import Found, Progress, Refused, Said
from talchum.apps.verification_report import report_of
from talchum.domain.errors import TalchumError

MEMORY_BYTES = 4 * 1024**3
CPU_SECONDS = 1800
NICENESS = 15
"""Calls and transformations on the same machine go first."""

TELL_SECONDS = 0.2

Say = Callable[[Said], None]


def main(path: Path, anchors: str) -> int:
    """Examine it and say on standard output what comes of it."""
    limit_process()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no message

    def say(said: Said) -> None:
        out.write(msgspec.json.encode(said) + b"\n")
        out.flush()

    examine(path, say, anchors)
    return 0


def examine(path: Path, say: Say, anchors: str = "") -> None:
    """Examine a file; the last that is said is `Found` or `Refused`."""
    told = 0.0

    def progress(doing: str, share: float) -> None:
        nonlocal told
        if (now := time.monotonic()) - told >= TELL_SECONDS:
            told = now
            say(Progress(doing, share))

    try:
        finding = Examination(path, progress, anchors).run()
    except TalchumError as error:
        say(Refused(error.code, error.message))
        return
    say(Found(report_of(finding, None), finding.tags))


def limit_process() -> None:
    """Take no more than a share of the machine."""
    cv2.setNumThreads(1)
    forbid_core_dumps()
    with suppress(ImportError, AttributeError, ValueError, OSError):  # not every system has all of them
        import resource

        os.nice(NICENESS)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
