"""A file at the call server: when it is there, and that it always leaves."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from talchum.apps.verification_desk import MAX_LOG_TAGS, VerificationDesk
from talchum.apps.verification_messages import Found
from talchum.apps.verification_process import Told
from talchum.domain.errors import DatabaseError, MediaFileError, StoreError, TalchumError, VerificationError
from talchum.domain.verification_job import VerificationJob
from tests.apps.verification_double import VerificationDouble

VIDEO = b"a video" * 1000
FOUND = Found({"verdict": "marked", "log": None}, ["AAAAAAAA", "BBBBBBBB"])


class Examiner:
    """Examines when it is told to; what is at the path then is in `seen`."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.seen = b""
        self.ended = False
        self.outcome: Found | Exception = FOUND

    async def __call__(self, path: Path, told: Told) -> Found:
        self.seen = await asyncio.to_thread(path.read_bytes)
        told("reading", 0.25)
        self.begun.set()
        try:
            await self.go_on.wait()
        finally:
            self.ended = True
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def known(tags: Sequence[str]) -> dict[str, Any]:
    return {tag: {"kinds": ["synthetic"]} for tag in tags}


def desk_of(directory: Path, examiner: Examiner, **changes: Any) -> VerificationDesk:
    values: dict[str, Any] = {"places": 1, "max_bytes": 10_000, "ask_log": known, "beat_seconds": 0.02}
    return VerificationDesk(VerificationDouble(), directory, examine=examiner, **{**values, **changes})


@pytest.fixture
def examiner() -> Examiner:
    return Examiner()


@pytest.fixture
async def desk(tmp_path: Path, examiner: Examiner) -> AsyncIterator[VerificationDesk]:
    made = desk_of(tmp_path, examiner)
    async with made.running():
        yield made


async def pieces(*data: bytes | BaseException) -> AsyncIterator[bytes]:
    for piece in data:
        if isinstance(piece, BaseException):
            raise piece
        yield piece


def videos(directory: Path) -> list[Path]:
    return list(directory.rglob("video-*"))


def room_of(directory: Path) -> Path:
    [lock] = directory.rglob("lock")
    return lock.parent


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    for _ in iter(condition, True):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def over(desk: VerificationDesk, name: str) -> VerificationJob:
    jobs = desk.records.jobs  # type: ignore[attr-defined]
    await until(lambda: jobs[name].is_over)
    job: VerificationJob = jobs[name]
    return job


async def sent(desk: VerificationDesk) -> str:
    name = await desk.reserve(len(VIDEO))
    await desk.receive(name, pieces(VIDEO[:10], VIDEO[10:]))
    return name


async def refusal(action: Any) -> TalchumError:
    with pytest.raises(TalchumError) as refused:
        await action
    return refused.value


async def test_a_file_is_there_while_it_is_examined_and_no_longer(
    desk: VerificationDesk, examiner: Examiner, tmp_path: Path
) -> None:
    at_the_log: list[list[Path]] = []

    def ask(tags: Sequence[str]) -> dict[str, Any]:
        at_the_log.append(videos(tmp_path))
        return known(tags)

    desk.ask_log = ask
    name = await sent(desk)
    await examiner.begun.wait()
    assert examiner.seen == VIDEO
    assert len(videos(tmp_path)) == 1
    await until(lambda: desk.records.jobs[name].share == 0.25)  # type: ignore[attr-defined]
    assert (await desk.records.look(name)).doing == "reading"
    examiner.go_on.set()
    job = await over(desk, name)
    assert at_the_log == [[]]
    assert videos(tmp_path) == []
    assert job.report == {"verdict": "marked", "log": known(FOUND.tags)}


async def test_nobody_else_may_read_where_files_lie(desk: VerificationDesk, tmp_path: Path) -> None:
    assert desk.is_open
    assert room_of(tmp_path).stat().st_mode & 0o077 == 0


