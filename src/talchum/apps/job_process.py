"""A training job in a process of its own, seen from outside: begun, kept alive, ended, whatever it does.

The process is spawned, so that a crash or too little memory takes that job alone, and the kernel ends it with
its parent. `talchum.apps.training_attempt` is what runs in it.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from talchum.adapters.supervisor import end_with_parent
from talchum.adapters.training_jobs import TrainingJobs
from talchum.domain.errors import DatabaseError, TrainingError
from talchum.domain.training_job import JobError, Lease, State, TrainingJob

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
LOOK_SECONDS = 0.25
STALLED_SECONDS = 900.0
"""How long a job may come no further; its slowest single step, the export, takes a minute."""

END_SECONDS = 2.0

Command = Callable[[str, str], Sequence[str]]


def attempt_command(job: str, owner: str) -> Sequence[str]:
    """The program of an attempt."""
    return (sys.executable, "-m", "talchum.apps.training_attempt", job, owner)


def attempt_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What an attempt's program is started with: as many threads as there are cores, which wait patiently.

    Threads that spin while they wait make a training next to calls ten times slower, and the calls too.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"OMP_NUM_THREADS": str(cores), "OMP_WAIT_POLICY": "passive", **environment}


def new_lease(seconds: float = LEASE_SECONDS) -> Lease:
    """A lease of somebody who begins now."""
    return Lease(secrets.token_hex(8), time.time() + seconds)


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs attempts. command: the program for a job and its owner. told: hears how the job stands."""

    jobs: TrainingJobs
    environment: Mapping[str, str]
    command: Command = attempt_command
    lease_seconds: float = LEASE_SECONDS
    stalled_seconds: float = STALLED_SECONDS
    told: Callable[[TrainingJob], None] = lambda _job: None

    def claim_and_run(self, job: str, stop: threading.Event) -> State | None:
        """Take a job if it is still to be had, run it, and say how it stands then; None where it was not.

        Raises TrainingError (`job_unknown`), DatabaseError.
        """
        lease = new_lease(self.lease_seconds)
        try:
            claimed = self.jobs.change(job, lambda one: one.claimed(lease, time.time()))
        except TrainingError as error:
            if error.code != "job_not_claimable":
                raise
            return None  # nudged twice, or cancelled meanwhile
        if claimed.state == "running":
            self.run(claimed, lease, stop)
        return self.jobs.get(job).state

    def run(self, job: TrainingJob, lease: Lease, stop: threading.Event) -> None:
        """Work on a claimed job until it is over, lost, or `stop` is set; then it waits for somebody else."""
        logger.info("job %s: attempt %d", job.id, job.attempts)
        process = subprocess.Popen(
            self.command(job.id, lease.owner),
            env=attempt_environment(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),
        )
        try:
            stalled = self._watch(job, lease.owner, process, stop)
        finally:
            _end(process)
        self._settle(job.id, lease.owner, stopped=stop.is_set(), stalled=stalled)

    def _watch(
        self, job: TrainingJob, owner: str, process: subprocess.Popen[bytes], stop: threading.Event
    ) -> bool:
        """Until the process or the lease has ended. Whether the job came no further."""
        heard = moved = time.monotonic()
        while process.poll() is None and not stop.wait(LOOK_SECONDS):
            now = time.monotonic()
            beats = now - heard > self.lease_seconds / 5
            try:
                latest = self._latest(job.id, owner, beats=beats)
            except DatabaseError as error:
                logger.warning("job %s: %s", job.id, error.message)
                continue
            if latest is None:
                return False
            heard = now if beats else heard
            moved = now if (latest.phase, latest.step) != (job.phase, job.step) else moved
            job = latest
            self.told(job)
            if now - moved > self.stalled_seconds:
                return True
        return False

    def _latest(self, job: str, owner: str, *, beats: bool) -> TrainingJob | None:
        """How the job stands, its lease renewed if `beats`; None when it is not its owner's any more."""
        lease = Lease(owner, time.time() + self.lease_seconds)
        try:
            latest = self.jobs.change(job, lambda one: one.heard(lease)) if beats else self.jobs.get(job)
        except TrainingError:
            return None  # cancelled, over, or somebody else's
        return latest if latest.lease is not None and latest.lease.owner == owner else None

    def _settle(self, job: str, owner: str, *, stopped: bool, stalled: bool) -> None:
        """Say how an attempt ended that has not said so itself."""

        def ended(one: TrainingJob) -> TrainingJob:
            now = time.time()
            if stalled:
                message = f"the training came no further for {self.stalled_seconds:.0f} s"
                return one.failed(owner, JobError("training_stalled", message, True), now)
            return one.released(owner) if stopped else one.crashed(owner, now)

        with suppress(TrainingError):  # it has said so, or is not ours any more
            try:
                after = self.jobs.change(job, ended)
                logger.warning("job %s was left unfinished, it is %s now", job, after.state)
            except DatabaseError as error:
                logger.warning("job %s: %s", job, error.message)  # its lease will end


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a whole process group that has not ended by itself, and kill it if it takes long."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
    process.wait()
