"""As many files as allowed, looked at in a process of its own."""

from __future__ import annotations

from tests.apps.own_process import said


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
