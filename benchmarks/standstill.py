"""When the machine itself stood still: a virtual one is paused, or its host has no processor for it.

A process for each core, which comes before all others (SCHED_FIFO, sched(7)), sleeps for milliseconds at a
time. Where even that one wakes late, nothing else ran there either, and no program could have.

    python -m benchmarks.standstill CORE FILE
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SLEEP_SECONDS = 0.005
LATE_SECONDS = 0.02
"""By so much it wakes late before that is written down. Seen here beside busy loops: 4 ms at most; while an
installation starts: up to 43 ms, which the kernel's own work may be."""


class StandstillWatch:
    """Knows when a core of this machine stood still in the block. It needs the right to SCHED_FIFO."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        self._watchers: list[subprocess.Popen[str]] = []
        self.watches = False
        """Whether it does; without the right nothing is seen."""

    def __enter__(self) -> Self:
        for core in os.sched_getaffinity(0):
            command = [sys.executable, "-m", "benchmarks.standstill", str(core), str(self._file(core))]
            self._watchers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        said = [watcher.stdout.readline() for watcher in self._watchers if watcher.stdout is not None]
        self.watches = all(line == "ready\n" for line in said)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watcher in self._watchers:
            watcher.terminate()
            watcher.communicate()
        self._scratch.cleanup()

    def longest(self, since: float, until: float) -> float:
        """The longest time that a core stood still, seconds; of those that began and ended in between.

        since, until: `time.monotonic` of this machine.
        """
        files = Path(self._scratch.name).iterdir()
        lines = [line.split() for file in files for line in file.read_text().splitlines()]
        seen = [float(late) for woke, late in lines if since + float(late) <= float(woke) <= until]
        return max(seen, default=0.0)

    def _file(self, core: int) -> Path:
        return Path(self._scratch.name) / str(core)


def watch(core: int, file: Path) -> None:
    """Write down when this core's watcher woke late and by how much, for as long as it runs.

    Raises PermissionError.
    """
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with file.open("w", buffering=1) as written:
        print("ready", flush=True)
        before = time.monotonic()
        while True:
            time.sleep(SLEEP_SECONDS)
            now = time.monotonic()
            late = now - before - SLEEP_SECONDS
            if late >= LATE_SECONDS:
                written.write(f"{now:.4f} {late:.4f}\n")
            before = now


if __name__ == "__main__":
    watch(int(sys.argv[1]), Path(sys.argv[2]))
