"""Moving a thread into a network namespace (setns(2); Python has it from 3.12 only)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNET = 0x40000000


def enter_namespace(path: Path) -> None:
    """Moves the calling thread into the namespace that `path` stands for; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"cannot enter {path}: {os.strerror(number)}")
    finally:
        os.close(descriptor)
