"""What is kept to be used once is used once, whichever call server asks; the double behaves alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from talchum.adapters.once_store import OnceStore
from talchum.adapters.redis_rooms import connect
from talchum.apps.ceremonies import Once
from talchum.domain.errors import StoreError
from tests.apps.once_double import OnceDouble
from tests.stores import Store, running_store

pytestmark = pytest.mark.valkey


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(params=["redis", "double"])
async def once(request: pytest.FixtureRequest) -> AsyncIterator[Once]:
    if request.param == "double":
        yield OnceDouble()
        return
    client = connect(request.getfixturevalue("store").url)
    yield OnceStore(client)
    await client.aclose()


async def test_a_value_is_taken_once(once: Once) -> None:
    first, second = await once.put(b"asked", 60), await once.put(b"asked too", 60)
    assert await once.take(second) == b"asked too"
    assert await once.take(first) == b"asked"
    assert await once.take(first) is None


async def test_nobody_guesses_a_token(once: Once) -> None:
    tokens = {await once.put(b"asked", 60) for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens), "256 random bits"
    assert await once.take("") is None
    assert await once.take("another") is None


async def test_a_value_lives_as_long_as_it_should_and_its_token_is_kept_by_nobody(store: Store) -> None:
    client = connect(store.url)
    await client.flushdb()
    token = await OnceStore(client).put(b"asked", 60)
    [key] = await client.keys("*")
    assert token.encode() not in key
    assert 0 < await client.ttl(key) <= 60
    await client.aclose()


async def test_a_store_that_is_away_is_said_so(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(StoreError):
        await OnceStore(client).put(b"asked", 60)
    with pytest.raises(StoreError):
        await OnceStore(client).take("token")
    await client.aclose()
