"""Training jobs in the database: the truth about each, which survives every process.

A change is read, made by a pure transition and written only if nobody wrote in between, so that of two who
claim a job one gets it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Float,
    Index,
    Integer,
    Row,
    String,
    Table,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from talchum.adapters.database import METADATA, database_errors
from talchum.domain.errors import TrainingError
from talchum.domain.training_job import (
    MOST_QUEUED,
    JobError,
    Lease,
    Quality,
    TrainingJob,
    new_job,
)

LISTED = 200
_ACTIVE = text("state IN ('queued', 'running')")

JOBS = Table(
    "training_jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("capture", String(64), nullable=False),
    Column("identity", String(32), nullable=False),
    Column("steps", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("step", Integer, nullable=False),
    Column("seconds_per_step", Float),
    Column("psnr", Float),
    Column("ssim", Float),
    Column("preview", String(64)),
    Column("error_code", String(64)),
    Column("error_message", String(1000)),
    Column("error_retryable", Integer),
    Column("attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("lease_owner", String(128)),
    Column("lease_until", Float),
    # one name, one job: also when two ask at once
    Index("one_job_each_identity", "identity", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
)


@dataclass(frozen=True, slots=True)
class TrainingJobs:
    """The records, usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def submit(
        self, *, capture: str, identity: object, steps: object, now: float, lease: Lease | None = None
    ) -> TrainingJob:
        """Keep a new job, which waits unless somebody begins with it at once.

        Raises TrainingError: as `new_job`, `too_many_jobs`, `identity_taken` by another job that is not over.
        """
        job = new_job(secrets.token_hex(8), capture=capture, identity=identity, steps=steps, now=now)
        if lease is not None:
            job = job.claimed(lease, now)
        self._expect_room()
        with _answering(), self.engine.begin() as connection:
            connection.execute(insert(JOBS).values(revision=0, **_columns(job)))
        return job

    def get(self, job: str) -> TrainingJob:
        """One job. Raises TrainingError (`job_unknown`)."""
        return self._read(job)[0]

    def list(self) -> list[TrainingJob]:
        """The latest jobs, newest first."""
        query = select(JOBS).order_by(JOBS.c.created.desc(), JOBS.c.id).limit(LISTED)
        with _answering(), self.engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    def claimable(self, now: float) -> TrainingJob | None:
        """The oldest job that waits for somebody, or whose owner has not been heard of."""
        waits = or_(
            JOBS.c.state == "queued",
            (JOBS.c.state == "running") & or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until <= now),
        )
        query = select(JOBS).where(waits).order_by(JOBS.c.created, JOBS.c.id).limit(1)
        with _answering(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _job(row)

    def change(self, job: str, transition: Callable[[TrainingJob], TrainingJob]) -> TrainingJob:
        """Change a record by a pure transition, called again when somebody else was faster.

        Returns the job as it stands then. Raises TrainingError: `job_unknown`, what the transition raises,
        and of a job that waits again `too_many_jobs` and `identity_taken`.
        """
        while True:
            before, revision = self._read(job)
            after = transition(before)
            if after == before or self._write(after, revision):
                return after

    def shows(self, preview: str) -> bool:
        """Whether any job has this picture: two that learn the same come by the same ones."""
        query = select(JOBS.c.id).where(JOBS.c.preview == preview).limit(1)
        with _answering(), self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def retry(self, job: str) -> TrainingJob:
        """Let a job that is over wait again. Raises TrainingError as `change` and `TrainingJob.retried`."""
        self._expect_room()
        return self.change(job, TrainingJob.retried)

    def _expect_room(self) -> None:
        query = select(func.count()).select_from(JOBS).where(JOBS.c.state == "queued")
        with _answering(), self.engine.connect() as connection:
            count = connection.execute(query).scalar_one()
        if count >= MOST_QUEUED:
            raise TrainingError(
                f"got a job when {count} wait, expected at most {MOST_QUEUED}",
                code="too_many_jobs",
                retryable=True,
            )

    def _read(self, job: str) -> tuple[TrainingJob, int]:
        with _answering(), self.engine.connect() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job)).first()
        if row is None:
            raise TrainingError("got a training job that is not there", code="job_unknown")
        return _job(row), row.revision

    def _write(self, job: TrainingJob, revision: int) -> bool:
        """Whether nobody had written since `revision`."""
        unchanged = (JOBS.c.id == job.id) & (JOBS.c.revision == revision)
        change = update(JOBS).where(unchanged).values(revision=revision + 1, **_columns(job))
        with _answering(), self.engine.begin() as connection:
            return connection.execute(change).rowcount == 1


@contextmanager
def _answering() -> Iterator[None]:
    """Database errors as the project's own, and a name that a job has already."""
    with database_errors():
        try:
            yield
        except IntegrityError as error:
            raise TrainingError(
                "got the name of another job's identity, expected a new one", code="identity_taken"
            ) from error


def _columns(job: TrainingJob) -> dict[str, Any]:
    quality, error, lease = job.quality, job.error, job.lease
    return {
        "id": job.id,
        "capture": job.capture,
        "identity": job.identity,
        "steps": job.steps,
        "created": job.created,
        "state": job.state,
        "phase": job.phase,
        "step": job.step,
        "seconds_per_step": job.seconds_per_step,
        "psnr": None if quality is None else quality.psnr,
        "ssim": None if quality is None else quality.ssim,
        "preview": None if quality is None else quality.preview,
        "error_code": None if error is None else error.code,
        "error_message": None if error is None else error.message[:1000],
        "error_retryable": None if error is None else int(error.retryable),
        "attempts": job.attempts,
        "crashes": job.crashes,
        "started": job.started,
        "ended": job.ended,
        "lease_owner": None if lease is None else lease.owner,
        "lease_until": None if lease is None else lease.until,
    }


def _job(row: Row[Any]) -> TrainingJob:
    return TrainingJob(
        id=row.id,
        capture=row.capture,
        identity=row.identity,
        steps=row.steps,
        created=row.created,
        state=row.state,
        phase=row.phase,
        step=row.step,
        seconds_per_step=row.seconds_per_step,
        quality=None if row.preview is None else Quality(row.psnr, row.ssim, row.preview),
        error=None
        if row.error_code is None
        else JobError(row.error_code, row.error_message, bool(row.error_retryable)),
        attempts=row.attempts,
        crashes=row.crashes,
        started=row.started,
        ended=row.ended,
        lease=None if row.lease_owner is None else Lease(row.lease_owner, row.lease_until),
    )
