"""Which face workers live, read from the expiring keys they refresh each second."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from talchum.domain.errors import StoreError
from talchum.domain.metrics import LABELS
from talchum.domain.placement import CPU_LEGS

logger = logging.getLogger(__name__)


class FaceWorkerStatus(msgspec.Struct, frozen=True):
    """What a face worker says of itself under ``talchum:face-worker:{id}``.

    queue: where it takes legs from, empty while it takes none.
    """

    slots: int
    free: int
    identities: list[str] = []
    queue: str = CPU_LEGS


def served_key(queue: str) -> str:
    """The key that is there while a living face worker takes legs from this queue."""
    return f"talchum:{queue}-served"


@dataclass(frozen=True, slots=True)
class FaceWorkers:
    """All face workers together."""

    count: int = 0
    free_legs: int = 0


async def read_face_workers(client: redis.Redis) -> FaceWorkers:
    """Count the living face workers and their free slots. Raises StoreError."""
    try:
        keys = [key async for key in client.scan_iter(match="talchum:face-worker:*", count=500)]
        names = [key for key in keys if key.count(b":") == 2]
        values = await client.mget(names) if names else []
    except (RedisError, OSError) as error:
        raise StoreError(f"the store did not answer: {type(error).__name__}") from error
    statuses = [status for value in values if value is not None and (status := _status(value)) is not None]
    return FaceWorkers(len(statuses), sum(max(0, status.free) for status in statuses))


async def count_waiting_legs(client: redis.Redis) -> dict[str, int]:
    """By queue, the legs that no worker has taken: the sizes of ``talchum:{queue}-waiting``.

    Raises StoreError.
    """
    queues = LABELS["queue"]
    try:
        pipeline: Any = client.pipeline(transaction=False)
        for queue in queues:
            pipeline.zcard(f"talchum:{queue}-waiting")
        sizes = await pipeline.execute()
    except (RedisError, OSError) as error:
        raise StoreError(f"the store did not answer: {type(error).__name__}") from error
    return dict(zip(queues, sizes, strict=True))


def _status(value: bytes | str) -> FaceWorkerStatus | None:
    try:
        return msgspec.json.decode(value, type=FaceWorkerStatus)
    except msgspec.DecodeError:
        logger.warning("got a face worker's status that does not decode")
        return None
