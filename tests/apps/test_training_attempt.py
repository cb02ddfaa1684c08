"""One attempt at a job: what cannot teach is refused before any training, and what was begun goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import ContentStore, open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.settings import Settings
from talchum.apps.training_attempt import Report, Workshop, options_for, resumed, run
from talchum.domain.errors import TrainingError
from talchum.domain.training_job import DEFAULT_STEPS, LEAST_STEPS, Lease, TrainingJob
from talchum.training.train import HeldOut, TrainOptions, TrainStep
from tests.apps.captures import encoded, kept, two_of_them
from tests.training.performances import dataset, few_steps
from tests.vision.scenes import clip, nobody

pytestmark = pytest.mark.vision


class Place:
    """An installation without processes."""

    def __init__(self, directory: Path) -> None:
        self.settings = Settings(redis_url="", data=directory)
        self.engine = open_database(self.settings.database)
        self.jobs, self.captures = TrainingJobs(self.engine), CaptureRecords(self.engine)
        self.store: ContentStore = open_content_store(self.settings.content, directory / "content")

    def claimed(self, capture: str, steps: int = 20) -> TrainingJob:
        lease = Lease("me", time.time() + 600)
        return self.jobs.submit(capture=capture, identity="stripes", steps=steps, now=1.0, lease=lease)

    def attempted(self, performance: bytes) -> TrainingJob:
        job = self.claimed(kept(self.captures, self.store, performance).id)
        assert run(self.settings, job.id, "me", few_steps) == 0
        return self.jobs.get(job.id)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("performance", "code"),
    [
        (lambda path: encoded(path, nobody(100, 320, 240)), "no_face"),
        (lambda path: encoded(path, two_of_them(12)), "second_face"),
        (lambda path: encoded(path, clip(60)), "performance_too_short"),
        (lambda _path: b"no clip at all", "media_file_unreadable"),
        (lambda path: encoded(path, clip(24))[:-4000], "media_file_unreadable"),
    ],
    ids=["no-face", "second-face", "two-seconds", "no-clip", "torn"],
)
def test_a_clip_that_cannot_teach_is_refused_with_its_reason(
    place: Place, tmp_path: Path, performance: Callable[[Path], bytes], code: str
) -> None:
    job = place.attempted(performance(tmp_path))
    assert (job.state, job.phase, job.step) == ("failed", "looking", 0)
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == (code, False)
    assert "got " in job.error.message
    assert place.captures.list()[0].clip not in job.error.message
    assert not list(tmp_path.glob("training/*"))


def test_a_capture_whose_bytes_were_changed_is_refused(place: Place) -> None:
    capture = kept(place.captures, place.store)
    place.store.path(capture.clip).write_bytes(b"something else")
    job = place.claimed(capture.id)
    run(place.settings, job.id, "me", few_steps)
    error = place.jobs.get(job.id).error
    assert error is not None
    assert error.code == "content_corrupt"


def test_what_nobody_foresaw_is_the_jobs_end_and_not_the_trainers(place: Place) -> None:
    def broken(_steps: int) -> TrainOptions:
        raise ZeroDivisionError

    job = place.claimed(kept(place.captures, place.store).id)
    assert run(place.settings, job.id, "me", broken) == 0
    error = place.jobs.get(job.id).error
    assert error is not None
    assert (error.code, error.retryable) == ("training_failed", True)
    assert "ZeroDivisionError" in error.message


def test_a_job_that_is_somebody_elses_is_left_alone(place: Place) -> None:
    job = place.claimed(kept(place.captures, place.store).id)
    assert run(place.settings, job.id, "somebody else", few_steps) == 0
    assert place.jobs.get(job.id) == job


def test_a_checkpoint_that_cannot_be_read_starts_again(tmp_path: Path) -> None:
    checkpoint = tmp_path / "job.pt"
    for spoilt in (b"", b"garbage", b"PK\x03\x04 half of a checkpoint"):
        checkpoint.write_bytes(spoilt)
        assert resumed(dataset(), few_steps(20), checkpoint).step == 0
        assert not checkpoint.exists()


def test_only_the_newest_picture_of_a_job_is_kept(place: Place) -> None:
    first = place.claimed(kept(place.captures, place.store).id)
    report = Report(Workshop.open(place.settings), first.id, "me")
    report.phase("learning", 0)
    picture = dataset().held_out[0].picture
    shown = []
    for step, look in ((15, picture), (30, 255 - picture)):
        report.step(TrainStep(step, 0.5, HeldOut(20.0 + step, 0.8), look))
        quality = place.jobs.get(first.id).quality
        assert quality is not None
        shown.append(quality.preview)
    assert place.store.get(shown[1])[8:12] == b"WEBP"
    assert not place.store.path(shown[1]).parent.parent.joinpath(shown[0][:2], shown[0]).exists()


def test_progress_of_a_cancelled_job_says_so(place: Place) -> None:
    job = place.claimed(kept(place.captures, place.store).id)
    report = Report(Workshop.open(place.settings), job.id, "me")
    report.phase("learning", 5)
    place.jobs.change(job.id, lambda one: one.cancelled(5.0))
    with pytest.raises(TrainingError) as lost:
        report.phase("exporting")
    assert lost.value.code == "lease_lost"


def test_a_job_trains_as_the_command_does_and_shows_twenty_pictures() -> None:
    assert TrainOptions().steps == DEFAULT_STEPS
    looks = {steps: options_for(steps).look_every for steps in (LEAST_STEPS, 400, DEFAULT_STEPS, 20_000)}
    assert looks == {LEAST_STEPS: 10, 400: 20, DEFAULT_STEPS: 60, 20_000: 250}
    short = options_for(LEAST_STEPS)
    assert short == replace(TrainOptions(), steps=LEAST_STEPS, look_every=10, checkpoint_every=5)
