"""Examinations of videos by a call server: a file comes, is examined apart, and is gone before its report.

A file lies in a directory of this process alone, under a name that says nothing; it leaves with the
examination, however that ends. Who gave it knows the name of the record, and nobody else does.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import redis.asyncio as redis

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.verification_records import VerificationRecords
from talchum.apps.installation_keys import recording_anchors
from talchum.apps.settings import Settings
from talchum.apps.verification_messages import Found
from talchum.apps.verification_process import Told, examine_apart
from talchum.apps.verification_report import log_of
from talchum.apps.work_directory import work_directory
from talchum.domain.errors import DatabaseError, StoreError, TalchumError, VerificationError
from talchum.domain.verification_job import VerificationFailure, VerificationJob

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
IDLE_SECONDS = 20.0
"""How long a file may pause on its way."""

SLOWEST_SECONDS = 900.0
"""How long a file may be on its way."""

MAX_LOG_TAGS = 32
"""The log is asked about so many legs of one video; a file can name any number."""

Examine = Callable[[Path, Told], Awaitable[Found]]
AskLog = Callable[[Sequence[str]], dict[str, Any]]
"""What the log says of these legs; blocks. Raises DatabaseError."""


class Records(Protocol):
    """As `talchum.adapters.verification_records.VerificationRecords`."""

    async def reserve(self, size: int, places: int) -> str: ...  # noqa: D102
    async def claim(self, name: str) -> VerificationJob: ...  # noqa: D102
    async def keep(self, name: str, job: VerificationJob) -> bool: ...  # noqa: D102
    async def finish(self, name: str, job: VerificationJob) -> None: ...  # noqa: D102
    async def look(self, name: str) -> VerificationJob: ...  # noqa: D102
    async def forget(self, name: str) -> None: ...  # noqa: D102


@dataclass
class VerificationDesk:
    """What the routes do.

    places: how many videos the installation examines at a time. max_bytes: of a file.
    """

    records: Records
    directory: Path
    places: int
    max_bytes: int
    ask_log: AskLog
    examine: Examine = examine_apart
    beat_seconds: float = BEAT_SECONDS
    idle_seconds: float = IDLE_SECONDS
    _room: Path | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        """Whether videos are taken."""
        return self.places > 0 and self._room is not None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take videos, and at the end leave nothing of them."""
        with ExitStack() as stack:
            if self.places:
                try:
                    self._room = stack.enter_context(work_directory(self.directory))
                except OSError as error:
                    logger.warning("no videos can be examined: %s", error.strerror)
            try:
                yield
            finally:
                self._room = None
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def reserve(self, size: int) -> str:
        """A place for a file of so many bytes. Raises VerificationError, StoreError."""
        if not self.is_open:
            raise VerificationError(
                "got a video, but this installation examines none", code="verifications_closed"
            )
        if not 0 < size <= self.max_bytes:
            raise VerificationError(
                f"got a file of {size} bytes, expected 1 to {self.max_bytes}", code="file_too_large"
            )
        return await self.records.reserve(size, self.places)

    async def receive(self, name: str, body: AsyncIterator[bytes]) -> None:
        """Take the file of a place, and begin to examine it. Raises VerificationError, StoreError."""
        job = await self._claim(name)
        if self._room is None:
            raise VerificationError("the call server stops", code="verification_lost", retryable=True)
        path = self._room / f"video-{secrets.token_hex(8)}"
        try:
            try:
                await self._write(name, job, path, body)
            except OSError as error:
                raise VerificationError(f"a file cannot be kept: {error.strerror}", retryable=True) from error
        except BaseException as error:  # who sends it may be gone, and the file goes with them
            _delete(path)
            await self._give_up(name, job, error)
            raise
        task = asyncio.create_task(self._work(name, replace(job, state="examining"), path))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _claim(self, name: str) -> VerificationJob:
        try:
            return await self.records.claim(name)
        except asyncio.CancelledError:  # who sends it hung up at once, and it may be claimed all the same
            await self._forget(name)
            raise

    async def _write(self, name: str, job: VerificationJob, path: Path, body: AsyncIterator[bytes]) -> None:
        taken, started, kept = 0, time.monotonic(), 0.0
        pieces = aiter(body)
        with path.open("xb") as file:
            while (piece := await _next_piece(pieces, self.idle_seconds)) is not None:
                taken += len(piece)
                now = time.monotonic()
                if taken > job.size:
                    raise VerificationError(
                        f"got more than the {job.size} bytes that were announced", code="file_too_large"
                    )
                if now - started > SLOWEST_SECONDS:
                    raise _too_slow()
                await asyncio.to_thread(file.write, piece)
                if now - kept >= self.beat_seconds:
                    kept = now
                    receiving = replace(job, state="receiving", share=taken / job.size)
                    if not await self.records.keep(name, receiving):
                        raise _unwanted()
        if taken < job.size:
            raise VerificationError(
                f"got {taken} bytes, expected the {job.size} that were announced",
                code="file_incomplete",
                retryable=True,
            )
        if not await self.records.keep(name, replace(job, state="examining")):
            raise _unwanted()

    async def _give_up(self, name: str, job: VerificationJob, error: BaseException) -> None:
        if not isinstance(error, TalchumError):
            await self._forget(name)
            return
        try:
            await self.records.finish(name, _failed(job, error))
        except StoreError as away:
            logger.warning("a file that did not come: %s", away.message)  # its place is free soon

    async def _forget(self, name: str) -> None:
        try:
            await asyncio.shield(self.records.forget(name))
        except StoreError as away:
            logger.warning("a file that nobody sends: %s", away.message)  # as above

    async def _work(self, name: str, job: VerificationJob, path: Path) -> None:
        """Examine a file to its end, or until nobody wants it."""
        try:
            try:
                outcome = await self._outcome(name, job, path)
            finally:
                _delete(path)
            if isinstance(outcome, Found):
                report = await self._report(outcome)
                outcome = replace(job, state="succeeded", share=1.0, report=report)
            if outcome is not None:
                await self.records.finish(name, outcome)
        except StoreError as error:
            logger.warning("a report was lost: %s", error.message)
        except Exception:
            logger.exception("an examination broke off")

    async def _outcome(self, name: str, job: VerificationJob, path: Path) -> Found | VerificationJob | None:
        """What was found, or how it failed; None when nobody wants it any more."""
        latest = job

        def told(doing: str, share: float) -> None:
            nonlocal latest
            latest = replace(job, doing=doing, share=share)

        examining = asyncio.ensure_future(self.examine(path, told))
        try:
            while not (await asyncio.wait({examining}, timeout=self.beat_seconds))[0]:
                try:
                    if not await self.records.keep(name, latest):
                        return None
                except StoreError as error:
                    logger.warning("an examination goes on unseen: %s", error.message)
            return examining.result()
        except TalchumError as error:
            return _failed(job, error)
        finally:
            examining.cancel()
            await asyncio.gather(examining, return_exceptions=True)

    async def _report(self, found: Found) -> dict[str, Any]:
        try:
            log = await asyncio.to_thread(self.ask_log, found.tags[:MAX_LOG_TAGS])
        except DatabaseError as error:
            logger.warning("a report without the log: %s", error.message)
            return found.report
        return {**found.report, "log": log}


def open_verification_desk(
    settings: Settings, client: redis.Redis, open_log: Callable[[], AuditLog]
) -> VerificationDesk:
    """The desk of one call server. open_log: may block, and raise DatabaseError. Raises SettingsError."""
    return VerificationDesk(
        VerificationRecords(client),
        settings.data / "verifications",
        places=settings.verification_slots,
        max_bytes=settings.verification_megabytes * 1_000_000,
        ask_log=lambda tags: log_of(tags, open_log().find_leg),
        examine=partial(examine_apart, anchors=recording_anchors(settings)),
    )


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _next_piece(pieces: AsyncIterator[bytes], idle_seconds: float) -> bytes | None:
    try:
        async with asyncio.timeout(idle_seconds):
            return await anext(pieces, None)
    except TimeoutError:
        raise _too_slow() from None


def _too_slow() -> VerificationError:
    return VerificationError("got a file that comes too slowly", code="file_incomplete", retryable=True)


def _unwanted() -> VerificationError:
    return VerificationError("got a file that nobody wants any more", code="verification_unknown")


def _failed(job: VerificationJob, error: TalchumError) -> VerificationJob:
    return replace(
        job, state="failed", failure=VerificationFailure(error.code, error.message, error.retryable)
    )
