"""The recorder: a Celery worker that records calls whose participants have all agreed.

`python -m talchum.apps.recorder` reads `Settings` from the environment. SIGTERM ends its recordings; what was
recorded until then is signed and kept before it stops.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from talchum.adapters.celery_consumer import QueueConsumer
from talchum.adapters.celery_queue import RECORDING_QUEUE, RECORDING_TASK, RecordingTask, make_celery
from talchum.adapters.content_store import open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.liveness_file import keep_liveness
from talchum.adapters.recording_credentials import CertificateChain, sign_recording
from talchum.adapters.recording_files import RecordingFiles
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.apps.call_recorder import CallRecorder, RecordingOrder
from talchum.apps.log import begin_logging
from talchum.apps.measuring import measure_loop, measuring
from talchum.apps.media_loop import MediaLoop
from talchum.apps.process import run_process
from talchum.apps.settings import Settings
from talchum.apps.work_directory import work_directory
from talchum.domain.errors import TalchumError
from talchum.domain.metrics import RECORDINGS, UNMEASURED, Measurements
from talchum.protocol.worker_candidates import Reachability

logger = logging.getLogger(__name__)

SLOTS = 2
"""Calls recorded at once; what more are asked for finds no recorder."""

NICENESS = 5
"""Face legs on the same machine go first."""


@dataclass(slots=True)
class Recorder:
    """The recordings of one process; `record` runs on the media loop.

    work: directory for films while they are made. lifetime: seconds for which a recording is kept.
    """

    files: RecordingFiles
    chain: CertificateChain
    work: Path
    lifetime: float
    reachable: Reachability = "direct"
    measurements: Measurements = UNMEASURED
    _running: set[CallRecorder] = field(default_factory=set)

    async def record(self, task: RecordingTask) -> None:
        """Record one call to its end. Raises TalchumError."""
        order = RecordingOrder(task.server_url, task.ticket, task.recording, tuple(task.ice_servers))

        def keep(film: IO[bytes], manifest: dict[str, object]) -> None:
            self._keep(film, manifest, task.file)

        recorder = CallRecorder(order, keep, self.work, reachable=self.reachable)
        self._running.add(recorder)
        self.measurements.set(RECORDINGS, len(self._running))
        try:
            await recorder.run()
        finally:
            self._running.discard(recorder)
            self.measurements.set(RECORDINGS, len(self._running))

    def end_all(self) -> None:
        """End all recordings; what was recorded is kept."""
        for recorder in self._running:
            recorder.end("recorder_stopped")

    def _keep(self, film: IO[bytes], manifest: dict[str, object], secret: str) -> None:
        with tempfile.TemporaryFile(dir=self.work) as signed:
            sign_recording(film, signed, manifest, self.chain)
            self.files.keep(signed, secret, time.time() + self.lifetime)
        logger.info("a recording was signed and kept")


def recording_task(recorder: Recorder, media: MediaLoop) -> Callable[..., None]:
    """The body of the task `talchum.recording`: it holds a slot until the recording is kept."""

    def recording(**arguments: Any) -> None:
        """Record one call."""
        try:
            task = msgspec.convert(arguments, RecordingTask)
            if time.time() < task.expires_at:
                media.submit(recorder.record(task)).result()
        except TalchumError as error:
            logger.warning("a recording was lost: %s", error.code)
        except msgspec.ValidationError:
            logger.error("got a recording's task that does not decode")

    return recording


def run(settings: Settings) -> int:
    """Record until told to stop; the exit status. Raises DatabaseError, SettingsError."""
    begin_logging(settings.log_level, settings.log_format)
    with measuring(settings, "recorder") as measurements:
        return _record(settings, measurements)


def _record(settings: Settings, measurements: Measurements) -> int:
    os.nice(NICENESS)
    loopback = urlsplit(settings.worker_url()).hostname in ("127.0.0.1", "localhost", "::1")
    prepare_engine(zero_playout_delay=True, allow_loopback=loopback)
    content = open_content_store(settings.content, settings.data / "content-cache")
    with work_directory(settings.data / "recordings") as work:
        recorder = Recorder(
            RecordingFiles(open_database(settings.database), content, work),
            CertificateChain.of(settings.recording_chain, settings.data),
            work,
            settings.recording_hours * 3600.0,
            settings.worker_reachable,
            measurements,
        )
        media = MediaLoop()
        media.submit(keep_liveness(settings.liveness_file))
        media.submit(measure_loop(measurements))  # until the loop ends
        try:
            return _consume(settings, recorder, media)
        finally:
            media.close()


def _consume(settings: Settings, recorder: Recorder, media: MediaLoop) -> int:
    celery = make_celery(settings.redis_url)
    celery.task(name=RECORDING_TASK)(recording_task(recorder, media))
    consumer = QueueConsumer(celery, RECORDING_QUEUE, "recorder", SLOTS, settings.log_level)
    logger.info("recorder ready")
    return consumer.run(lambda _number: media.call(recorder.end_all))


def main() -> None:
    """Run as a process of its own."""
    run_process(run)


if __name__ == "__main__":
    main()
