"""The audit log over SQLite and PostgreSQL: one chain, whoever appends."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from talchum.adapters import audit_log
from talchum.adapters.audit_log import LOG, AuditLog
from talchum.adapters.database import open_database
from talchum.domain.audit import AuditEntry, AuditEvent
from talchum.domain.audit_chain import verify_chain
from talchum.domain.audit_notes import CallNote
from talchum.domain.errors import AuditError, DatabaseError
from tests.databases import running_postgresql
from tests.domain.audit_chains import ANN, BEN, CALL, CONSENT, ROOM, TAG

TIMED = [(1000 * number, event) for number, event in enumerate(CALL)]
APPENDERS, EACH = 4, 25


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'talchum.db'}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def log(url: str) -> Iterator[AuditLog]:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(delete(LOG))
    yield AuditLog(engine)
    engine.dispose()


def test_entries_come_back_in_one_chain(log: AuditLog, url: str) -> None:
    log.append(TIMED[:4])
    log.append(TIMED[4:])
    again = AuditLog(open_database(url))
    entries = list(again.entries())
    again.engine.dispose()
    assert [(entry.time, entry.event) for entry in entries] == TIMED
    assert verify_chain(entries, [log.checkpoint()]).last == len(TIMED)


def test_it_is_read_page_by_page(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "PAGE", 2)
    log.append(TIMED)
    assert [entry.seq for entry in log.entries()] == list(range(1, 10))
    assert [entry.seq for entry in log.entries(after=7)] == [8, 9]


def test_several_processes_append_to_one_chain(log: AuditLog, url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.audit_appender", url, f"p{number:012}", str(EACH)],
            stdin=subprocess.PIPE,
        )
        for number in range(APPENDERS)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b".")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * APPENDERS
    entries = list(log.entries())
    assert verify_chain(entries).last == APPENDERS * EACH
    by_process = Counter(str(entry.event.fields["participant"]) for entry in entries)
    assert by_process == {f"p{number:012}": EACH for number in range(APPENDERS)}
    for name in by_process:  # each one's in its own order
        times = [entry.time for entry in entries if entry.event.fields["participant"] == name]
        assert times == list(range(EACH))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"time": 1}, "audit_entry_altered"),
        ({"fields": '{"room":"' + "0" * 64 + '"}'}, "audit_entry_malformed"),
        ({"fields": "{"}, "audit_entry_malformed"),
        ({"event": "call-closed"}, "audit_entry_malformed"),
        ({"hash": "0" * 64}, "audit_entry_altered"),
    ],
)
def test_a_changed_row_is_found(log: AuditLog, change: dict[str, object], code: str) -> None:
    log.append(TIMED)
    with log.engine.begin() as connection:
        connection.execute(update(LOG).where(LOG.c.seq == 5).values(change))
    with pytest.raises(AuditError, match="entry 5 ") as caught:
        verify_chain(log.entries())
    assert caught.value.code == code


def test_rows_that_are_gone_are_found(log: AuditLog) -> None:
    log.append(TIMED)
    checkpoint = log.checkpoint()
    for gone in (9, 5):
        with log.engine.begin() as connection:
            connection.execute(delete(LOG).where(LOG.c.seq == gone))
        with pytest.raises(AuditError):
            verify_chain(log.entries(), [checkpoint])


def test_a_call_is_found_by_its_room(log: AuditLog) -> None:
    assert log.call(ROOM) == CallNote(0, ())
    log.append(TIMED)
    log.append(TIMED[:3])
    assert log.call(ROOM) == CallNote(3, (TAG,))
    assert not log.has_left(ROOM, ANN)
    log.append(TIMED[7:])
    assert log.has_left(ROOM, ANN)
    assert not log.has_left(ROOM, BEN)


def test_a_leg_is_found_by_its_tag_with_a_revocation_of_what_it_wore(log: AuditLog) -> None:
    assert log.find_leg(TAG) is None
    log.append(TIMED)
    leg = log.find_leg(TAG)
    assert leg is not None
    assert (leg.started, leg.ended, leg.kinds, leg.revoked) == (2000, 6000, ("self",), None)
    log.append([(50_000, AuditEvent("revoked", {"consent": "another-one"}))])
    log.append([(60_000, AuditEvent("revoked", {"consent": CONSENT}))])
    leg = log.find_leg(TAG)
    assert leg is not None
    assert leg.revoked == 60_000


def test_what_is_pruned_is_stood_for_by_its_checkpoint(log: AuditLog) -> None:
    log.append(TIMED)
    checkpoint = log.checkpoint(at=5)
    log.prune(checkpoint)
    log.append(TIMED[:1])
    entries: list[AuditEntry] = list(log.entries())
    assert [entry.seq for entry in entries] == [6, 7, 8, 9, 10, 11]
    assert entries[4].event == AuditEvent("pruned", {"through": 5, "hash": checkpoint.hash})
    assert verify_chain(entries, [checkpoint, log.checkpoint()]).last == 11
    with pytest.raises(AuditError):
        log.prune(checkpoint)


def test_a_checkpoint_of_another_chain_prunes_nothing(log: AuditLog) -> None:
    log.append(TIMED)
    with pytest.raises(AuditError) as caught:
        log.prune(replace(log.checkpoint(), hash="0" * 64))
    assert caught.value.code == "audit_chain_replaced"
    assert len(list(log.entries())) == len(TIMED)


def test_a_log_that_does_not_answer_is_said_to(tmp_path: Path) -> None:
    log = AuditLog(open_database(f"sqlite:///{tmp_path / 'talchum.db'}"))
    with log.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_log"))
    with pytest.raises(DatabaseError):
        log.append(TIMED)
    log.engine.dispose()
