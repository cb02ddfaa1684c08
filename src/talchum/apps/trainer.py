"""The trainer: a Celery worker that runs one training job at a time, each in a process of its own.

`python -m talchum.apps.trainer` reads `Settings` from the environment. The database has the truth and Celery
only nudges, so a sweep looks for jobs whose nudge is lost or whose trainer has vanished. SIGTERM and SIGINT
end it within seconds: the job waits for another trainer with all it has learned up to its last checkpoint.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis

from talchum.adapters.celery_consumer import QueueConsumer
from talchum.adapters.celery_queue import TRAINING_QUEUE, TRAINING_TASK, TrainingQueue, make_celery
from talchum.adapters.database import open_database
from talchum.adapters.liveness_file import touch_liveness
from talchum.adapters.trainer_presence import TrainerPresence
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.job_process import LEASE_SECONDS, Command, JobRunner, attempt_command
from talchum.apps.log import begin_logging
from talchum.apps.measuring import measuring
from talchum.apps.process import run_process
from talchum.apps.settings import Settings
from talchum.apps.tracing import tracing
from talchum.domain.errors import StoreError, TalchumError
from talchum.domain.metrics import TRAINING, TRAINING_ATTEMPTS, UNMEASURED, Measurements
from talchum.domain.tracing import UNTRACED, Traces

logger = logging.getLogger(__name__)

NICENESS = 10
"""Calls on the same machine go first."""

PRESENCE_SECONDS = 1.0
SWEEP_SECONDS = 3.0


@dataclass(slots=True)
class Trainer:
    """Takes jobs as it is told of them, and tells itself of those nobody was told of."""

    runner: JobRunner
    queue: TrainingQueue
    presence: TrainerPresence
    stop: threading.Event = field(default_factory=threading.Event)
    busy: bool = False
    liveness_file: Path | None = None
    measurements: Measurements = UNMEASURED
    traces: Traces = UNTRACED

    def train(self, job: str) -> None:
        """The body of the task: until the job is over, or this trainer."""
        if self.stop.is_set():
            return  # it stays in the database for another
        self.busy, begun = True, time.time()
        try:
            state = self.runner.claim_and_run(job, self.stop)
        except TalchumError as error:
            logger.warning("a training job was left: %s", error.code)
        else:
            if state is not None:
                self.measurements.count(TRAINING_ATTEMPTS, state)
                self.traces.begin("training attempt", at=begun).end(outcome=state)
        finally:
            self.busy = False

    def keep_watch(self) -> None:
        """Say that this trainer lives, and sweep, until it stops."""
        swept = -SWEEP_SECONDS
        while not self.stop.is_set():
            if self.liveness_file:
                touch_liveness(self.liveness_file)
            self.measurements.set(TRAINING, self.busy)
            try:
                self.presence.announce()
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    swept = time.monotonic()
                    self.sweep()
            except TalchumError as error:
                logger.warning("watch: %s", error.message)
            self.stop.wait(PRESENCE_SECONDS)

    def sweep(self) -> None:
        """Nudge for the oldest job that may be taken; an idle trainer takes it at once, so none piles up."""
        waiting = None if self.busy else self.runner.jobs.claimable(time.time())
        if waiting is not None:
            self.queue.nudge(waiting.id)

    def withdraw(self) -> None:
        """Say that this trainer is gone."""
        try:
            self.presence.withdraw()
        except StoreError as error:
            logger.warning("presence: %s", error.message)


def run(
    settings: Settings, *, command: Command = attempt_command, lease_seconds: float = LEASE_SECONDS
) -> int:
    """Train until told to stop; the process's exit status. Raises DatabaseError, SettingsError."""
    begin_logging(settings.log_level, settings.log_format)
    with measuring(settings, "trainer") as measurements, tracing(settings, "trainer") as traces:
        return _train(settings, command, lease_seconds, measurements, traces)


def _train(
    settings: Settings,
    command: Command,
    lease_seconds: float,
    measurements: Measurements,
    traces: Traces,
) -> int:
    os.nice(NICENESS)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    jobs = TrainingJobs(open_database(settings.database))
    celery = make_celery(settings.redis_url)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    client = redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    trainer = Trainer(
        JobRunner(jobs, os.environ, command, lease_seconds),
        TrainingQueue(celery),
        TrainerPresence(client, name),
        liveness_file=settings.liveness_file,
        measurements=measurements,
        traces=traces,
    )
    celery.task(name=TRAINING_TASK)(training_task(trainer))
    consumer = QueueConsumer(celery, TRAINING_QUEUE, "trainer", 1, settings.log_level)
    watch = threading.Thread(target=trainer.keep_watch, name="watch")
    watch.start()
    try:
        return consumer.run(lambda _number: trainer.stop.set())
    finally:
        trainer.stop.set()
        watch.join()
        trainer.withdraw()


def training_task(trainer: Trainer) -> Callable[[object], None]:
    """The body of the task `talchum.train`."""

    def train(job: object) -> None:
        """Run one job."""
        if isinstance(job, str):
            trainer.train(job)
        else:
            logger.error("got a training task that does not name a job")

    return train


def main() -> None:
    """Run as a process of its own."""
    run_process(run)


if __name__ == "__main__":
    main()
