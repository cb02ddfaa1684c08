"""A job's process from outside: whatever it does, its record says how that ended and nothing is left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from talchum.adapters.database import open_database
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.job_process import JobRunner, attempt_command, attempt_environment
from talchum.domain.errors import TrainingError
from talchum.domain.training_job import TrainingJob
from tests.adapters.test_training_jobs import submitted

FOREVER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[TrainingJobs]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield TrainingJobs(engine)
    engine.dispose()


class Running:
    """A runner on a thread of its own, of a program that says nothing."""

    def __init__(self, jobs: TrainingJobs, program: str, **options: Any) -> None:
        self.jobs, self.job = jobs, submitted(jobs).id
        self.stop, self.began = threading.Event(), threading.Event()
        self.seen: list[TrainingJob] = []
        runner = JobRunner(jobs, {}, self.command(program), told=self.heard, **options)
        self.thread = threading.Thread(target=runner.claim_and_run, args=(self.job, self.stop))
        self.thread.start()

    def command(self, program: str) -> Any:
        def started(_job: str, _owner: str) -> Sequence[str]:
            return (sys.executable, "-c", program)

        return started

    def heard(self, job: TrainingJob) -> None:
        self.seen.append(job)
        self.began.set()

    def ended(self) -> TrainingJob:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.jobs.get(self.job)


def test_a_process_that_dies_leaves_the_job_to_the_next_attempt(jobs: TrainingJobs) -> None:
    job = Running(jobs, "import os; os.kill(os.getpid(), 9)").ended()
    assert (job.state, job.attempts, job.crashes, job.lease) == ("queued", 1, 1, None)


def test_so_does_one_that_ends_without_a_word(jobs: TrainingJobs) -> None:
    assert Running(jobs, "pass").ended().crashes == 1


@pytest.mark.parametrize("program", [FOREVER, DEAF], ids=["obedient", "deaf"])
def test_a_cancelled_job_ends_within_seconds(jobs: TrainingJobs, program: str) -> None:
    running = Running(jobs, program)
    assert running.began.wait(20)
    cancelled = time.monotonic()
    jobs.change(running.job, lambda one: one.cancelled(5.0))
    assert running.ended().state == "cancelled"
    assert time.monotonic() - cancelled < 5


def test_a_trainer_that_stops_gives_its_job_back(jobs: TrainingJobs) -> None:
    running = Running(jobs, FOREVER)
    assert running.began.wait(20)
    running.stop.set()
    job = running.ended()
    assert (job.state, job.crashes, job.lease) == ("queued", 0, None)


def test_a_lease_is_renewed_as_long_as_the_process_lives(jobs: TrainingJobs) -> None:
    running = Running(jobs, FOREVER, lease_seconds=1.0)
    assert running.began.wait(20)
    first = running.seen[0].lease
    assert first is not None
    while time.time() < first.until + 0.5:
        assert jobs.claimable(time.time()) is None
        time.sleep(0.05)
    running.stop.set()
    running.ended()


def test_a_job_that_comes_no_further_fails(jobs: TrainingJobs) -> None:
    job = Running(jobs, FOREVER, stalled_seconds=0.3).ended()
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == ("training_stalled", True)


def test_a_job_that_is_not_to_be_had_is_left_alone(jobs: TrainingJobs) -> None:
    job = submitted(jobs)
    jobs.change(job.id, lambda one: one.cancelled(5.0))
    runner = JobRunner(jobs, {})
    runner.claim_and_run(job.id, threading.Event())
    assert jobs.get(job.id).attempts == 0
    with pytest.raises(TrainingError) as unknown:
        runner.claim_and_run("nonsense", threading.Event())
    assert unknown.value.code == "job_unknown"


def test_a_training_takes_all_cores_and_waits_patiently() -> None:
    assert attempt_command("job", "owner")[1:] == ("-m", "talchum.apps.training_attempt", "job", "owner")
    made = attempt_environment({"PATH": "/bin"})
    assert made["OMP_WAIT_POLICY"] == "passive"
    assert int(made["OMP_NUM_THREADS"]) >= 1
    assert attempt_environment({"OMP_NUM_THREADS": "3"})["OMP_NUM_THREADS"] == "3"
