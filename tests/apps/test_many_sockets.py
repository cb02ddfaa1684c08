"""A process sets its own limits; each is looked at in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"


def said(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_what_lives_at_the_start_is_never_looked_through_again() -> None:
    program = (
        "import gc; from talchum.apps.many_sockets import pace_collection; pace_collection();"
        "print(gc.get_freeze_count() > 1_000, gc.get_threshold())"
    )
    assert said(program) == "True (50000, 50, 100)"


def test_what_a_request_leaves_in_a_circle_is_collected_all_the_same() -> None:
    program = """
import gc, weakref
from talchum.apps.many_sockets import pace_collection
pace_collection()
class Kept: pass
kept = Kept(); kept.itself = kept
gone = weakref.ref(kept); del kept
filling = [[] for _ in range(60_000)]
print(gone() is None)
"""
    assert said(program) == "True"


def test_as_many_files_as_allowed_may_be_open() -> None:
    program = """
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
from talchum.apps.many_sockets import allow_files
allow_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard))
"""
    assert said(program) == "True"
