"""The transform worker: a Celery worker that does one segment at a time, or joins those of a clip.

`python -m talchum.apps.transform_worker` reads `Settings` from the environment; a machine runs as many as it
has cores to spare. SIGTERM lets it finish what it has begun; a second one, or SIGINT, gives that back to the
queue. What a killed worker had begun is done by another.
"""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import msgspec
import redis
from celery import Celery, Task  # type: ignore[import-untyped]
from celery.exceptions import Ignore, Reject  # type: ignore[import-untyped]

from talchum.adapters.celery_consumer import QueueConsumer
from talchum.adapters.clip_segments import join_segments
from talchum.adapters.content_store import ContentStore, open_content_store
from talchum.adapters.identity_library import Identities
from talchum.adapters.sealed_files import seal, unseal
from talchum.adapters.transform_jobs import Failure, TransformJobs
from talchum.adapters.transform_queue import (
    TRANSFORM_JOIN_TASK,
    TRANSFORM_QUEUE,
    TRANSFORM_SEGMENT_TASK,
    JoinTask,
    Made,
    SegmentTask,
    TransformJob,
    make_transform_celery,
)
from talchum.apps.known_consents import expect_of_nobody
from talchum.apps.known_identities import open_library
from talchum.apps.log import begin_logging
from talchum.apps.process import run_process
from talchum.apps.settings import Settings
from talchum.apps.transform_heartbeat import Heartbeat
from talchum.apps.transform_segment import ClipFace, TransformReport, transform_segment
from talchum.apps.work_directory import work_directory
from talchum.domain.errors import TalchumError
from talchum.domain.leg_tag import LegTag
from talchum.domain.rendering import BadgeStyle, Rendering
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FaceNetworks, prepare_worn_face, warm_up
from talchum.vision.runtime import check_provider

logger = logging.getLogger(__name__)

NICENESS = 10
"""Calls on the same machine go first."""

MAX_STARTS = 2
"""A task that failed, or took its worker with it, is begun once more."""


@dataclass(slots=True)
class TransformWorker:
    """Does tasks in a directory of its own. stopping: whether to give back what is in hand."""

    networks: FaceNetworks
    rendering: Rendering
    badge: BadgeStyle
    identities: Identities
    content_url: str
    jobs: TransformJobs
    directory: Path
    stopping: bool = field(default=False)

    def segment(self, task: SegmentTask, heartbeat: Heartbeat) -> Made:
        """Put the face into one segment. Raises TalchumError."""
        job = task.job
        with self._room(job) as (room, content):
            source, part = room / "source", room / "part"
            _fetch(content, job, job.source, source)
            assets = self.identities.assets(job.identity)
            expect_of_nobody(assets.kind)
            worn = prepare_worn_face(
                assets,
                job.engine or assets.engines[0],
                topology=self.networks.topology,
                rendering=self.rendering,
            )

            def progress(frames: int) -> None:
                heartbeat.frames = frames
                if self.stopping:
                    raise Reject("the worker stops", requeue=True)
                if heartbeat.unwanted:
                    raise Ignore

            face = ClipFace(self.networks, worn, job.entropy, Marking(LegTag.parse(job.tag), self.badge))
            report = transform_segment(source, task.segment, part, face, progress)
            return self._keep(content, job, part, report)

    def join(self, task: JoinTask, made: list[Made]) -> Made:
        """Join the segments of a clip. Raises TalchumError."""
        job = task.job
        report = TransformReport()
        with self._room(job) as (room, content):
            source, clip = room / "source", room / "clip.mp4"
            _fetch(content, job, job.source, source)
            parts = []
            for number, part in enumerate(made):
                parts.append(room / str(number))
                _fetch(content, job, part.digest, parts[-1])
                report.add_segment(TransformReport(part.frames, part.card_frames, part.cpu_seconds))
            join_segments(source, parts, clip)
            return self._keep(content, job, clip, report)

    def _keep(self, content: ContentStore, job: TransformJob, plain: Path, report: TransformReport) -> Made:
        sealed = plain.with_suffix(".sealed")
        seal(plain, sealed, bytes.fromhex(job.key))
        digest = content.put_file(sealed)
        self.jobs.note_blob(job.name, digest)
        if not self.jobs.is_wanted(job.name):  # whoever waited has cleaned up already
            content.delete(digest)
            self.jobs.forget(job.name)
            raise Ignore
        return Made(digest, report.frames, report.card_frames, report.cpu_seconds)

    @contextmanager
    def _room(self, job: TransformJob) -> Iterator[tuple[Path, ContentStore]]:
        """A directory for one task, and the content store with its cache there, so that nothing stays."""
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            room = Path(name)
            yield room, open_content_store(self.content_url, room / "cache")


