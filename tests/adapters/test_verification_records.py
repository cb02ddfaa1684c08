"""Every call server knows how far an examination is, and nobody else does; the double behaves alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis

from talchum.adapters import verification_records
from talchum.adapters.redis_rooms import connect
from talchum.adapters.verification_records import VerificationRecords
from talchum.apps.verification_desk import Records
from talchum.domain.errors import StoreError, VerificationError
from talchum.domain.verification_job import VerificationFailure, VerificationJob
from tests.apps.verification_double import VerificationDouble
from tests.stores import Store, running_store

pytestmark = pytest.mark.valkey


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def client(store: Store) -> AsyncIterator[redis.Redis]:
    connected = connect(store.url)
    await connected.flushdb()
    yield connected
    await connected.aclose()


@pytest.fixture(params=["redis", "double"])
async def records(request: pytest.FixtureRequest, client: redis.Redis) -> Records:
    return VerificationDouble() if request.param == "double" else VerificationRecords(client)


async def refusal(action: Any) -> str:
    with pytest.raises(VerificationError) as refused:
        await action
    return refused.value.code


async def test_a_video_goes_its_way_to_a_report(records: Records) -> None:
    name = await records.reserve(1000, 1)
    assert await records.look(name) == VerificationJob(1000)
    job = await records.claim(name)
    receiving = replace(job, state="receiving", share=0.5)
    for latest in (receiving, replace(job, state="examining", doing="reading", share=0.1)):
        assert await records.keep(name, latest)
        assert await records.look(name) == latest
    report = {"verdict": "marked", "mark": {"intervals": [{"start": 0.0}]}, "log": {"AAAAAAAA": None}}
    done = replace(job, state="succeeded", share=1.0, report=report)
    await records.finish(name, done)
    assert await records.look(name) == done


async def test_there_are_only_so_many_places(records: Records) -> None:
    first = await records.reserve(1, 2)
    second = await records.reserve(1, 2)
    with pytest.raises(VerificationError) as refused:
        await records.reserve(1, 2)
    assert (refused.value.code, refused.value.retryable) == ("verifications_busy", True)
    failed = VerificationJob(1, "failed", failure=VerificationFailure("x", "why", True))
    await records.finish(first, failed)
    third = await records.reserve(1, 2)
    await records.forget(second)
    assert len({first, second, third, await records.reserve(1, 2)}) == 4
    assert await records.look(first) == failed


async def test_a_place_takes_one_file(records: Records) -> None:
    name = await records.reserve(1, 1)
    await records.claim(name)
    assert await refusal(records.claim(name)) == "verification_taken"


async def test_what_was_forgotten_is_wanted_by_nobody(records: Records) -> None:
    name = await records.reserve(1, 1)
    job = await records.claim(name)
    await records.forget(name)
    assert not await records.keep(name, job)
    await records.finish(name, replace(job, state="succeeded", report={}))
    assert await refusal(records.look(name)) == "verification_unknown"
    await records.reserve(1, 1)


async def test_nobody_guesses_a_name(records: Records) -> None:
    assert await refusal(records.look("guess")) == "verification_unknown"
    assert await refusal(records.claim("guess")) == "verification_unknown"
    await records.forget("guess")


async def test_the_store_knows_no_name_and_keeps_nothing_for_long(client: redis.Redis) -> None:
    records = VerificationRecords(client)
    name = await records.reserve(1, 1)
    job = await records.claim(name)
    await records.finish(name, replace(job, state="succeeded", report={"verdict": "marked"}))
    keys = await client.keys("*")
    assert keys
    for key in keys:
        assert name.encode() not in key
        assert 0 < await client.ttl(key) <= verification_records.REPORT_SECONDS


async def test_a_call_server_that_goes_silent_has_lost_the_video(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_records, "LEASE_SECONDS", 0)
    records = VerificationRecords(client)
    name = await records.reserve(1, 1)
    assert await records.keep(name, replace(await records.claim(name), state="examining"))
    lost = await records.look(name)
    assert lost.state == "failed"
    assert lost.failure is not None
    assert (lost.failure.code, lost.failure.retryable) == ("verification_lost", True)
    await records.reserve(1, 1)  # its place is free


async def test_a_file_that_comes_too_late_has_no_place(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_records, "FILE_WAIT_SECONDS", 0)
    records = VerificationRecords(client)
    assert await refusal(records.claim(await records.reserve(1, 1))) == "verification_lost"


async def test_an_examination_lives_as_long_as_somebody_asks_for_it(client: redis.Redis) -> None:
    records = VerificationRecords(client)
    name = await records.reserve(1, 1)
    examining = replace(await records.claim(name), state="examining")
    [key] = [key for key in await client.keys("talchum:verification:*") if b"claimed" not in key]
    await client.expire(key, 5)
    assert await records.keep(name, examining)
    assert await client.ttl(key) <= 5, "who works on it does not count"
    await records.look(name)
    assert await client.ttl(key) > 5


async def test_a_store_that_is_away_is_said_so(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nobody.sock")
    records = VerificationRecords(client)
    for action in (records.reserve(1, 1), records.look("x"), records.forget("x")):
        with pytest.raises(StoreError):
            await action
    await client.aclose()
