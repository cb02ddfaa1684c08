"""What workers and whoever waits know of a job beside its results, in Redis.

`talchum:transform:{job}:frames` (by segment), `:starts` (by task), `:blobs` and `:failure`; and `:wanted`,
a lease: without it workers drop the job's tasks. Whoever waits keeps all of them alive.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import redis

from talchum.adapters.transform_queue import PREFIX
from talchum.domain.errors import StoreError

LEASE_SECONDS = 600
"""Longer than a laptop's lid is closed for a moment."""

_PARTS = ("wanted", "frames", "starts", "blobs", "failure")


class Failure(msgspec.Struct, frozen=True):
    """Why a job failed, as an error of the project says it."""

    message: str
    code: str


@dataclass(frozen=True, slots=True)
class TransformJobs:
    """The records of all jobs; usable from any thread. Each method raises StoreError."""

    client: redis.Redis

    def want(self, job: str) -> None:
        """Keep the job alive for `LEASE_SECONDS`."""
        with _store_errors():
            self.client.set(_key(job, "wanted"), 1, ex=LEASE_SECONDS)
            for part in _PARTS:
                self.client.expire(_key(job, part), LEASE_SECONDS)

    def is_wanted(self, job: str) -> bool:
        """Whether anybody still waits for it."""
        with _store_errors():
            return bool(self.client.exists(_key(job, "wanted")))

    def stay_visible(self, delivery_tag: str) -> None:
        """Say that the worker of an unacknowledged task lives, so that no other is given it."""
        with _store_errors():
            self.client.zadd(f"{PREFIX}unacked_index", {delivery_tag: time.time()}, xx=True)

    def start(self, job: str, task: str) -> int:
        """Count that a task begins; how often it has by now."""
        with _store_errors():
            count = int(self.client.hincrby(_key(job, "starts"), task, 1))
            self.client.expire(_key(job, "starts"), LEASE_SECONDS)
        return count

    def give_back(self, job: str, task: str) -> None:
        """Take back that a task has begun: it was no fault of it that it did not end."""
        with _store_errors():
            self.client.hincrby(_key(job, "starts"), task, -1)

    def note_frames(self, job: str, segment: int, frames: int) -> None:
        """Say how many frames of a segment are done."""
        with _store_errors():
            self.client.hset(_key(job, "frames"), str(segment), str(frames))
            self.client.expire(_key(job, "frames"), LEASE_SECONDS)

    def frames(self, job: str) -> int:
        """How many frames of the job are done."""
        with _store_errors():
            return sum(int(count) for count in self.client.hvals(_key(job, "frames")))

    def note_blob(self, job: str, digest: str) -> None:
        """Remember a blob that goes with the job."""
        with _store_errors():
            self.client.sadd(_key(job, "blobs"), digest)
            self.client.expire(_key(job, "blobs"), LEASE_SECONDS)

    def blobs(self, job: str) -> list[str]:
        """All blobs that go with the job."""
        with _store_errors():
            digests: set[bytes] = self.client.smembers(_key(job, "blobs"))  # type: ignore[assignment]
        return sorted(digest.decode() for digest in digests)

    def fail(self, job: str, failure: Failure) -> None:
        """Say why the job failed; the first one counts."""
        with _store_errors():
            self.client.set(_key(job, "failure"), msgspec.json.encode(failure), nx=True, ex=LEASE_SECONDS)

    def failure(self, job: str) -> Failure | None:
        """Why the job failed, None while it has not."""
        with _store_errors():
            said = self.client.get(_key(job, "failure"))
        return None if said is None else msgspec.json.decode(said, type=Failure)

    def forget(self, job: str) -> None:
        """Drop everything; tasks of it that come later find that nobody wants them."""
        with _store_errors():
            self.client.delete(*(_key(job, part) for part in _PARTS))


def _key(job: str, part: str) -> str:
    return f"talchum:transform:{job}:{part}"


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StoreError(f"the store did not answer: {type(error).__name__}") from error
