"""Trainers as processes over a store and a database, with captures to learn from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.celery_queue import TrainingQueue, make_celery
from talchum.adapters.content_store import ContentStore, open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import IdentityFiles
from talchum.adapters.identity_library import IdentityLibrary
from talchum.adapters.learned_identities import LearnedIdentities
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.settings import Settings
from talchum.domain.training_job import TrainingJob
from tests.apps.captures import kept, shortest
from tests.stores import Store, running_store

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # a trainer is nice, and a busy machine lets it wait


@dataclass
class Trainer:
    """One process."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> float:
        """End it as a service does; how long that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        return time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Installation:
    """Everything but call servers."""

    directory: Path
    store: Store
    jobs: TrainingJobs
    captures: CaptureRecords
    content: ContentStore
    identities: IdentityLibrary
    trainers: list[Trainer] = field(default_factory=list)

    @property
    def queue(self) -> TrainingQueue:
        return TrainingQueue(make_celery(self.store.url))

    def start(self) -> Trainer:
        log = self.directory / f"trainer-{len(self.trainers)}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TALCHUM_")}
        environment |= {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "TALCHUM_REDIS_URL": self.store.url}
        # one thread: two would wait for each other on a machine that tests other things too
        environment |= {"TALCHUM_DATA": str(self.directory), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.apps.small_training"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        self.trainers.append(Trainer(process, log))
        return self.trainers[-1]

    def submit(self, identity: str, *, steps: int = 20, performance: bytes | None = None) -> str:
        """A job's name; a trainer is told of it."""
        if performance is None:
            performance = shortest(self.directory)
        capture = kept(self.captures, self.content, performance)
        job = self.jobs.submit(capture=capture.id, identity=identity, steps=steps, now=time.time())
        self.queue.nudge(job.id)
        return job.id

    def until(self, job: str, holds: Callable[[TrainingJob], bool]) -> TrainingJob:
        """The job, once it is so."""
        deadline = time.monotonic() + PATIENCE
        while not holds(current := self.jobs.get(job)):
            assert time.monotonic() < deadline, (current, *(one.log.read_text() for one in self.trainers))
            time.sleep(0.02)
        return current

    def attempts(self, job: str) -> list[int]:
        """The processes that work on a job."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
                state = path.with_name("stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if job.encode() in words and state != "Z":
                found.append(int(path.parent.name))
        return found

    def until_nobody_works_on(self, job: str) -> float:
        """How long that took."""
        began = time.monotonic()
        while self.attempts(job):
            assert time.monotonic() < began + PATIENCE
            time.sleep(0.02)
        return time.monotonic() - began


@contextmanager
def installation(directory: Path) -> Iterator[Installation]:
    settings = Settings(redis_url="", data=directory)
    engine = open_database(settings.database)
    content = open_content_store(settings.content, directory / "content")
    identities = IdentityLibrary(IdentityFiles(settings.identities), LearnedIdentities(engine, content))
    with running_store(directory) as store:
        made = Installation(
            directory, store, TrainingJobs(engine), CaptureRecords(engine), content, identities
        )
        try:
            yield made
        finally:
            for trainer in made.trainers:
                trainer.kill()
            engine.dispose()
