"""A file whose time says that a process without HTTP still does what it is for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

PERIOD = 2.0
STALE_SECONDS = 30.0
"""A process that has not touched its file for so long hangs."""


def touch_liveness(path: Path) -> None:
    """Say that the process lives. Raises OSError."""
    path.touch(mode=0o600)


async def keep_liveness(path: Path | None) -> None:
    """Touch a file for as long as the event loop turns; nothing to do without one."""
    while path is not None:
        touch_liveness(path)
        await asyncio.sleep(PERIOD)


def is_alive(path: Path) -> bool:
    """Whether the process whose file this is lives."""
    try:
        return time.time() - path.stat().st_mtime < STALE_SECONDS
    except FileNotFoundError:
        return False