def _fetch(content: ContentStore, job: TransformJob, digest: str, target: Path) -> None:
    unseal(content.path(digest), target, bytes.fromhex(job.key))


def add_tasks(celery: Celery, worker: TransformWorker) -> None:
    """Teach Celery both tasks."""

    @celery.task(name=TRANSFORM_SEGMENT_TASK, bind=True, shared=False)  # type: ignore[untyped-decorator]
    def segment(self: Task, **arguments: Any) -> Any:
        task = _decoded(arguments, SegmentTask)
        return _attempt(self, worker, task.job, task.segment.number, lambda beat: worker.segment(task, beat))

    @celery.task(name=TRANSFORM_JOIN_TASK, bind=True, shared=False)  # type: ignore[untyped-decorator]
    def join(self: Task, made: Any, **arguments: Any) -> Any:
        task, parts = _decoded(arguments, JoinTask), _decoded(made, list[Made])
        return _attempt(self, worker, task.job, None, lambda _beat: worker.join(task, parts))


def _decoded(arguments: Any, form: Any) -> Any:
    try:
        return msgspec.convert(arguments, form)
    except msgspec.ValidationError:
        logger.error("got a transform task that does not decode")
        raise Ignore from None


def _attempt(
    celery_task: Task,
    worker: TransformWorker,
    job: TransformJob,
    number: int | None,
    work: Callable[[Heartbeat], Made],
) -> Any:
    """Do a task; when it fails, have it done once more, and then say that the job failed.

    number: of the segment, None for joining.
    """
    jobs, name = worker.jobs, "joining" if number is None else f"segment {number}"
    if not jobs.is_wanted(job.name):
        logger.info("%s is not wanted any more", name)
        raise Ignore
    starts = jobs.start(job.name, name)
    logger.info("%s begins, time %d", name, starts)
    if starts > MAX_STARTS:
        jobs.fail(job.name, Failure(f"{name} ended its worker {MAX_STARTS} times", "transform_failed"))
        raise Ignore
    tag = celery_task.request.properties["delivery_tag"]
    try:
        with Heartbeat(jobs, job.name, tag, number) as heartbeat:
            made = work(heartbeat)
    except Ignore:
        raise
    except Reject:
        jobs.give_back(job.name, name)
        raise
    except Exception as error:
        logger.warning(
            "%s failed: %s", name, type(error).__name__, exc_info=not isinstance(error, TalchumError)
        )
        if starts < MAX_STARTS:
            raise celery_task.retry(countdown=0, max_retries=None) from None
        jobs.fail(job.name, _failure(name, error))
        raise Ignore from None
    logger.info("%s is done, %d frames", name, made.frames)
    return msgspec.to_builtins(made)


def _failure(name: str, error: Exception) -> Failure:
    if isinstance(error, TalchumError):
        return Failure(f"{name}: {error.message}", error.code)
    return Failure(f"{name} failed: {type(error).__name__}", "transform_failed")


def run(settings: Settings) -> int:
    """Transform until told to stop; the process's exit status.

    Raises NetworkFileError, SettingsError, DatabaseError.
    """
    begin_logging(settings.log_level, settings.log_format)
    os.nice(NICENESS)
    cv2.setNumThreads(1)  # a worker is one core
    check_provider(settings.inference_provider)
    networks = FaceNetworks.load(settings.networks)
    warm_up(networks)
    jobs = TransformJobs(redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2))
    with work_directory(settings.data / "transform") as directory:
        worker = TransformWorker(
            networks,
            settings.rendering,
            settings.badge,
            open_library(settings),
            settings.content,
            jobs,
            directory,
        )
        return _consume(settings, worker)


def _consume(settings: Settings, worker: TransformWorker) -> int:
    celery = make_transform_celery(settings.redis_url)
    celery.set_default()  # a solo pool asks for it, and results go where it says
    add_tasks(celery, worker)
    # A fork would not survive the networks' threads, and a kill leaves no child behind.
    consumer = QueueConsumer(celery, TRANSFORM_QUEUE, "transform", 1, settings.log_level, pool="solo")

    def stop(number: int) -> None:
        worker.stopping = consumer.is_stopping or number == signal.SIGINT

    logger.info("transform worker ready")
    return consumer.run(stop)


def main() -> None:
    """Run as a process of its own."""
    run_process(run)


if __name__ == "__main__":
    main()
