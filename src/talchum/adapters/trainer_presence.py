"""Which trainers live: each refreshes a key in Redis that expires."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import redis.asyncio
from redis.exceptions import RedisError

from talchum.domain.errors import StoreError

PRESENCE_SECONDS = 5
"""How long a trainer that says nothing still counts."""

_PREFIX = "talchum:trainer:"


@dataclass(frozen=True, slots=True)
class TrainerPresence:
    """The key of one trainer; every method raises StoreError when the store does not answer."""

    client: redis.Redis
    trainer: str

    def announce(self) -> None:
        """Say that this trainer lives."""
        try:
            self.client.set(_PREFIX + self.trainer, "1", ex=PRESENCE_SECONDS)
        except (RedisError, OSError) as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from error

    def withdraw(self) -> None:
        """Say that this trainer is gone."""
        try:
            self.client.delete(_PREFIX + self.trainer)
        except (RedisError, OSError) as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from error


async def count_trainers(client: redis.asyncio.Redis) -> int:
    """How many trainers live. Raises StoreError."""
    try:
        return len([key async for key in client.scan_iter(match=f"{_PREFIX}*", count=500)])
    except (RedisError, OSError) as error:
        raise StoreError(f"the store did not answer: {type(error).__name__}") from error
