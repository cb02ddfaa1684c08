"""A face worker's keys in Redis: that it lives, what it has free, whether to stop, which legs are wanted."""

from __future__ import annotations

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from talchum.adapters.face_worker_registry import FaceWorkerStatus, served_key
from talchum.domain.errors import StoreError

PRESENCE_SECONDS = 5
"""How long a worker that says nothing still counts."""


class FaceWorkerPresence:
    """The keys of one worker; every method raises StoreError when the store does not answer."""

    def __init__(self, client: redis.Redis, worker: str) -> None:
        self._client = client
        self._key = f"talchum:face-worker:{worker}"

    async def announce(self, status: FaceWorkerStatus) -> bool:
        """Say what is free; whether somebody asked this worker to stop."""
        try:
            await self._client.set(self._key, msgspec.json.encode(status), ex=PRESENCE_SECONDS)
            if status.queue:
                await self._client.set(served_key(status.queue), b"1", ex=PRESENCE_SECONDS)
            return bool(await self._client.exists(f"{self._key}:stop"))
        except (RedisError, OSError) as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from error

    async def withdraw(self) -> None:
        """Say that this worker is gone."""
        try:
            await self._client.delete(self._key)
        except (RedisError, OSError) as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from error

    async def is_wanted(self, leg: str) -> bool:
        """Whether the leg's performer still waits for it or uses it."""
        try:
            return bool(await self._client.exists(f"talchum:face-leg:{leg}:wanted"))
        except (RedisError, OSError) as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from error
