"""A worker's keys in a real Valkey, as the call servers read them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio as redis

from talchum.adapters.face_worker_presence import PRESENCE_SECONDS, FaceWorkerPresence
from talchum.adapters.face_worker_registry import FaceWorkerStatus, read_face_workers
from talchum.adapters.valkey import embedded_valkey
from talchum.domain.errors import StoreError

pytestmark = pytest.mark.valkey


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    valkey = embedded_valkey(tmp_path_factory.mktemp("valkey"))
    process = subprocess.Popen(valkey.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not valkey.answers():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield valkey.url
    process.terminate()
    process.wait()


@pytest.fixture
async def client(store: str) -> AsyncIterator[redis.Redis]:
    made = redis.from_url(store)
    await made.flushall()
    yield made
    await made.aclose()


async def test_what_is_announced_is_counted_until_it_is_withdrawn(client: redis.Redis) -> None:
    presence = FaceWorkerPresence(client, "w1")
    await presence.announce(FaceWorkerStatus(3, 2, ["bune"]))
    await FaceWorkerPresence(client, "w2").announce(FaceWorkerStatus(1, 0, []))
    workers = await read_face_workers(client)
    assert (workers.count, workers.free_legs) == (2, 2)
    await presence.withdraw()
    assert (await read_face_workers(client)).count == 1


async def test_a_worker_that_says_nothing_more_is_forgotten(client: redis.Redis) -> None:
    await FaceWorkerPresence(client, "w1").announce(FaceWorkerStatus(1, 1, []))
    assert 0 < await client.ttl("talchum:face-worker:w1") <= PRESENCE_SECONDS


async def test_a_worker_hears_that_it_should_stop(client: redis.Redis) -> None:
    presence = FaceWorkerPresence(client, "w1")
    assert not await presence.announce(FaceWorkerStatus(1, 1, []))
    await client.set("talchum:face-worker:w1:stop", "1", ex=10)
    assert await presence.announce(FaceWorkerStatus(1, 1, []))


async def test_a_leg_is_wanted_as_long_as_its_lease(client: redis.Redis) -> None:
    presence = FaceWorkerPresence(client, "w1")
    assert not await presence.is_wanted("leg1")
    await client.set("talchum:face-leg:leg1:wanted", "1", ex=10)
    assert await presence.is_wanted("leg1")


async def test_a_store_that_is_gone_is_named(tmp_path: Path) -> None:
    client = redis.from_url(f"unix://{tmp_path}/nothing.sock")
    presence = FaceWorkerPresence(client, "w1")
    with pytest.raises(StoreError):
        await presence.announce(FaceWorkerStatus(1, 1, []))
    with pytest.raises(StoreError):
        await presence.is_wanted("leg1")
    with pytest.raises(StoreError):
        await presence.withdraw()
    await client.aclose()
