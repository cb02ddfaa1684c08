"""Says, while a worker is busy with a task, that it lives and how far it is."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from talchum.adapters.transform_jobs import TransformJobs
from talchum.domain.errors import StoreError

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0


class Heartbeat:
    """A context manager around a task; its own thread, so that no stage holds it up.

    segment: which one `frames` counts, None for another task. unwanted: nobody waits for the job any more.
    """

    def __init__(self, jobs: TransformJobs, job: str, delivery_tag: str, segment: int | None) -> None:
        self._jobs = jobs
        self._job = job
        self._delivery_tag = delivery_tag
        self._segment = segment
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="transform-heartbeat", daemon=True)
        self.frames = 0
        self.unwanted = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        over = False
        while not over:
            over = self._over.wait(PERIOD_SECONDS)
            try:
                self._jobs.stay_visible(self._delivery_tag)
                if self._segment is not None:
                    self._jobs.note_frames(self._job, self._segment, self.frames)
                self.unwanted = not self._jobs.is_wanted(self._job)
            except StoreError as error:
                # If it stays away, the task goes to another worker too: twice done is no harm.
                logger.warning("heartbeat: %s", error.message)
