"""A process's consumer of one Celery queue, which knows nothing of other workers."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from typing import Any, Literal

from celery import Celery  # type: ignore[import-untyped]
from celery.worker import state as celery_state  # type: ignore[import-untyped]

Pool = Literal["threads", "solo"]


class QueueConsumer:
    """Takes tasks off a queue until it is told to stop and the last has ended.

    name: what kind of process it is. slots: tasks at once. most: what `use_slots` may raise them to.
    """

    def __init__(
        self,
        celery: Celery,
        queue: str,
        name: str,
        slots: int,
        log_level: str,
        pool: Pool = "threads",
        most: int = 0,
    ) -> None:
        self._controller: Any = celery.WorkController(
            pool=pool,
            concurrency=max(slots, most),
            queues=[queue],
            hostname=f"{name}-{os.getpid()}@{socket.gethostname()}",
            loglevel=log_level,
            without_heartbeat=True,
            without_gossip=True,
            without_mingle=True,
        )
        self.use_slots(slots)

    def use_slots(self, slots: int) -> None:
        """Take tasks only while fewer than this many run; those that run go on.

        Celery's pool of threads neither grows nor shrinks, but its consumer asks before each task.
        """
        self._controller.max_concurrency = slots

    def run(self, on_signal: Callable[[int], None]) -> int:
        """Consume; the exit status of the process. on_signal: hears SIGTERM and SIGINT, which stop it."""

        def stop(number: int, _frame: object) -> None:
            on_signal(number)
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self._controller.start()
        return int(self._controller.exitcode or 0)

    def stop(self) -> None:
        """Take no more tasks; `run` returns when the running ones have ended."""
        celery_state.should_stop = 0
        hub = getattr(self._controller, "hub", None)
        if hub is not None:
            hub.call_soon(_nothing)  # it looks at `should_stop` when its hub wakes

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return celery_state.should_stop is not None


def _nothing() -> None:
    """For a hub that only has to wake."""
