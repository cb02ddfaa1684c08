"""All tests in parts: none is lost, and what fails in any of them is read and counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import outcome

ROOT = Path(__file__).parents[1]

FAILING = """
import pytest

def test_that_waits():
    assert 1 == 11

@pytest.mark.computing
def test_that_computes():
    assert 2 == 22

@pytest.mark.alone
def test_that_is_alone():
    assert 3 == 33
"""


@pytest.mark.parametrize(
    ("statuses", "expected"), [((0, 0, 0), 0), ((5, 0, 5), 0), ((5, 5, 5), 5), ((0, 1, 5), 1), ((2, 0, 1), 2)]
)
def test_parts_end_well_where_none_failed_and_one_had_tests(statuses: tuple[int, ...], expected: int) -> None:
    assert outcome(statuses) == expected


def test_what_fails_in_any_part_is_told(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  alone: a\n  computing: b\n")
    (tmp_path / "test_all.py").write_text(FAILING)
    command = [sys.executable, "-m", "tests.parts", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    for said in ("assert 1 == 11", "assert 2 == 22", "assert 3 == 33"):
        assert said in done.stdout
