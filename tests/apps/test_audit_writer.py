"""Entries on their way to the log, with a log that can be away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from talchum.adapters.audit_log import AuditLog, TimedEvent
from talchum.adapters.database import open_database
from talchum.apps.audit_writer import AuditWriter
from talchum.domain.audit import AuditEvent
from talchum.domain.audit_chain import verify_chain
from talchum.domain.errors import DatabaseError
from tests.domain.audit_chains import CALL


@dataclass
class Log:
    """A log that is there or not; `busy` is set while it lets nobody go on."""

    away: bool = False
    events: list[AuditEvent] = field(default_factory=list)
    tries: int = 0
    free: threading.Event = field(default_factory=threading.Event)
    busy: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.free.set()

    def append(self, events: Sequence[TimedEvent]) -> None:
        self.tries += 1
        self.busy.set()
        assert self.free.wait(10)
        self.busy.clear()
        if self.away:
            raise DatabaseError("the database did not answer")
        self.events += [event for _, event in events]


def writer_to(log: Log, max_waiting: int = 100) -> AuditWriter:
    return AuditWriter(lambda: cast("AuditLog", log), max_waiting=max_waiting, try_again=0.01)


@pytest.fixture
def log() -> Log:
    return Log()


async def until_tried_again(log: Log) -> None:
    tries = log.tries
    async with asyncio.timeout(10):
        while log.tries < tries + 2:  # noqa: ASYNC110 - counted in another thread
            await asyncio.sleep(0.005)


async def test_what_is_noted_is_written_in_its_order(log: Log) -> None:
    writer = writer_to(log)
    async with writer.running():
        for event in CALL:
            writer.note(event)
        assert log.events == [], "nobody waits for the log"
        assert await writer.flushed(10)
    assert log.events == list(CALL)


async def test_the_event_loop_goes_on_while_the_log_is_busy(log: Log) -> None:
    writer = writer_to(log)
    async with writer.running():
        log.free.clear()
        writer.note(CALL[0])
        assert await asyncio.to_thread(log.busy.wait, 10)
        writer.note(CALL[1])
        assert not await writer.flushed(0.01)
        log.free.set()
        assert await writer.flushed(10)
    assert log.events == list(CALL[:2])


async def test_entries_wait_for_a_database_that_is_away(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.away = True
    writer = writer_to(log)
    async with writer.running():
        for event in CALL:
            writer.note(event)
        await until_tried_again(log)
        assert [record.levelname for record in caplog.records] == ["WARNING"], "once, not at every try"
        log.away = False
        assert await writer.flushed(10)
    assert log.events == list(CALL)


async def test_more_than_can_wait_leave_a_gap_that_counts_them(log: Log) -> None:
    log.away = True
    writer = writer_to(log, max_waiting=4)
    async with writer.running():
        for event in CALL:
            writer.note(event)
        await until_tried_again(log)
        log.away = False
        assert await writer.flushed(10)
        writer.note(CALL[0])
        assert await writer.flushed(10)
    assert log.events == [*CALL[:4], AuditEvent("gap", {"lost": 5}), CALL[0]]


async def test_a_database_that_cannot_be_opened_yet_is_opened_later(tmp_path: Path) -> None:
    opened: list[AuditLog] = []
    reasons: Iterator[str] = iter(["not yet", "still not"])

    def open_log() -> AuditLog:
        for reason in reasons:
            raise DatabaseError(reason)
        opened.append(AuditLog(open_database(f"sqlite:///{tmp_path / 'talchum.db'}")))
        return opened[-1]

    writer = AuditWriter(open_log, try_again=0.01)
    async with writer.running():
        for event in CALL:
            writer.note(event)
        assert await writer.flushed(10)
    [log] = opened
    assert verify_chain(log.entries()).last == len(CALL)
    log.engine.dispose()


async def test_what_is_left_at_the_end_is_written_or_said_to_be_lost(
    log: Log, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (writer := writer_to(log)).running():
        writer.note(CALL[0])
    assert log.events == [CALL[0]]
    monkeypatch.setattr("talchum.apps.audit_writer.LAST_SECONDS", 0.02)
    log.away = True
    async with (writer := writer_to(log)).running():
        writer.note(CALL[1])
    assert "1 entries were lost" in caplog.text
