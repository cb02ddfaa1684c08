"""The queue of clips that are transformed by many workers: a Celery chord over the same Redis.

Each segment is a task of the chord's header, joining them its body. Tasks are acknowledged when they are
done, so that those of a killed worker come back; everything lies under a prefix of its own, because workers
give back what is overdue by their own measure, and a face leg or a training is measured otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import redis
from celery import Celery, chord  # type: ignore[import-untyped]
from celery.backends.redis import RedisBackend  # type: ignore[import-untyped]
from celery.states import PROPAGATE_STATES, SUCCESS  # type: ignore[import-untyped]
from kombu.exceptions import OperationalError

from talchum.adapters.celery_queue import broker_url
from talchum.domain.errors import StoreError, TransformError
from talchum.domain.segments import Segment

TRANSFORM_QUEUE = "transform"
TRANSFORM_SEGMENT_TASK = "talchum.transform_segment"
TRANSFORM_JOIN_TASK = "talchum.transform_join"

VISIBILITY_SECONDS = 10
"""A task whose worker has not been heard of for so long is given to another."""

RESULT_SECONDS = 24 * 3600
_RESTORE_SECONDS = 2
PREFIX = "talchum:celery:transform:"


@dataclass(frozen=True, slots=True)
class TransformJob:
    """What all tasks of one clip share.

    name: the job's, unlike any other. source: digest of the sealed clip. key: hexadecimal, see
    `sealed_files`. entropy: as `ClipFace`. tag: the `LegTag` that marks the clip.
    """

    name: str
    source: str
    key: str
    identity: str
    engine: str | None
    entropy: int
    tag: str


@dataclass(frozen=True, slots=True)
class SegmentTask:
    """Arguments of `talchum.transform_segment`."""

    job: TransformJob
    segment: Segment


@dataclass(frozen=True, slots=True)
class JoinTask:
    """Arguments of `talchum.transform_join`, before the results of the segments."""

    job: TransformJob


@dataclass(frozen=True, slots=True)
class Made:
    """What a task made. digest: of the sealed file."""

    digest: str
    frames: int
    card_frames: int
    cpu_seconds: dict[str, float]


class _NoSubscriptions(RedisBackend.ResultConsumer):  # type: ignore[misc]
    def consume_from(self, task_id: str) -> None:
        """Listen for nothing."""

    def cancel_for(self, task_id: str) -> None:
        """Nothing was listened for."""


class PolledResults(RedisBackend):  # type: ignore[misc]
    """Results in Redis that are asked for now and then: a subscription would outlive what it is for."""

    ResultConsumer = _NoSubscriptions


def make_transform_celery(redis_url: str) -> Celery:
    """The Celery application that `talchum transform --queue` sends with and transform workers use."""
    url = broker_url(redis_url)
    results = f"{__name__}:{PolledResults.__name__}+{url.removeprefix('redis+')}"
    celery = Celery("talchum-transform", broker=url, backend=results, set_as_current=False)
    celery.conf.update(
        task_default_queue=TRANSFORM_QUEUE,
        task_acks_late=True,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_expires=RESULT_SECONDS,
        result_backend_transport_options={"global_keyprefix": PREFIX},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "global_keyprefix": PREFIX,
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": _RESTORE_SECONDS,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            "polling_interval": 0.1,
        },
        enable_utc=True,
    )
    return celery


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job on the queue."""

    celery: Celery
    last_task: str

    def made(self) -> Made | None:
        """What the last task made, None while it has not. Raises TransformError, StoreError."""
        with _store_errors():
            answer = self.celery.backend.get_task_meta(self.last_task)
        if answer["status"] in PROPAGATE_STATES:
            raise TransformError("got no clip from the workers, expected one; their logs say more")
        return msgspec.convert(answer["result"], Made) if answer["status"] == SUCCESS else None


def send_job(celery: Celery, job: TransformJob, segments: Sequence[Segment]) -> SentJob:
    """Put a job on the queue. Raises StoreError."""
    header = [_signature(celery, TRANSFORM_SEGMENT_TASK, SegmentTask(job, segment)) for segment in segments]
    body = _signature(celery, TRANSFORM_JOIN_TASK, JoinTask(job))
    with _store_errors():
        return SentJob(celery, chord(header, app=celery)(body).id)


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, redis.RedisError) as error:
        raise StoreError(f"the queue did not answer: {type(error).__name__}") from error


def _signature(celery: Celery, name: str, task: SegmentTask | JoinTask) -> Any:
    return celery.signature(
        name,
        kwargs=msgspec.to_builtins(task),
        # What goes to logs and to task events in place of a key.
        options={"queue": TRANSFORM_QUEUE, "argsrepr": "(...)", "kwargsrepr": "{...}"},
    )
