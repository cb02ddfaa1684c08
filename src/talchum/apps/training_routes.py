"""The call server's interface to captures and training jobs, for whoever holds the operator's token.

docs/training.md describes it. A job takes a capture that is kept already, never a file.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from quart import Quart, Response, request

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.celery_queue import TrainingQueue
from talchum.adapters.content_store import ContentStore
from talchum.adapters.identity_library import IdentityLibrary
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.answers import json_answer
from talchum.apps.request_bodies import body_of
from talchum.domain.capture import Capture
from talchum.domain.errors import AdmissionError, CaptureError, ContentError, StoreError
from talchum.domain.training_job import DEFAULT_STEPS, TrainingJob

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TrainingDesk:
    """What the routes do; everything here blocks."""

    jobs: TrainingJobs
    captures: CaptureRecords
    store: ContentStore
    queue: TrainingQueue
    identities: IdentityLibrary

    def submit(self, capture: str, identity: str, steps: int) -> TrainingJob:
        """Keep a new job and tell a trainer."""
        if self.captures.get(capture).is_of_person:
            raise CaptureError("got a capture of a person", code="capture_of_person")
        self.identities.expect_free(identity)
        job = self.jobs.submit(capture=capture, identity=identity, steps=steps, now=time.time())
        return self._nudged(job)

    def cancel(self, job: str) -> TrainingJob:
        """End a job; its trainer sees it."""
        return self.jobs.change(job, lambda one: one.cancelled(time.time()))

    def retry(self, job: str) -> TrainingJob:
        """Let a job that is over wait again and tell a trainer."""
        self.identities.expect_free(self.jobs.get(job).identity)
        return self._nudged(self.jobs.retry(job))

    def preview(self, job: str) -> bytes:
        """The newest held-out picture, WebP. Raises ContentError (`content_missing`)."""
        quality = self.jobs.get(job).quality
        if quality is None:
            raise ContentError("got a job without a picture yet", code="content_missing", retryable=True)
        return self.store.get(quality.preview)

    def thumbnail(self, capture: str) -> bytes:
        """A capture's picture, WebP."""
        found = self.captures.get(capture)
        if found.is_of_person:
            raise CaptureError("got a capture of a person", code="capture_of_person")
        return self.store.get(found.thumbnail)

    def _nudged(self, job: TrainingJob) -> TrainingJob:
        try:
            self.queue.nudge(job.id)
        except StoreError as error:
            logger.warning("a training job waits for a trainer to look: %s", error.message)
        return job


class _Submission(msgspec.Struct, forbid_unknown_fields=True):
    capture: str
    identity: str
    steps: int = DEFAULT_STEPS


def add_training(
    app: Quart,
    *,
    open_desk: Callable[[], TrainingDesk],
    token: str,
    expect_own_page: Callable[[], None],
    count_trainers: Callable[[], Awaitable[int]],
) -> None:
    """Register the routes.

    open_desk: may block. token: the operator's; empty, nobody has it. expect_own_page: raises for requests of
    other pages, and for too many.
    """

    def expect_operator() -> None:
        expect_own_page()
        if not shows_token(request.headers.get("Authorization", ""), token):
            raise AdmissionError(
                "got no operator's token or a wrong one, expected TALCHUM_OPERATOR_TOKEN as a bearer's",
                code="operator_only",
            )

    async def ask(question: Callable[[TrainingDesk], Answer]) -> Answer:
        return await asyncio.to_thread(lambda: question(open_desk()))

    @app.get("/api/captures")
    async def list_captures() -> Response:
        expect_operator()
        captures = [one for one in await ask(lambda desk: desk.captures.list()) if not one.is_of_person]
        return json_answer({"captures": [capture_summary(capture) for capture in captures]})

    @app.get("/api/captures/<capture>/thumbnail.webp")
    async def capture_thumbnail(capture: str) -> Response:
        expect_operator()
        return _picture(await ask(lambda desk: desk.thumbnail(capture)))

    @app.post("/api/training-jobs")
    async def submit_job() -> Response:
        expect_operator()
        wanted = await body_of(_Submission, '{"capture", "identity", "steps"?}')
        job = await ask(lambda desk: desk.submit(wanted.capture, wanted.identity, wanted.steps))
        return json_answer(job_summary(job), 201)

    @app.get("/api/training-jobs")
    async def list_jobs() -> Response:
        expect_operator()
        jobs = await ask(lambda desk: desk.jobs.list())
        return json_answer({"jobs": [job_summary(job) for job in jobs], "trainers": await count_trainers()})

    @app.get("/api/training-jobs/<job>")
    async def show_job(job: str) -> Response:
        expect_operator()
        return json_answer(job_summary(await ask(lambda desk: desk.jobs.get(job))))

    @app.post("/api/training-jobs/<job>/cancel")
    async def cancel_job(job: str) -> Response:
        expect_operator()
        return json_answer(job_summary(await ask(lambda desk: desk.cancel(job))))

    @app.post("/api/training-jobs/<job>/retry")
    async def retry_job(job: str) -> Response:
        expect_operator()
        return json_answer(job_summary(await ask(lambda desk: desk.retry(job))))

    @app.get("/api/training-jobs/<job>/preview.webp")
    async def preview(job: str) -> Response:
        expect_operator()
        return _picture(await ask(lambda desk: desk.preview(job)))


def shows_token(authorization: str, token: str) -> bool:
    """Whether an ``Authorization`` header shows the token; how long the answer takes says nothing of it."""
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and same


def capture_summary(capture: Capture) -> dict[str, object]:
    """A capture as the interface shows it."""
    return {
        "id": capture.id,
        "subject": capture.subject,
        "title": dict(capture.title),
        "seconds": capture.seconds,
        "createdAt": capture.created,
    }


def job_summary(job: TrainingJob) -> dict[str, object]:
    """A job as the interface shows it."""
    quality, error = job.quality, job.error
    return {
        "id": job.id,
        "capture": job.capture,
        "identity": job.identity,
        "state": job.state,
        "phase": job.phase,
        "step": job.step,
        "steps": job.steps,
        "psnr": None if quality is None else quality.psnr,
        "ssim": None if quality is None else quality.ssim,
        "preview": None if quality is None else quality.preview,
        "error": None
        if error is None
        else {"code": error.code, "message": error.message, "retryable": error.retryable},
        "attempts": job.attempts,
        "createdAt": job.created,
        "startedAt": job.started,
        "endedAt": job.ended,
        "secondsLeft": job.seconds_left,
    }


def _picture(data: bytes) -> Response:
    # of somebody's face: no cache keeps it
    return Response(data, content_type="image/webp", headers={"Cache-Control": "no-store"})
