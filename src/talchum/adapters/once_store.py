"""What a browser may come back with once: kept in Redis, so that any call server knows it, and then gone.

Keys: ``talchum:once:`` and the SHA-256 of a token that only the browser has.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from talchum.domain.errors import StoreError


class OnceStore:
    """Small values by tokens, each taken at most once."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    async def put(self, value: bytes, lifetime: int) -> str:
        """Keep a value for so many seconds; the token that takes it. Raises StoreError."""
        token = secrets.token_urlsafe(32)
        try:
            await self._redis.set(_key(token), value, ex=lifetime)
        except (RedisError, OSError) as error:
            raise _no_answer(error) from error
        return token

    async def take(self, token: str) -> bytes | None:
        """The value, which is gone then; None when there is none. Raises StoreError."""
        try:
            value: Any = await self._redis.getdel(_key(token))
        except (RedisError, OSError) as error:
            raise _no_answer(error) from error
        return None if value is None else bytes(value)


def _key(token: str) -> str:
    return f"talchum:once:{hashlib.sha256(token.encode()).hexdigest()}"


def _no_answer(error: Exception) -> StoreError:
    return StoreError(f"the store of sign-ins did not answer: {type(error).__name__}")
