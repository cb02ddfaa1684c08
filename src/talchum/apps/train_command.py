"""`talchum train`: a training job in the foreground, and `talchum captures`: what there is to learn from.

It is the same job as the training page's: the same record, content store, checkpoint and process.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.job_process import Command, JobRunner, attempt_command, new_lease
from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings
from talchum.apps.training_routes import capture_summary
from talchum.domain.errors import TrainingError
from talchum.domain.training_job import DEFAULT_STEPS, Lease, TrainingJob

_PHASES = {
    "waiting": "waiting",
    "looking": "looking at the capture",
    "learning": "learning",
    "exporting": "exporting",
}


def run_captures(settings: Settings, *, as_json: bool, out: TextIO) -> int:
    """Write the captures to out, as a table or as JSON; returns the exit status."""
    captures = CaptureRecords(open_library(settings).learned.engine).list()
    if as_json:
        out.write(json.dumps([capture_summary(capture) for capture in captures]) + "\n")
        return 0
    table = Table("id", "subject", "title", "seconds", "made by")
    for one in captures:
        title = f"{one.title['en']} ({one.title['ko']})"
        table.add_row(one.id, one.subject, title, f"{one.seconds:.1f}", str(one.provenance["generator"]))
    Console(file=out).print(table)
    return 0


def run_train(
    settings: Settings,
    capture: str,
    *,
    name: str,
    steps: int | None,
    out: TextIO,
    command: Command = attempt_command,
) -> int:
    """Train to the end or to Ctrl-C, after which the same command goes on; returns the exit status.

    Raises CaptureError, IdentityError, DatabaseError, TrainingError (`torch_missing`, `job_running`).
    """
    if find_spec("torch") is None:
        raise TrainingError("got no PyTorch, expected it: pip install 'talchum[train]'", code="torch_missing")
    library = open_library(settings)
    jobs = TrainingJobs(library.learned.engine)
    CaptureRecords(library.learned.engine).get(capture)
    library.expect_free(name)
    job, lease = begun(jobs, capture, name, steps)
    environment = {**os.environ, "TALCHUM_DATA": str(settings.data.resolve())}
    with _progress() as progress, _until_ctrl_c() as stop:
        shown = _Shown(progress, progress.add_task("", total=job.steps, quality="", left=""))
        JobRunner(jobs, environment, command, told=shown.update).run(job, lease, stop)
    return _concluded(jobs, job.id, stopped=stop.is_set(), out=out)


def begun(jobs: TrainingJobs, capture: str, name: str, steps: int | None) -> tuple[TrainingJob, Lease]:
    """A job of this process: the latest of that capture and name that is not over well, or a new one.

    Raises TrainingError: `job_running` when another process has it, and as `TrainingJobs.submit`.
    """
    now, lease = time.time(), new_lease()

    def taken_up(one: TrainingJob) -> TrainingJob:
        return (one.retried() if one.state in ("failed", "cancelled") else one).claimed(lease, now)

    same = [one for one in jobs.list() if (one.capture, one.identity) == (capture, name)]
    unfinished = [one for one in same if one.state != "succeeded" and steps in (None, one.steps)]
    if not unfinished:
        chosen = DEFAULT_STEPS if steps is None else steps
        return jobs.submit(capture=capture, identity=name, steps=chosen, now=now, lease=lease), lease
    try:
        return jobs.change(unfinished[0].id, taken_up), lease
    except TrainingError as error:
        if error.code != "job_not_claimable":
            raise
        raise TrainingError(
            "got a job that another process works on, expected it to be over or 15 s without a word",
            code="job_running",
            retryable=True,
        ) from error


@dataclass(slots=True)
class _Shown:
    """A job on the terminal."""

    progress: Progress
    task: TaskID

    def update(self, job: TrainingJob) -> None:
        """Show how it stands."""
        quality, left = job.quality, job.seconds_left
        self.progress.update(
            self.task,
            description=_PHASES[job.phase],
            completed=job.step,
            quality="" if quality is None else f"{quality.psnr:.1f} dB, SSIM {quality.ssim:.3f}",
            left="" if left is None else f"{left // 60:.0f}:{left % 60:02.0f} left",
        )


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[quality]}"),
        TextColumn("{task.fields[left]}"),
    )
    return Progress(*columns, console=Console(stderr=True))


@contextmanager
def _until_ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _concluded(jobs: TrainingJobs, job: str, *, stopped: bool, out: TextIO) -> int:
    """Say how it ended. One that was stopped is put aside, so that no trainer takes it up unasked."""
    if stopped and jobs.get(job).state == "queued":
        jobs.change(job, lambda one: one.cancelled(time.time()))
    over = jobs.get(job)
    if over.state == "succeeded":
        out.write(f"{over.identity} can be worn: talchum identities\n")
        return 0
    if over.error is not None:
        raise TrainingError(over.error.message, code=over.error.code, retryable=over.error.retryable)
    out.write(f"stopped at step {over.step} of {over.steps}; the same command goes on from there\n")
    return 1
