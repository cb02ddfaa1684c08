"""Examinations of videos in Redis, so that any call server can say how far one is.

Only what is said of a video lies here, never the video. Keys, all under ``talchum:``: ``verification:{hash of
its name}`` the record; the same with ``:claimed`` once its file is on the way; ``verification-places`` who
holds a place, and until when by Redis's clock.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from talchum.domain.errors import StoreError, VerificationError
from talchum.domain.verification_job import VerificationFailure, VerificationJob

FILE_WAIT_SECONDS = 30
"""How long a place waits for its file to begin to come."""

LEASE_SECONDS = 15
"""How long a place is held by a call server that is not heard of."""

WATCHED_SECONDS = 120
"""How long an examination goes on that nobody asks for; a hidden tab asks once a minute."""

REPORT_SECONDS = 900

_PLACES = "talchum:verification-places"

# KEYS: places, record. ARGV: member, places there are, seconds held, record, its lifetime
_RESERVE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5])
return 1
"""

# KEYS: places, record. ARGV: member, seconds held, record, its lifetime or '' for what is left of it
_KEEP = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 0
end
redis.call('ZADD', KEYS[1], tonumber(redis.call('TIME')[1]) + tonumber(ARGV[2]), ARGV[1])
if ARGV[4] == '' then redis.call('SET', KEYS[2], ARGV[3], 'KEEPTTL')
else redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4]) end
return 1
"""

# KEYS: places, record. ARGV: member, lifetime of a record that is watched
_LOOK = """
local record = redis.call('GET', KEYS[2])
if not record then return false end
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
if held and tonumber(held) > tonumber(redis.call('TIME')[1]) then
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  return {record, 1}
end
return {record, 0}
"""


class VerificationRecords:
    """All examinations. Every method raises StoreError, and VerificationError where it says so."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    async def reserve(self, size: int, places: int) -> str:
        """Hold one of so many places for a file of so many bytes; the name, which only its owner knows.

        Raises VerificationError (`verifications_busy`).
        """
        name = secrets.token_urlsafe(24)
        job = _encoded(VerificationJob(size))
        held = await self._run(_RESERVE, name, places, FILE_WAIT_SECONDS, job, WATCHED_SECONDS)
        if not held:
            raise VerificationError(
                f"got one video more than the {places} that are examined at a time",
                code="verifications_busy",
                retryable=True,
            )
        return name

    async def claim(self, name: str) -> VerificationJob:
        """What a place was held for, once: its file begins to come.

        Raises VerificationError (`verification_unknown`, `verification_taken`, `verification_lost`).
        """
        job = await self.look(name)
        with _store_errors():
            first = await self._redis.set(f"{_key(name)}:claimed", 1, nx=True, ex=WATCHED_SECONDS)
        if job.failure is not None:
            raise VerificationError(
                job.failure.message, code=job.failure.code, retryable=job.failure.retryable
            )
        if not first or job.state != "waiting":
            raise VerificationError("got a file for a second time", code="verification_taken")
        return job

    async def keep(self, name: str, job: VerificationJob) -> bool:
        """Say how far it is; False when nobody wants it any more.

        Who sends a file is there, and counts as somebody who asks for it.
        """
        lifetime = WATCHED_SECONDS if job.state == "receiving" else ""
        return bool(await self._run(_KEEP, name, LEASE_SECONDS, _encoded(job), lifetime))

    async def finish(self, name: str, job: VerificationJob) -> None:
        """Say what came of it and free its place; nothing is kept when nobody wants it any more."""
        with _store_errors():
            await self._redis.set(_key(name), _encoded(job), xx=True, ex=REPORT_SECONDS)
            await self._redis.zrem(_PLACES, _member(name))

    async def look(self, name: str) -> VerificationJob:
        """How far it is; one whose call server went silent has failed.

        Raises VerificationError (`verification_unknown`).
        """
        found = await self._run(_LOOK, name, WATCHED_SECONDS)
        if found is None:
            raise VerificationError(
                "got an examination that does not exist or does no longer", code="verification_unknown"
            )
        job = msgspec.json.decode(found[0], type=VerificationJob)
        if job.is_over or found[1]:
            return job
        lost = VerificationFailure("verification_lost", "the call server with the video went silent", True)
        return replace(job, state="failed", failure=lost)

    async def forget(self, name: str) -> None:
        """Drop it; whoever works on it finds that nobody wants it."""
        with _store_errors():
            await self._redis.delete(_key(name), f"{_key(name)}:claimed")
            await self._redis.zrem(_PLACES, _member(name))

    async def _run(self, script: str, name: str, *arguments: Any) -> Any:
        with _store_errors():
            return await self._redis.eval(script, 2, _PLACES, _key(name), _member(name), *arguments)


def _member(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _key(name: str) -> str:
    return f"talchum:verification:{_member(name)}"


def _encoded(job: VerificationJob) -> bytes:
    return msgspec.json.encode(job)


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreError(f"the store of examinations did not answer: {type(error).__name__}") from error
