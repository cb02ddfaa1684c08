"""The queues of face legs, of recordings and of training jobs: Celery over the same Redis.

A face leg's message names everything a face worker needs to join the room; it expires when nobody takes it,
and its worker drops it when the leg's lease (``face-leg:{leg}:wanted``) is gone. A training job's message is
its name alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
from celery import Celery  # type: ignore[import-untyped]
from kombu.exceptions import OperationalError

from talchum.domain.errors import StoreError
from talchum.domain.placement import CPU_LEGS
from talchum.protocol.messages import IceServer

FACE_LEG_TASK = "talchum.face_leg"
FACE_LEG_QUEUE = CPU_LEGS
RECORDING_TASK = "talchum.recording"
RECORDING_QUEUE = "recordings"
TRAINING_TASK = "talchum.train"
TRAINING_QUEUE = "training"

KEY_PREFIX = "talchum:celery:"
OFF_SITE_PREFIX = "worker-"
"""How the Redis users of face workers off site begin."""


@dataclass(frozen=True, slots=True)
class FaceLegTask:
    """Keyword arguments of `talchum.face_leg`.

    request: the leg's name, unique among all rooms; tag: its `LegTag`; room: the room's key, which opens
    nothing. expires_at: wall clock, after which nobody waits for it any more. account: the performer's, empty
    for a guest. enrolment: the offer of one that it is to make, empty for a leg that shows a face. queue:
    where it waits. asked_at: wall clock. trace: the request's (`traceparent`), empty where nobody traces.
    """

    request: str
    tag: str
    room: str
    performer: str
    ticket: str
    server_url: str
    identity: str
    engine: str | None
    ice_servers: list[IceServer]
    expires_at: float
    account: str = ""
    enrolment: str = ""
    queue: str = FACE_LEG_QUEUE
    asked_at: float = 0.0
    trace: str = ""


def broker_url(redis_url: str) -> str:
    """The same Redis in kombu's spelling: ``unix:///path`` becomes ``redis+socket:///path``.

    kombu takes any certificate of ``rediss://`` that does not say otherwise, redis-py none that it cannot
    verify; here both do the latter.
    """
    parts = urlsplit(redis_url)
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in parse_qs(parts.query):
        query = "&".join(part for part in (parts.query, "ssl_cert_reqs=required") if part)
        return urlunsplit(parts._replace(query=query))
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


def unacknowledged_keys(user: str) -> dict[str, str]:
    """Options of kombu: where it keeps what is being handed over, apart for each worker off site."""
    suffix = f".{user}" if user.startswith(OFF_SITE_PREFIX) else ""
    return {f"{name}_key": f"{name}{suffix}" for name in ("unacked", "unacked_index", "unacked_mutex")}


def make_celery(redis_url: str) -> Celery:
    """The Celery application that call servers send with and face workers consume with.

    No result backend, acks early, and no prefetch: a waiting leg belongs to whichever worker is free first.
    """
    celery = Celery("talchum", broker=broker_url(redis_url), set_as_current=False)
    celery.conf.update(
        task_default_queue=FACE_LEG_QUEUE,
        task_ignore_result=True,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "global_keyprefix": KEY_PREFIX,
            "priority_steps": [0],  # one list for each queue, served in order
            **unacknowledged_keys(urlsplit(redis_url).username or ""),
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            "polling_interval": 0.1,
        },
        enable_utc=True,
    )
    return celery


@dataclass(frozen=True, slots=True)
class RecordingTask:
    """Keyword arguments of `talchum.recording`.

    recording: its name in the audit log. file: what opens the file that will be made. expires_at: wall clock,
    after which nobody waits for it any more.
    """

    recording: str
    file: str
    ticket: str
    server_url: str
    ice_servers: list[IceServer]
    expires_at: float


class FaceLegQueue:
    """Where a call server asks for a face worker, or for a recorder."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    async def send(self, task: FaceLegTask, expires_in: float) -> None:
        """Put a leg on its queue, for at most `expires_in` seconds. Raises StoreError."""
        arguments = msgspec.to_builtins(task)
        await asyncio.to_thread(self._send, FACE_LEG_TASK, task.queue, arguments, expires_in)

    async def send_recording(self, task: RecordingTask, expires_in: float) -> None:
        """Put a recording on its queue, for at most `expires_in` seconds. Raises StoreError."""
        arguments = msgspec.to_builtins(task)
        await asyncio.to_thread(self._send, RECORDING_TASK, RECORDING_QUEUE, arguments, expires_in)

    def _send(self, name: str, queue: str, arguments: dict[str, Any], expires_in: float) -> None:
        try:
            self._celery.send_task(
                name,
                kwargs=arguments,
                queue=queue,
                expires=max(1.0, expires_in),
                retry=True,
                retry_policy={"max_retries": 3, "interval_start": 0.05, "interval_step": 0.2},
                # What goes to logs and to task events in place of a ticket and an address.
                argsrepr="()",
                kwargsrepr="{...}",
            )
        except OperationalError as error:
            raise StoreError(f"the queue did not take a task: {type(error).__name__}") from error


class TrainingQueue:
    """Where trainers are told of a job. What they are told is only a nudge: the database has the truth."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def nudge(self, job: str) -> None:
        """Tell one trainer of a job. Raises StoreError."""
        try:
            # A connection of its own: that of the pool would try for six seconds, and a sweep comes anyway.
            with self._celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0.05)
                self._celery.send_task(
                    TRAINING_TASK, args=[job], queue=TRAINING_QUEUE, connection=connection, retry=False
                )
        except OperationalError as error:
            raise StoreError(f"the queue did not take a training job: {type(error).__name__}") from error
