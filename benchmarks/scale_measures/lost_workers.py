"""What calls notice of a face worker that is killed, and of one that is told to stop."""

from __future__ import annotations

from typing import Any

from benchmarks.migration import DRAIN_BAR_MS, KILL_BAR_S, LEGS, WORKERS, measure
from benchmarks.outcome import Outcome


def measure_kills(n: int) -> Outcome:
    """One of three workers killed, `n` times."""
    found = measure(n, 0).summary()
    back = found["killToFaceMs"] or {"p95": float("inf")}
    return Outcome(
        f"kill -9 of one of {WORKERS} workers with {LEGS} legs: to a face again",
        f"p95 <= {KILL_BAR_S:.0f} s, no camera frame",
        f"p95 {back['p95'] / 1000:.2f} s over {found['kills']['calls']} calls; {_frames(found)}",
        n,
        _unseen(found) and back["p95"] <= 1000 * KILL_BAR_S,
        found,
    )


def measure_drains(n: int) -> Outcome:
    """One of three workers drained, `n` times."""
    found = measure(0, n).summary()
    gap = found["drainGapMs"] or {"p95": float("inf")}
    return Outcome(
        f"SIGTERM to one of {WORKERS} workers with {LEGS} legs: the longest gap between two faces",
        f"p95 <= {DRAIN_BAR_MS:.0f} ms, no camera frame",
        f"p95 {gap['p95']:.0f} ms over {found['drains']['calls']} calls; {_frames(found)}",
        n,
        _unseen(found) and gap["p95"] <= DRAIN_BAR_MS,
        found,
    )


def _frames(found: dict[str, Any]) -> str:
    return f"{found['cameraFrames']} of {found['frames']:,} frames showed the camera"


def _unseen(found: dict[str, Any]) -> bool:
    """Whether the camera was in no frame, by a search that finds it where it is."""
    seen = bool(found["cameraFrames"])
    return not seen and found["frames"] > 0 and found["canaryFoundInCamera"] > 0.9
