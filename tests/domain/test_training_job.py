"""What a training job goes through, whoever works on it and however often they vanish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from talchum.domain.errors import TrainingError
from talchum.domain.training_job import (
    LEAST_STEPS,
    MOST_CRASHES,
    MOST_STEPS,
    JobError,
    Lease,
    Quality,
    TrainingJob,
    new_job,
)

LEASE = Lease("one", 15.0)
QUALITY = Quality(30.0, 0.9, "ab" * 32)
REFUSED = JobError("second_face", "got a second face, expected one person alone", False)


def waiting() -> TrainingJob:
    return new_job("j1", capture="cap-0123456789abcdef", identity="nari", steps=100, now=0.0)


def running() -> TrainingJob:
    return waiting().claimed(LEASE, 1.0)


def refusal(change: Callable[[], object]) -> str:
    with pytest.raises(TrainingError) as refused:
        change()
    return refused.value.code


def test_a_new_job_waits() -> None:
    job = waiting()
    assert (job.state, job.phase, job.step, job.attempts) == ("queued", "waiting", 0, 0)
    assert job.claimable(0.0)
    assert job.seconds_left is None


@pytest.mark.parametrize("identity", ["", "Nari", "../etc", "a" * 33, None, 7])
def test_a_name_that_cannot_be_an_identitys_is_refused(identity: object) -> None:
    assert (
        refusal(lambda: new_job("j", capture="c", identity=identity, steps=100, now=0.0))
        == "identity_invalid"
    )


@pytest.mark.parametrize("steps", [LEAST_STEPS - 1, MOST_STEPS + 1, True, 30.0, "100", None])
def test_steps_have_bounds(steps: object) -> None:
    assert (
        refusal(lambda: new_job("j", capture="c", identity="nari", steps=steps, now=0.0))
        == "steps_out_of_range"
    )


def test_who_begins_has_it_alone_until_the_lease_ends() -> None:
    job = running()
    assert (job.state, job.phase, job.attempts, job.started) == ("running", "looking", 1, 1.0)
    assert refusal(lambda: job.claimed(Lease("two", 30.0), 14.9)) == "job_not_claimable"
    taken = job.claimed(Lease("two", 30.0), 15.0)
    assert (taken.attempts, taken.started, taken.crashes) == (2, 1.0, 1)
    assert refusal(lambda: taken.heard(Lease("one", 40.0))) == "lease_lost"


def test_a_heartbeat_keeps_it() -> None:
    job = running().heard(Lease("one", 25.0))
    assert not job.claimable(20.0)
    assert job.claimable(25.0)


def test_progress_says_what_is_left() -> None:
    job = running().progressed("one", phase="learning", step=40, seconds_per_step=0.5, quality=QUALITY)
    assert (job.step, job.quality, job.seconds_left) == (40, QUALITY, 30.0)
    later = job.progressed("one", phase="learning", step=50)
    assert (later.quality, later.seconds_left) == (QUALITY, None)
    exporting = later.progressed("one", phase="exporting")
    assert (exporting.step, exporting.seconds_left) == (50, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda job: job.heard(Lease("two", 99.0)),
        lambda job: job.progressed("two", phase="learning"),
        lambda job: job.succeeded("two", 5.0),
        lambda job: job.failed("two", REFUSED, 5.0),
        lambda job: job.crashed("two", 5.0),
        lambda job: job.released("two"),
    ],
)
def test_nobody_else_may_speak_for_it(change: Callable[[TrainingJob], object]) -> None:
    assert refusal(lambda: change(running())) == "lease_lost"
    assert refusal(lambda: change(waiting())) == "lease_lost"


def test_a_job_that_ends_says_when_and_why() -> None:
    done = running().succeeded("one", 9.0)
    assert (done.state, done.ended, done.lease) == ("succeeded", 9.0, None)
    failed = running().failed("one", REFUSED, 9.0)
    assert (failed.state, failed.phase, failed.error) == ("failed", "looking", REFUSED)
    assert not failed.claimable(99.0)


def test_a_cancelled_job_is_nobodys_any_more() -> None:
    for job in (waiting(), running()):
        cancelled = job.cancelled(5.0)
        assert (cancelled.state, cancelled.ended) == ("cancelled", 5.0)
        assert cancelled.cancelled(6.0) == cancelled
    assert refusal(lambda: running().cancelled(5.0).heard(LEASE)) == "lease_lost"
    assert refusal(lambda: running().succeeded("one", 5.0).cancelled(6.0)) == "job_ended"


def test_a_retried_job_waits_with_what_it_has_reached() -> None:
    reached = running().progressed("one", phase="learning", step=40, quality=QUALITY)
    for over in (reached.cancelled(5.0), reached.failed("one", REFUSED, 5.0)):
        again = over.retried()
        assert (again.state, again.phase, again.error, again.ended) == ("queued", "waiting", None, None)
        assert (again.step, again.quality, again.attempts) == (40, QUALITY, 1)
    for job in (waiting(), running(), running().succeeded("one", 5.0)):
        assert refusal(job.retried) == "job_not_ended"


def test_an_owner_that_has_to_stop_leaves_it_to_the_next() -> None:
    job = running().released("one")
    assert (job.state, job.crashes, job.lease) == ("queued", 0, None)


def test_a_job_that_takes_its_process_with_it_is_not_tried_for_ever() -> None:
    job = waiting()
    for attempt in range(1, MOST_CRASHES):
        job = job.claimed(LEASE, 1.0).crashed("one", 2.0)
        assert (job.state, job.attempts) == ("queued", attempt)
    job = job.claimed(LEASE, 1.0).crashed("one", 2.0)
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == ("training_crashed", True)
    assert job.retried().crashes == 0


def test_nor_one_that_takes_its_trainer_too() -> None:
    last = replace(running(), crashes=MOST_CRASHES - 1)
    job = last.claimed(Lease("two", 99.0), 15.0)
    assert (job.state, job.attempts, job.lease) == ("failed", 1, None)
