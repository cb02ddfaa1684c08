"""What a call leaves on disk: a real one, with the kernel telling every file that its processes write."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.outcome import Outcome
from tests.calls.written import written_in_a_call

_FACES = ("veil", "sora")


def measure_disk(n: int) -> Outcome:
    """A call of `n` seconds with each of two faces, which are a cover and a learned one."""
    calls = {}
    for face in _FACES:
        with tempfile.TemporaryDirectory() as directory:
            calls[face] = written_in_a_call(Path(directory), float(n), face)
    frames = sum(call.frames for call in calls.values())
    files = sorted({path for call in calls.values() for path in call.files})
    lost = any(call.overflowed for call in calls.values())
    seen = f"{len(files)} files beside logs and database after {frames} frames"
    details = {
        "logBytes": [call.log_bytes for call in calls.values()],
        "databaseBytes": [call.database_bytes for call in calls.values()],
        "frames": frames,
        "files": files,
    }
    met = not files and not lost and frames > n
    return Outcome("media on disk after a call", "0 bytes", seen, len(calls), met, details)
