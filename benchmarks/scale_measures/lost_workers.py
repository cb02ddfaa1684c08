"""What calls notice of a face worker that is killed, and of one that is told to stop."""

from __future__ import annotations

from benchmarks.migration import (
    DRAIN,
    DRAIN_BAR_SECONDS,
    KILL,
    KILL_BAR_SECONDS,
    LEGS,
    WORKERS,
    Migration,
    measure,
)
from benchmarks.outcome import Outcome


def measure_kills(n: int) -> Outcome:
    """One of three workers killed, `n` times."""
    found = measure(KILL, n)
    return Outcome(
        f"kill -9 of one of {WORKERS} workers with {LEGS} legs: to a face again",
        f"p95 <= {KILL_BAR_SECONDS:.0f} s, no camera frame",
        f"p95 {found.interruptions.p95:.2f} s {_calls_and_frames(found)}",
        n,
        found.meets(KILL_BAR_SECONDS),
        found.summary(),
    )


def measure_drains(n: int) -> Outcome:
    """One of three workers drained, `n` times."""
    found = measure(DRAIN, n)
    return Outcome(
        f"SIGTERM to one of {WORKERS} workers with {LEGS} legs: the longest gap between two faces",
        f"p95 <= {1000 * DRAIN_BAR_SECONDS:.0f} ms, no camera frame",
        f"p95 {1000 * found.interruptions.p95:.0f} ms {_calls_and_frames(found)}",
        n,
        found.meets(DRAIN_BAR_SECONDS),
        found.summary(),
    )


def _calls_and_frames(found: Migration) -> str:
    rounds, again = found.interruptions, ""
    if rounds.stood_still:
        again = f"; {len(rounds.stood_still)} rounds again: the machine stood still"
    frames = f"{found.canaries} of {found.frames:,} frames showed the camera"
    return f"over {len(rounds.seconds)} calls{again}; {frames}"
