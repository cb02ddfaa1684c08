"""One attempt at a training job: look at the capture, learn, export, keep the identity.

``python -m talchum.apps.training_attempt JOB OWNER`` is started by `talchum.apps.job_process`, whose lease it
works under; its word counts only as long as that lease is its owner's.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from talchum.adapters.capture_records import CaptureRecords, still_files
from talchum.adapters.content_store import ContentStore
from talchum.adapters.core_dumps import forbid_core_dumps
from talchum.adapters.database import open_database
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.identity_files import load_assets
from talchum.adapters.identity_library import IdentityLibrary
from talchum.adapters.preview_clip import preview_clip
from talchum.adapters.sealed_files import unseal
from talchum.adapters.training_jobs import TrainingJobs
from talchum.adapters.video_file import ClipReader
from talchum.apps.known_identities import open_library
from talchum.apps.log import begin_logging
from talchum.apps.settings import Settings
from talchum.domain.bundle import Bundle
from talchum.domain.capture import Capture
from talchum.domain.errors import DatabaseError, MediaFileError, TalchumError
from talchum.domain.frame import I420Frame
from talchum.domain.training_job import JobError, Phase, Quality, TrainingJob
from talchum.training.bundle import make_bundle
from talchum.training.dataset import Dataset
from talchum.training.learn import dataset_of, export
from talchum.training.train import HeldOut, Training, TrainOptions, TrainStep
from talchum.vision.pipeline import FaceNetworks

logger = logging.getLogger(__name__)

TELL_SECONDS = 1.0
_UNREADABLE = (RuntimeError, KeyError, ValueError, EOFError, OSError, pickle.UnpicklingError)


def options_for(steps: int) -> TrainOptions:
    """How a job trains: a short one is looked at and kept more often."""
    usual = TrainOptions()
    return TrainOptions(
        steps=steps,
        look_every=min(usual.look_every, max(10, steps // 20)),
        checkpoint_every=min(usual.checkpoint_every, max(5, steps // 20)),
    )


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where an attempt takes its material from, and where it puts what it makes."""

    jobs: TrainingJobs
    captures: CaptureRecords
    store: ContentStore
    enrolments: EnrolmentRecords
    identities: IdentityLibrary
    networks: FaceNetworks
    checkpoints: Path

    @classmethod
    def open(cls, settings: Settings) -> Workshop:
        """That of an installation. Raises DatabaseError, NetworkFileError, SettingsError."""
        identities = open_library(settings)
        engine, store = identities.learned.engine, identities.learned.content
        networks = FaceNetworks.load(settings.networks)
        checkpoints = settings.data / "training"
        return cls(
            TrainingJobs(engine),
            CaptureRecords(engine),
            store,
            EnrolmentRecords(engine),
            identities,
            networks,
            checkpoints,
        )


@dataclass(slots=True)
class Report:
    """Tells the record how far an attempt is, once a second and at every look.

    Every method raises TrainingError (`lease_lost`) when the job is not this owner's any more.
    """

    workshop: Workshop
    job: str
    owner: str
    told: float = field(default=-TELL_SECONDS)
    begun: tuple[float, int] = (0.0, 0)  # monotonic, and the step

    def phase(self, phase: Phase, step: int | None = None) -> None:
        """Another phase begins, at a step."""
        self.begun = (time.monotonic(), step or 0)
        self._tell(lambda one: one.progressed(self.owner, phase=phase, step=step))

    def step(self, step: TrainStep) -> None:
        """A step was made."""
        now = time.monotonic()
        quality = self._kept(step)
        if quality is None and now - self.told < TELL_SECONDS:
            return
        since, first = self.begun
        pace = (now - since) / max(1, step.step - first)
        before = self.workshop.jobs.get(self.job).quality
        self._tell(
            lambda one: one.progressed(
                self.owner, phase="learning", step=step.step, seconds_per_step=pace, quality=quality
            )
        )
        if quality is not None and before is not None and not self.workshop.jobs.shows(before.preview):
            self.workshop.store.delete(before.preview)

    def _tell(self, change: Callable[[TrainingJob], TrainingJob]) -> None:
        self.told = time.monotonic()
        try:
            self.workshop.jobs.change(self.job, change)
        except DatabaseError as error:
            logger.warning("job %s: %s", self.job, error.message)  # what is learned is worth more

    def _kept(self, step: TrainStep) -> Quality | None:
        if step.held_out is None or step.preview is None:
            return None
        done, encoded = cv2.imencode(".webp", step.preview[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 90])
        assert done
        return Quality(step.held_out.psnr, step.held_out.ssim, self.workshop.store.put(encoded.tobytes()))