async def test_a_cancelled_examination_ends_and_its_file_goes(
    desk: VerificationDesk, examiner: Examiner, tmp_path: Path
) -> None:
    name = await sent(desk)
    await examiner.begun.wait()
    await desk.records.forget(name)
    await until(lambda: examiner.ended)
    await until(lambda: not videos(tmp_path))
    assert (await refusal(desk.records.look(name))).code == "verification_unknown"


@pytest.mark.parametrize(
    "error",
    [
        MediaFileError("got no video", code="media_file_unreadable"),
        VerificationError("crashed", code="verification_crashed"),
    ],
)
async def test_a_failed_examination_says_why_and_its_file_goes(
    desk: VerificationDesk, examiner: Examiner, tmp_path: Path, error: TalchumError
) -> None:
    examiner.outcome = error
    examiner.go_on.set()
    job = await over(desk, await sent(desk))
    assert job.failure is not None
    assert (job.state, job.failure.code, job.failure.message) == ("failed", error.code, error.message)
    assert videos(tmp_path) == []


async def test_a_surprise_is_logged_and_the_file_goes(
    desk: VerificationDesk, examiner: Examiner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    examiner.outcome = RuntimeError("a surprise")
    examiner.go_on.set()
    with caplog.at_level(logging.ERROR):
        await sent(desk)
        await until(lambda: "broke off" in caplog.text)
    assert videos(tmp_path) == []


async def test_a_stopping_server_ends_examinations_and_leaves_no_file(
    tmp_path: Path, examiner: Examiner
) -> None:
    desk = desk_of(tmp_path, examiner)
    async with desk.running():
        await sent(desk)
        await examiner.begun.wait()
    assert examiner.ended
    assert not desk.is_open
    assert videos(tmp_path) == []


async def test_a_killed_server_s_files_go_when_the_next_one_starts(
    tmp_path: Path, examiner: Examiner
) -> None:
    left = tmp_path / "of-a-process-that-is-gone"
    left.mkdir()
    (left / "lock").touch()
    (left / "video-1").write_bytes(VIDEO)
    async with desk_of(tmp_path, examiner).running():
        assert videos(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([VIDEO, b"x"], "file_too_large"),
        ([VIDEO[:-1]], "file_incomplete"),
        ([], "file_incomplete"),
    ],
)
async def test_a_file_of_another_size_than_announced_is_refused(
    desk: VerificationDesk, tmp_path: Path, body: list[bytes], code: str
) -> None:
    name = await desk.reserve(len(VIDEO))
    assert (await refusal(desk.receive(name, pieces(*body)))).code == code
    assert videos(tmp_path) == []
    failure = (await desk.records.look(name)).failure
    assert failure is not None
    assert failure.code == code
    await desk.reserve(1)  # the place is free


async def test_a_file_that_stops_coming_is_given_up(tmp_path: Path, examiner: Examiner) -> None:
    async def stalls() -> AsyncIterator[bytes]:
        yield VIDEO[:10]
        await asyncio.Event().wait()

    desk = desk_of(tmp_path, examiner, idle_seconds=0.05)
    async with desk.running():
        refused = await refusal(desk.receive(await desk.reserve(len(VIDEO)), stalls()))
        assert (refused.code, refused.retryable) == ("file_incomplete", True)
        assert videos(tmp_path) == []


