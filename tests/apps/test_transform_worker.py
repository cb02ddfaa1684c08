"""Transform workers do the segments of a clip together, and none of them is missed when it dies."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import redis

from talchum.adapters.transform_jobs import TransformJobs
from talchum.adapters.transform_queue import TransformJob, make_transform_celery, send_job
from talchum.adapters.video_file import ClipReader
from talchum.apps import transform, transform_queued
from talchum.apps.settings import Settings
from talchum.domain.errors import TransformError
from talchum.domain.leg_tag import LegTag
from talchum.domain.segments import Segment
from tests.adapters.clips import first_seconds
from tests.stores import Store, running_store
from tests.vision.scenes import CLIP

pytestmark = [pytest.mark.valkey, pytest.mark.vision]

PATIENCE = 60.0
SECONDS = 3
FRAMES = 90
TAG = LegTag(0x123456789)
ENTROPY = 11


@dataclass(frozen=True, slots=True)
class Worker:
    process: subprocess.Popen[bytes]
    log: Path

    def says(self, line: str) -> bool:
        return line in self.log.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"the worker ended: {self.log.read_text()}"
        return self.says("worker ready")

    def in_hand(self) -> str:
        """The task it has begun and not done, "" for none."""
        lines = self.log.read_text().splitlines()
        begun = [line.split(": ")[-1].split(" begins")[0] for line in lines if " begins, " in line]
        return begun[-1] if begun and not self.says(f"{begun[-1]} is done") else ""


@dataclass(slots=True)
class Installation:
    """A store, a data directory and as many workers as a test starts."""

    store: Store
    data: Path
    stack: ExitStack

    @property
    def clip(self) -> Path:
        """Three seconds with a keyframe each."""
        path = self.data / "in.mp4"
        return path if path.exists() else first_seconds(CLIP, path, SECONDS)

    @property
    def settings(self) -> Settings:
        return Settings(self.store.url, data=self.data)

    @property
    def blobs(self) -> list[Path]:
        return [path for path in (self.data / "content").rglob("*") if path.is_file()]

    @property
    def jobs(self) -> TransformJobs:
        return TransformJobs(redis.from_url(self.store.url))

    def start_worker(self) -> Worker:
        log = self.data / f"worker-{time.monotonic_ns()}.log"
        others = {name: value for name, value in os.environ.items() if not name.startswith("TALCHUM_")}
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "talchum.apps.transform_worker"],
                env={**others, "TALCHUM_REDIS_URL": self.store.url, "TALCHUM_DATA": str(self.data)},
                stdout=errors,
                stderr=errors,
            )
        self.stack.callback(end, process)
        return Worker(process, log)

    def transform(self, target: Path, identity: str = "veil", seconds: float = 1.0) -> str:
        out = io.StringIO()
        transform_queued.run(
            self.clip,
            target,
            settings=self.settings,
            identity=identity,
            engine=None,
            as_json=True,
            out=out,
            segment_seconds=seconds,
            entropy=ENTROPY,
            tag=TAG,
        )
        return out.getvalue()


def two_ready(installation: Installation) -> list[Worker]:
    workers = [installation.start_worker() for _ in range(2)]
    until(lambda: all(worker.is_ready() for worker in workers), "both workers start")
    return workers


def caught(worker: Worker) -> bool:
    """Stop a worker if it has something in hand."""
    worker.process.send_signal(signal.SIGSTOP)
    busy = bool(worker.in_hand())
    if not busy:
        worker.process.send_signal(signal.SIGCONT)
    return busy


def busy_one(workers: list[Worker]) -> tuple[Worker, Worker]:
    """A worker that was caught, and the other one."""
    found: list[Worker] = []

    def look() -> bool:
        found.extend(worker for worker in workers if not found and caught(worker))
        return bool(found)

    until(look, "a worker has something in hand")
    [other] = [worker for worker in workers if worker is not found[0]]
    return found[0], other


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


@contextmanager
def installed(directory: Path) -> Iterator[Installation]:
    data = directory / "data"
    data.mkdir()
    with running_store(directory) as store, ExitStack() as stack:
        yield Installation(store, data, stack)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, list[Worker]]]:
    """An installation with two workers, for tests after which they still run."""
    with installed(tmp_path_factory.mktemp("crew")) as made:
        yield made, two_ready(made)


@contextmanager
def beside(work: Callable[[], str]) -> Iterator[Future[str]]:
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit(work)


def content(path: Path) -> tuple[list[bytes], list[bytes]]:
    """Decoded pictures and coded sound."""
    with ClipReader(path) as clip:
        pictures = [
            frame.buffer.tobytes() + np.float64(frame.media_time).tobytes() for frame in clip.frames()
        ]
    with ClipReader(path) as clip:
        return pictures, [bytes(sound.packet) for sound in clip.sounds()]


@pytest.mark.parametrize("identity", ["veil", "sora"])
def test_many_workers_make_what_one_process_makes(
    crew: tuple[Installation, list[Worker]], tmp_path: Path, identity: str
) -> None:
    installation, workers = crew
    one, many = tmp_path / "one.mp4", tmp_path / "many.mp4"
    out = io.StringIO()
    transform.run(
        installation.clip,
        one,
        identity=identity,
        engine=None,
        as_json=True,
        out=out,
        segment_seconds=1.0,
        entropy=ENTROPY,
        tag=TAG,
    )
    report = json.loads(installation.transform(many, identity))
    assert (report["frames"], report["cardFrames"]) == (FRAMES, 0)
    assert set(report["msPerFrame"]) == set(json.loads(out.getvalue())["msPerFrame"])
    pictures, sound = content(many)
    assert len(pictures) == FRAMES
    assert (pictures, sound) == content(one)
    assert sound == content(installation.clip)[1] != []
    assert installation.blobs == []
    assert not list(installation.jobs.client.scan_iter("talchum:transform:*"))
    assert any(worker.says("joining is done") for worker in workers)
    assert not any(list((installation.data / "transform").glob("*/*/*")))


def test_what_a_killed_worker_had_begun_is_done_by_another(
    installation: Installation, tmp_path: Path
) -> None:
    workers = two_ready(installation)
    with beside(lambda: installation.transform(tmp_path / "out.mp4")) as report:
        first, second = busy_one(workers)
        segment = first.in_hand()
        first.process.kill()
        assert json.loads(report.result(PATIENCE))["frames"] == FRAMES
    assert second.says(f"{segment} begins, time 2")
    assert len(content(tmp_path / "out.mp4")[0]) == FRAMES
    third = installation.start_worker()
    until(lambda: third.says("worker ready"), "a third worker starts")
    rooms = list((installation.data / "transform").iterdir())
    assert len(rooms) == 2, "what the killed worker had in hand is still there"


def test_a_worker_that_is_interrupted_gives_its_segment_back(
    installation: Installation, tmp_path: Path
) -> None:
    workers = two_ready(installation)
    with beside(lambda: installation.transform(tmp_path / "out.mp4")) as report:
        first, second = busy_one(workers)
        segment = first.in_hand()
        first.process.send_signal(signal.SIGINT)
        first.process.send_signal(signal.SIGCONT)
        assert first.process.wait(PATIENCE) == 0
        assert json.loads(report.result(PATIENCE))["frames"] == FRAMES
    assert first.says(f"{segment} is done") or second.says(f"{segment} begins, time 1")


def test_a_segment_that_fails_twice_fails_the_command_and_leaves_the_target(
    crew: tuple[Installation, list[Worker]], tmp_path: Path
) -> None:
    installation, workers = crew
    target = tmp_path / "out.mp4"
    target.write_bytes(b"what was there")
    with pytest.raises(TransformError, match=r"segment \d: .*nobody-here") as failed:
        installation.transform(target, "nobody-here")
    assert failed.value.code == "identity_unknown"
    assert target.read_bytes() == b"what was there"
    logs = "".join(worker.log.read_text() for worker in workers)
    assert logs.count(f"{failed.value.message.split(':')[0]} failed: IdentityError") == 2
    assert installation.blobs == []
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_a_job_that_nobody_waits_for_is_dropped(installation: Installation) -> None:
    job = TransformJob("gone", "0" * 64, "00" * 32, "veil", None, 1, "00000007")
    send_job(make_transform_celery(installation.store.url), job, [Segment(0, 30), Segment(1, 30)])
    worker = installation.start_worker()
    until(lambda: worker.log.read_text().count("is not wanted any more") == 2, "both tasks are dropped")
    worker.process.terminate()
    assert worker.process.wait(PATIENCE) == 0
    assert not worker.says("begins")