def attempt(
    workshop: Workshop, job: TrainingJob, owner: str, options: Callable[[int], TrainOptions] = options_for
) -> None:
    """Bring a job to its end.

    Raises the TalchumError that says why it cannot be, TrainingError (`lease_lost`) when it is no longer
    wanted.
    """
    report = Report(workshop, job.id, owner)
    report.phase("looking")
    capture = workshop.captures.get(job.capture)
    # what it is before it has learned anything: a face at rest
    enrolment = workshop.enrolments.of_capture(capture.id)
    if enrolment is not None and enrolment.offer.identity != job.identity:
        enrolment = None  # a person agreed to one face, by its name
    fields = capture.identity_fields(
        job.identity, kind="synthetic" if enrolment is None else enrolment.offer.scope
    )
    still = Bundle.of(fields, still_files(capture, workshop.store))
    dataset = look(capture, still, workshop, None if enrolment is None else enrolment.clip_key)

    checkpoint = workshop.checkpoints / f"{job.id}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = options(job.steps)
    training = resumed(dataset, chosen, checkpoint)
    report.phase("learning", training.step)
    held_out: HeldOut | None = None
    for step in training.run():
        report.step(step)
        held_out = step.held_out or held_out

    report.phase("exporting", training.step)
    learned = export(training, dataset, chosen, held_out or training.look(dataset.held_out))
    why = f"capture {capture.id} and nothing else"
    bundle = make_bundle(still.manifest, still.files, learned, dataset, learned_from=why, encode=preview_clip)
    if enrolment is None:
        workshop.identities.add(bundle, time.time())
    else:  # a person's face is kept with their consent, which a call server signs
        for data in bundle.files.values():
            workshop.store.put(data)
        workshop.enrolments.learned(enrolment.offer.nonce, bundle.manifest)
    workshop.jobs.change(job.id, lambda one: one.succeeded(owner, time.time()))
    checkpoint.unlink(missing_ok=True)


def look(capture: Capture, still: Bundle, workshop: Workshop, clip_key: bytes | None = None) -> Dataset:
    """What the capture shows. clip_key: of a sealed clip.

    Raises what says that nothing can be learned from it.
    """
    assets = load_assets(still.identity, still.files.__getitem__)
    assert assets.texture is not None
    with opened_clip(workshop.store.path(capture.clip), clip_key) as clip:
        return dataset_of(frames_of(clip), assets.texture, assets.texture_points, workshop.networks)


@contextmanager
def opened_clip(clip: Path, key: bytes | None) -> Iterator[Path]:
    """A clip that can be read; one that is sealed, for as long as this lasts."""
    if key is None:
        yield clip
        return
    with tempfile.TemporaryDirectory() as scratch:  # only its owner reads it
        plain = Path(scratch) / "clip.mp4"
        unseal(clip, plain, key)
        yield plain


def frames_of(clip: Path) -> Iterator[I420Frame]:
    """The pictures of a clip. Raises MediaFileError, which does not name the file: it is a digest."""
    try:
        with ClipReader(clip) as reader:
            yield from reader.frames()
    except MediaFileError as error:
        message = error.message.replace(clip.name, "a clip")
        raise MediaFileError(message, code=error.code, retryable=error.retryable) from error


def resumed(dataset: Dataset, options: TrainOptions, checkpoint: Path) -> Training:
    """A training where its checkpoint left it, or from the start where that is not to be read."""
    try:
        return Training(dataset, options, checkpoint)
    except _UNREADABLE as error:
        if not checkpoint.exists():
            raise
        logger.warning("a checkpoint cannot be read (%s), starting again", type(error).__name__)
        checkpoint.unlink()
        return Training(dataset, options, checkpoint)


def run(
    settings: Settings, job: str, owner: str, options: Callable[[int], TrainOptions] = options_for
) -> int:
    """Attempt a job and say how it ended; the process's exit status, 0 when that was said."""
    jobs = TrainingJobs(open_database(settings.database))
    try:
        attempt(Workshop.open(settings), jobs.get(job), owner, options)
        return 0
    except TalchumError as error:
        why = JobError(error.code, error.message, error.retryable)
    except Exception as error:
        logger.exception("job %s failed", job)
        why = JobError("training_failed", f"the training raised {type(error).__name__}", True)
    if why.code == "lease_lost":
        logger.info("job %s is not wanted any more", job)
        return 0
    logger.warning("job %s failed: %s", job, why.code)
    try:
        jobs.change(job, lambda one: one.failed(owner, why, time.time()))
    except TalchumError as error:
        logger.warning("job %s: %s", job, error.code)
        return 1
    return 0


def main(options: Callable[[int], TrainOptions] = options_for) -> None:
    """Run with the environment's settings."""
    forbid_core_dumps()
    job, owner = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # scratch directories go
    cv2.setNumThreads(1)
    settings = Settings.from_environment(os.environ, needs_redis=False)
    begin_logging(settings.log_level, settings.log_format)
    status = 1
    try:
        status = run(settings, job, owner, options)
    finally:  # taking PyTorch down takes seconds, which a cancelled job does not have
        logging.shutdown()
        os._exit(status)


if __name__ == "__main__":
    main()
