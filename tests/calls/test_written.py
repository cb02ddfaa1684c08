"""A call leaves no picture and no sound on any disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.calls.file_watch import missing_for_watching, watched_files
from tests.calls.service import running_service
from tests.calls.written import written_in_a_call

watched = pytest.mark.skipif(missing_for_watching() is not None, reason=str(missing_for_watching()))
SECONDS = 4.0


@watched
@pytest.mark.call
@pytest.mark.valkey
def test_a_call_writes_nothing_but_logs_and_the_database(tmp_path: Path) -> None:
    written = written_in_a_call(tmp_path, SECONDS)
    assert written.files == frozenset()
    assert not written.overflowed
    assert written.frames > SECONDS
    assert written.log_bytes < 20_000, "a log is words"
    assert written.database_bytes < 400_000


@watched
def test_the_watch_sees_what_another_process_writes_and_leaves_open(tmp_path: Path) -> None:
    program = f"""
import sys
open({str(tmp_path / "closed")!r}, "wb").write(b"media")
left = open({str(tmp_path / "open")!r}, "wb"); left.write(b"media"); left.flush()
sys.stdout.write("written"); sys.stdout.flush(); sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with watched_files() as watch:
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        assert process.stdout.read(7) == b"written"
    try:
        assert watch.files([process.pid]) == {str(tmp_path / "closed"), str(tmp_path / "open")}
    finally:
        process.communicate()


@pytest.mark.call
@pytest.mark.valkey
def test_no_process_of_a_service_may_dump_its_memory(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        service.start_recorder()
        for child in service.children[1:]:  # Valkey has no pictures
            limits = Path(f"/proc/{child.process.pid}/limits").read_text()
            [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
            assert core.split()[4:6] == ["0", "0"], child.name
