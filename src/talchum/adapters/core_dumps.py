"""No core dumps: a process that holds people's pictures leaves none behind when it crashes."""

from __future__ import annotations

import ctypes
import sys

PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """For this process and what it starts, for good.

    The limit alone does not hold where the kernel pipes dumps to a program (core(5)), so on Linux the process
    is made undumpable too; nobody else of the same user can then read its memory either (prctl(2)).
    """
    if sys.platform == "win32":
        return  # which has neither
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
