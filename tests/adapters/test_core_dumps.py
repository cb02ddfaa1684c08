"""A process that crashes leaves no picture behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FORBID = "from talchum.adapters.core_dumps import forbid_core_dumps; forbid_core_dumps(); "
STATE = """
import ctypes, resource
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def run(program: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=check)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has prctl")
def test_neither_the_limit_nor_the_kernel_allows_a_dump() -> None:
    assert run(FORBID + STATE).stdout.split("\n")[0] == "(0, 0) 0"


def test_what_it_starts_inherits_the_limit() -> None:
    child = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    started = run(FORBID + f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    assert started.stdout.strip() == "(0, 0)"


def test_an_abort_dumps_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", FORBID + "import os; os.abort()"])
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
