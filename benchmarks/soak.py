"""Does a face worker grow? One leg for twenty minutes, the worker's memory every five seconds.

    python -m benchmarks.soak [--out benchmarks/results/soak.json] [--minutes 20]

Two headless clients on loopback, A with a face at 640x480@30. The slope is that of a straight line through
the resident memory after the first three minutes, in MB a minute: by then allocators and caches have found
their size.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import REPOSITORY, commit, describe_machine
from tests.calls.headless import headless_call
from tests.calls.service import running_service

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
MINUTES = 20.0
PERIOD = 5.0
WARM_MINUTES = 3.0
FLAT = 0.5  # MB a minute, below which a day's call stays under a gigabyte


def resident_megabytes(process: int) -> float:
    """The resident memory of a process (VmRSS of proc(5))."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    row = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(row.split()[1]) / 1024


def watch(process: int, running: Callable[[], bool]) -> list[tuple[float, float]]:
    """(minutes since the start, MB) every few seconds, while something runs."""
    started = time.monotonic()
    samples = []
    while running():
        samples.append(((time.monotonic() - started) / 60, resident_megabytes(process)))
        time.sleep(PERIOD)
    return samples


def slope(samples: Sequence[tuple[float, float]], warm: float) -> float:
    """MB a minute of a straight line through the samples after `warm` minutes; 0 with fewer than two."""
    kept = np.array([sample for sample in samples if sample[0] >= warm])
    return float(np.polyfit(kept[:, 0], kept[:, 1], 1)[0]) if len(kept) >= 2 else 0.0


def measure(minutes: float) -> dict[str, Any]:
    """One leg for so long."""
    with tempfile.TemporaryDirectory() as scratch, running_service(Path(scratch)) as service:
        link, seconds = service.new_link(), 60 * minutes
        (worker,) = service.workers
        idle = resident_megabytes(worker.process.pid)
        wear = ["--identity", service.faces()[0]]
        with (
            headless_call(service, link, CLIP, seconds=seconds, arguments=wear) as a,
            headless_call(service, link, CLIP, seconds=seconds) as b,
        ):
            samples = watch(worker.process.pid, lambda: a.process.poll() is None)
            sent, received = a.report(), b.report()
    warm = min(WARM_MINUTES, minutes / 3)
    return {
        "minutes": minutes,
        "idleMegabytes": round(idle, 1),
        "megabytesByMinute": [round(megabytes, 1) for _, megabytes in samples[:: round(60 / PERIOD)]],
        "largestMegabytes": round(max(megabytes for _, megabytes in samples), 1),
        "slopeMegabytesPerMinute": round(slope(samples, warm), 3),
        # Growth that goes on, told from caches that were still finding their size:
        "slopeOfSecondHalfMegabytesPerMinute": round(slope(samples, minutes / 2), 3),
        "framesReturned": sent["faceLeg"]["framesReceived"],
        "cardFrames": sent["faceLeg"]["cardFrames"],
        "framesReceived": received["framesReceived"],
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    options = parser.parse_args()
    machine, started = describe_machine(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    figures = measure(options.minutes)
    result = {"benchmark": "soak", "commit": commit(), "at": started, "machine": machine, **figures}
    result |= {"bar": FLAT, "met": abs(figures["slopeMegabytesPerMinute"]) <= FLAT}
    text = json.dumps(result, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
