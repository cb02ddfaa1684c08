"""What the processes of a call leave on disk beside their logs and their database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.calls.file_watch import watched_files
from tests.calls.headless import headless_call
from tests.calls.service import running_service

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
DATABASE = ("talchum.db", "talchum.db-wal", "talchum.db-shm", "talchum.db-journal")
COMPILED = "/__pycache__/"  # Python's and numba's own code, the first time


@dataclass(frozen=True, slots=True)
class Written:
    """Of a call in which a face was worn. files: that no process may write. frames: that the performer got.

    log_bytes, database_bytes: by how much those grew. overflowed: whether the kernel lost count.
    """

    files: frozenset[str]
    frames: int
    log_bytes: int
    database_bytes: int
    overflowed: bool


def written_in_a_call(directory: Path, seconds: float, identity: str = "veil") -> Written:
    """Have a call over a service of its own, each process watched: server, face worker, both participants."""
    with running_service(directory) as service:
        logs = {str(child.log) for child in service.children}
        before = _size(directory, DATABASE)
        log_before = sum(child.log.stat().st_size for child in service.children)
        link, wear = service.new_link(), ["--identity", identity]
        with (
            watched_files() as watch,
            headless_call(service, link, CLIP, seconds=seconds, arguments=wear) as a,
            headless_call(service, link, CLIP, seconds=seconds) as b,
        ):
            b.report()
            report = a.report()
        processes = [child.process.pid for child in service.children]
        allowed = logs | {str(directory / name) for name in DATABASE}
        written = {path.removesuffix(" (deleted)") for path in watch.files(processes)}
        written |= {path for one in (a, b) for path in watch.by.get(one.process.pid, ())}
        return Written(
            frozenset(path for path in written - allowed if COMPILED not in path),
            report["faceLeg"]["framesReceived"],
            sum(child.log.stat().st_size for child in service.children) - log_before,
            _size(directory, DATABASE) - before,
            watch.overflowed,
        )


def _size(directory: Path, names: tuple[str, ...]) -> int:
    return sum(path.stat().st_size for name in names if (path := directory / name).exists())
