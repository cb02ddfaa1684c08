"""Records of training jobs: each change is whole, and of two who want a job one gets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from talchum.adapters.database import METADATA, open_database
from talchum.adapters.training_jobs import TrainingJobs
from talchum.domain.errors import DatabaseError, TrainingError
from talchum.domain.training_job import MOST_QUEUED, JobError, Lease, Quality, TrainingJob

CAPTURE = "cap-0123456789abcdef"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'talchum.db'}"


@pytest.fixture
def jobs(database: str) -> Iterator[TrainingJobs]:
    engine = open_database(database)
    yield TrainingJobs(engine)
    engine.dispose()


def submitted(jobs: TrainingJobs, identity: str = "nari", now: float = 1.0) -> TrainingJob:
    return jobs.submit(capture=CAPTURE, identity=identity, steps=100, now=now)


def claim(jobs: TrainingJobs, job: str, owner: str = "one", now: float = 2.0) -> TrainingJob:
    return jobs.change(job, lambda one: one.claimed(Lease(owner, now + 15), now))


def show(jobs: TrainingJobs, job: str, picture: str) -> None:
    quality = Quality(30.0, 0.9, picture)
    jobs.change(job, lambda one: one.progressed("one", phase="learning", quality=quality))


def test_a_job_survives_all_processes(jobs: TrainingJobs, database: str) -> None:
    job = submitted(jobs)
    claim(jobs, job.id)
    quality = Quality(31.5, 0.93, "ab" * 32)
    written = jobs.change(
        job.id,
        lambda one: one.progressed("one", phase="learning", step=40, seconds_per_step=0.25, quality=quality),
    )
    again = open_database(database)
    assert TrainingJobs(again).get(job.id) == written
    failed = jobs.change(job.id, lambda one: one.failed("one", JobError("face_lost", "why", False), 9.0))
    assert TrainingJobs(again).get(job.id) == failed
    again.dispose()


def test_the_newest_is_listed_first_and_the_oldest_taken_first(jobs: TrainingJobs) -> None:
    older, newer = submitted(jobs, "nari", 1.0), submitted(jobs, "kofi", 2.0)
    assert jobs.list() == [newer, older]
    assert jobs.claimable(3.0) == older
    claim(jobs, older.id, now=3.0)
    assert jobs.claimable(4.0) == newer
    claim(jobs, newer.id, now=3.0)
    assert jobs.claimable(4.0) is None
    taken = jobs.claimable(18.0)  # nobody has been heard of
    assert taken is not None
    assert taken.id == older.id


def test_of_many_who_claim_a_job_one_gets_it(jobs: TrainingJobs) -> None:
    job, got, start = submitted(jobs), list[str](), threading.Barrier(4)

    def contend(owner: str) -> None:
        start.wait()
        with suppress(TrainingError):
            claim(jobs, job.id, owner)
            got.append(owner)

    threads = [threading.Thread(target=contend, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lease = jobs.get(job.id).lease
    assert lease is not None
    assert got == [lease.owner]


def test_a_change_meets_what_others_wrote_meanwhile(jobs: TrainingJobs) -> None:
    job = submitted(jobs)
    claim(jobs, job.id)
    met = []

    def slowly(one: TrainingJob) -> TrainingJob:
        met.append(one.state)
        if len(met) == 1:
            jobs.change(job.id, lambda other: other.cancelled(5.0))
        return one.heard(Lease("one", 30.0))

    with pytest.raises(TrainingError) as refused:
        jobs.change(job.id, slowly)
    assert refused.value.code == "lease_lost"
    assert met == ["running", "cancelled"]


def test_only_so_many_may_wait(jobs: TrainingJobs) -> None:
    first = submitted(jobs, "first", 0.0)
    for number in range(MOST_QUEUED - 1):
        submitted(jobs, f"person-{number}")
    with pytest.raises(TrainingError) as refused:
        submitted(jobs, "one-more")
    assert (refused.value.code, refused.value.retryable) == ("too_many_jobs", True)
    claim(jobs, first.id)
    submitted(jobs, "one-more")


def test_a_name_belongs_to_one_job_that_is_not_over(jobs: TrainingJobs) -> None:
    first = submitted(jobs)
    for state in ("queued", "running"):
        assert jobs.get(first.id).state == state
        with pytest.raises(TrainingError) as refused:
            submitted(jobs)
        assert refused.value.code == "identity_taken"
        if state == "queued":
            claim(jobs, first.id)
    jobs.change(first.id, lambda one: one.cancelled(3.0))
    submitted(jobs)
    with pytest.raises(TrainingError) as refused:
        jobs.retry(first.id)
    assert refused.value.code == "identity_taken"
    assert jobs.get(first.id).state == "cancelled"


def test_who_begins_at_once_never_waits(jobs: TrainingJobs) -> None:
    job = jobs.submit(capture=CAPTURE, identity="nari", steps=100, now=1.0, lease=Lease("one", 16.0))
    assert jobs.get(job.id).state == "running"
    assert jobs.claimable(2.0) is None


def test_a_picture_is_shown_until_no_job_has_it(jobs: TrainingJobs) -> None:
    job, picture = submitted(jobs), "cd" * 32
    assert not jobs.shows(picture)
    claim(jobs, job.id)
    show(jobs, job.id, picture)
    assert jobs.shows(picture)
    show(jobs, job.id, "ef" * 32)
    assert not jobs.shows(picture)


def test_a_job_that_is_not_there_is_said_so(jobs: TrainingJobs) -> None:
    with pytest.raises(TrainingError) as refused:
        jobs.get("nonsense")
    assert refused.value.code == "job_unknown"


def test_a_database_that_does_not_answer_is_said_so(jobs: TrainingJobs) -> None:
    METADATA.drop_all(jobs.engine)
    for ask in (jobs.list, lambda: submitted(jobs), lambda: jobs.get("j"), lambda: jobs.claimable(1.0)):
        with pytest.raises(DatabaseError):
            ask()
