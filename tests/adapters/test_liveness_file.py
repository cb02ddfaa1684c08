from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from talchum.adapters.liveness_file import STALE_SECONDS, is_alive, keep_liveness


async def test_a_loop_that_turns_keeps_its_file_fresh(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert not is_alive(file)
    keeping = asyncio.create_task(keep_liveness(file))
    await asyncio.sleep(0)
    assert is_alive(file)
    keeping.cancel()


def test_a_process_that_hangs_is_found_by_its_old_file(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    file.touch()
    past = time.time() - STALE_SECONDS - 1
    os.utime(file, (past, past))
    assert not is_alive(file)


async def test_without_a_file_nothing_is_kept() -> None:
    await asyncio.wait_for(keep_liveness(None), 5)