async def test_who_hangs_up_while_sending_leaves_nothing(desk: VerificationDesk, tmp_path: Path) -> None:
    name = await desk.reserve(len(VIDEO))
    started = asyncio.Event()

    async def sending() -> AsyncIterator[bytes]:
        yield VIDEO[:10]
        started.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(desk.receive(name, sending()))
    await started.wait()
    assert len(videos(tmp_path)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert videos(tmp_path) == []
    assert (await refusal(desk.records.look(name))).code == "verification_unknown"
    await desk.reserve(1)


async def test_who_hangs_up_before_the_first_byte_frees_the_place(desk: VerificationDesk) -> None:
    name, claimed = await desk.reserve(7), asyncio.Event()

    async def claim(_name: str) -> VerificationJob:
        claimed.set()
        await asyncio.Event().wait()
        raise AssertionError

    desk.records.claim = claim  # type: ignore[assignment, method-assign]
    receiving = asyncio.create_task(desk.receive(name, pieces(b"a video")))
    await claimed.wait()
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    assert (await refusal(desk.records.look(name))).code == "verification_unknown"
    await desk.reserve(7)


async def test_a_file_nobody_wants_any_more_is_not_taken_to_its_end(
    desk: VerificationDesk, tmp_path: Path
) -> None:
    name = await desk.reserve(len(VIDEO))

    async def sending() -> AsyncIterator[bytes]:
        yield VIDEO[:10]
        await desk.records.forget(name)
        yield VIDEO[10:]

    assert (await refusal(desk.receive(name, sending()))).code == "verification_unknown"
    assert videos(tmp_path) == []


@pytest.mark.parametrize("size", [0, -1, 10_001])
async def test_no_place_is_given_for_a_file_that_is_too_large_or_none(
    desk: VerificationDesk, size: int
) -> None:
    assert (await refusal(desk.reserve(size))).code == "file_too_large"


async def test_without_places_no_video_is_taken_and_no_directory_made(
    tmp_path: Path, examiner: Examiner
) -> None:
    desk = desk_of(tmp_path / "verifications", examiner, places=0)
    async with desk.running():
        assert not desk.is_open
        assert (await refusal(desk.reserve(1))).code == "verifications_closed"
    assert not (tmp_path / "verifications").exists()


async def test_a_directory_that_cannot_be_made_closes_the_page_and_nothing_else(
    tmp_path: Path, examiner: Examiner
) -> None:
    (tmp_path / "verifications").write_text("in the way")
    desk = desk_of(tmp_path / "verifications", examiner)
    async with desk.running():
        assert (await refusal(desk.reserve(1))).code == "verifications_closed"


async def test_a_log_that_is_away_costs_no_report(desk: VerificationDesk, examiner: Examiner) -> None:
    def away(_tags: Sequence[str]) -> dict[str, Any]:
        raise DatabaseError("the database is away")

    desk.ask_log = away
    examiner.go_on.set()
    assert (await over(desk, await sent(desk))).report == FOUND.report


async def test_the_log_is_asked_of_a_few_legs_whatever_a_video_names(
    desk: VerificationDesk, examiner: Examiner
) -> None:
    examiner.outcome = Found({}, [f"{number:08}" for number in range(1000)])
    examiner.go_on.set()
    report = (await over(desk, await sent(desk))).report
    assert report is not None
    assert len(report["log"]) == MAX_LOG_TAGS


async def test_an_examination_goes_on_while_the_store_is_away(
    desk: VerificationDesk, examiner: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await sent(desk)
    await examiner.begun.wait()
    kept = desk.records.keep
    missed: list[str] = []

    async def away(name: str, _job: VerificationJob) -> bool:
        missed.append(name)
        raise StoreError("away")

    monkeypatch.setattr(desk.records, "keep", away)
    await until(lambda: len(missed) > 1)
    monkeypatch.setattr(desk.records, "keep", kept)
    examiner.go_on.set()
    assert (await over(desk, name)).state == "succeeded"


async def test_a_second_file_for_a_place_changes_nothing(desk: VerificationDesk, examiner: Examiner) -> None:
    name = await sent(desk)
    assert (await refusal(desk.receive(name, pieces(VIDEO)))).code == "verification_taken"
    examiner.go_on.set()
    assert (await over(desk, name)) == replace(
        VerificationJob(len(VIDEO)),
        state="succeeded",
        share=1.0,
        report={"verdict": "marked", "log": known(FOUND.tags)},
    )
