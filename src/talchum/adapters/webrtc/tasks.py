"""Work that goes on beside its caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger(__name__)


class Tasks:
    """Strong references: a task without one is collected in mid-call and its video stops for good."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[object]] = set()

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run it until it ends or `cancel` is called."""
        self.keep(asyncio.ensure_future(work))

    def keep(self, future: asyncio.Future[object]) -> None:
        """Hold what runs already."""
        self._running.add(future)
        future.add_done_callback(self._ended)

    def _ended(self, future: asyncio.Future[object]) -> None:
        self._running.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            logger.error("a media task ended with %s", type(error).__name__, exc_info=error)

    async def cancel(self) -> None:
        """End all that runs, but for the caller itself."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
