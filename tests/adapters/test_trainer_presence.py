from __future__ import annotations

from pathlib import Path

import pytest
import redis

from talchum.adapters.redis_rooms import connect
from talchum.adapters.trainer_presence import PRESENCE_SECONDS, TrainerPresence, count_trainers
from talchum.domain.errors import StoreError
from tests.stores import running_store


@pytest.mark.valkey
async def test_trainers_count_as_long_as_they_say_so(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        asking, client = connect(store.url), redis.from_url(store.url)
        one, other = TrainerPresence(client, "one"), TrainerPresence(client, "other")
        assert await count_trainers(asking) == 0
        one.announce()
        one.announce()
        other.announce()
        assert await count_trainers(asking) == 2
        assert 0 < client.ttl("talchum:trainer:one") <= PRESENCE_SECONDS
        one.withdraw()
        assert await count_trainers(asking) == 1
        client.close()
        await asking.aclose()


async def test_a_store_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nothing.sock"
    presence, asking = TrainerPresence(redis.from_url(url), "one"), connect(url)
    for ask in (presence.announce, presence.withdraw):
        with pytest.raises(StoreError):
            ask()
    with pytest.raises(StoreError):
        await count_trainers(asking)
    await asking.aclose()
