"""What each stage of a frame costs, by the name it has in reports: `trackTime`, `renderTime`, ..."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def timed(times: dict[str, float], stage: str, work: Callable[[], Result]) -> Result:
    """Run a stage and add its CPU seconds on this thread, also when it raises."""
    start = time.thread_time()
    try:
        return work()
    finally:
        times[stage] = times.get(stage, 0.0) + time.thread_time() - start
