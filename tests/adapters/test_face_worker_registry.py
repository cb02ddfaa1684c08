from __future__ import annotations

from pathlib import Path

import pytest

from talchum.adapters.face_worker_registry import FaceWorkers, read_face_workers
from talchum.adapters.redis_rooms import connect
from talchum.domain.errors import StoreError
from tests.stores import running_store


@pytest.mark.valkey
async def test_living_workers_are_counted_and_what_does_not_decode_is_not(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        client = connect(store.url)
        assert await read_face_workers(client) == FaceWorkers(0, 0)
        await client.set("talchum:face-worker:a", '{"slots":3,"free":2,"identities":["veil"]}')
        await client.set("talchum:face-worker:b", '{"slots":1,"free":-1}')
        await client.set("talchum:face-worker:c", '"nonsense"')
        await client.set("talchum:face-worker:a:stop", "1")
        assert await read_face_workers(client) == FaceWorkers(2, 2)
        await client.aclose()


async def test_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(StoreError):
        await read_face_workers(client)
    await client.aclose()
