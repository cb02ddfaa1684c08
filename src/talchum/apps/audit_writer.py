"""What a call server notes, on its way to the audit log: off the event loop, and never in a call's way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from talchum.adapters.audit_log import AuditLog, TimedEvent
from talchum.domain.audit import AuditEvent
from talchum.domain.errors import DatabaseError

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Entries that wait while the database is away; how many more there were is noted when it is back."""

BATCH = 200
TRY_AGAIN_SECONDS = 1.0
LAST_SECONDS = 3.0


class AuditWriter:
    """The queue of one process.

    open_log: called in a thread until it succeeds; raises DatabaseError.
    """

    def __init__(
        self,
        open_log: Callable[[], AuditLog],
        *,
        max_waiting: int = MAX_WAITING,
        try_again: float = TRY_AGAIN_SECONDS,
    ) -> None:
        self._open = open_log
        self._log: AuditLog | None = None
        self._max_waiting = max_waiting
        self._try_again = try_again
        self._waiting: deque[TimedEvent] = deque()
        self._lost = 0
        self._stirred = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def note(self, event: AuditEvent) -> None:
        """Have it written soon, or counted as lost when too many wait."""
        self._empty.clear()
        self._stirred.set()
        if len(self._waiting) >= self._max_waiting:
            self._lost += 1
            return
        self._note_what_was_lost()
        self._waiting.append((_now(), event))

    async def flushed(self, seconds: float) -> bool:
        """Whether all that was noted so far is written, waiting this long for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        return self._empty.is_set()

    async def log(self) -> AuditLog:
        """The log that is written to. Raises DatabaseError."""
        if self._log is None:
            self._log = await asyncio.to_thread(self._open)
        return self._log

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write for as long as this lasts, and what is left at its end."""
        writing = asyncio.create_task(self._write())
        writing.add_done_callback(_log_failure)
        try:
            yield
        finally:
            if not await self.flushed(LAST_SECONDS):
                logger.warning("audit log: %d entries were lost at the end", len(self._waiting) + self._lost)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self) -> None:
        was_away = False
        while True:
            await self._stirred.wait()
            try:
                await self._write_some()
            except DatabaseError as error:
                if not was_away:  # once, not once a second
                    logger.warning("audit log: entries wait: %s", error.message)
                was_away = True
                await asyncio.sleep(self._try_again)
            else:
                if was_away:
                    logger.info("audit log: the database is back")
                was_away = False

    async def _write_some(self) -> None:
        log = await self.log()
        self._note_what_was_lost()
        batch: Sequence[TimedEvent] = [self._waiting[i] for i in range(min(BATCH, len(self._waiting)))]
        await asyncio.to_thread(log.append, batch)
        for _ in batch:
            self._waiting.popleft()
        if not self._waiting and not self._lost:
            self._stirred.clear()
            self._empty.set()

    def _note_what_was_lost(self) -> None:
        if self._lost:
            logger.warning("audit log: %d entries were lost while the database was away", self._lost)
            self._waiting.append((_now(), AuditEvent("gap", {"lost": self._lost})))
            self._lost = 0


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("audit log: writing failed: %s", type(error).__name__, exc_info=error)


def _now() -> int:
    return int(time.time() * 1000)
