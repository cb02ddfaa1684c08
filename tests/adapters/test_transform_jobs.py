"""What is known of a job lasts while somebody waits for it, and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from talchum.adapters.transform_jobs import Failure, TransformJobs
from talchum.adapters.transform_queue import (
    TRANSFORM_QUEUE,
    TRANSFORM_SEGMENT_TASK,
    TransformJob,
    make_transform_celery,
    send_job,
)
from talchum.domain.errors import StoreError
from talchum.domain.segments import Segment
from tests.stores import Store, running_store

pytestmark = pytest.mark.valkey

KEY = "ab" * 32


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def jobs(store: Store) -> TransformJobs:
    client = redis.from_url(store.url)
    client.flushdb()
    return TransformJobs(client)


def test_frames_are_counted_by_segment_and_once(jobs: TransformJobs) -> None:
    assert jobs.frames("job") == 0
    for segment, frames in ((0, 10), (1, 5), (0, 30), (0, 4)):
        jobs.note_frames("job", segment, frames)
    assert jobs.frames("job") == 9, "a segment that begins anew counts from nothing"


def test_a_task_that_was_given_back_has_not_begun(jobs: TransformJobs) -> None:
    assert [jobs.start("job", "segment 3") for _ in range(2)] == [1, 2]
    jobs.give_back("job", "segment 3")
    assert jobs.start("job", "segment 3") == 2
    assert jobs.start("job", "segment 4") == 1


def test_the_first_failure_is_the_one_that_is_told(jobs: TransformJobs) -> None:
    assert jobs.failure("job") is None
    jobs.fail("job", Failure("got nothing, expected something", "identity_unknown"))
    jobs.fail("job", Failure("another", "other"))
    assert jobs.failure("job") == Failure("got nothing, expected something", "identity_unknown")


def test_everything_ends_with_the_job_or_with_whoever_waited(jobs: TransformJobs) -> None:
    jobs.want("job")
    assert jobs.is_wanted("job")
    jobs.start("job", "joining")
    jobs.note_frames("job", 0, 1)
    jobs.note_blob("job", "ff")
    jobs.note_blob("job", "ee")
    jobs.fail("job", Failure("no", "no"))
    assert jobs.blobs("job") == ["ee", "ff"]
    keys = list(jobs.client.scan_iter("*"))
    assert len(keys) == 5
    assert all(jobs.client.ttl(key) > 0 for key in keys)
    jobs.forget("job")
    assert not jobs.is_wanted("job")
    assert list(jobs.client.scan_iter("*")) == []


def test_a_store_that_is_away_is_said(tmp_path: Path) -> None:
    away = TransformJobs(redis.from_url(f"unix://{tmp_path}/nothing.sock"))
    with pytest.raises(StoreError):
        away.is_wanted("job")
    celery = make_transform_celery(f"unix://{tmp_path}/nothing.sock")
    celery.conf.task_publish_retry = False
    with pytest.raises(StoreError):
        send_job(
            celery, TransformJob("job", "d", KEY, "veil", None, 1, "00000007"), [Segment(0, 1), Segment(1, 1)]
        )


def test_a_message_shows_no_key_in_what_is_logged_of_it(jobs: TransformJobs, store: Store) -> None:
    segments = [Segment(number, 30) for number in range(3)]
    with make_transform_celery(store.url) as celery:
        sent = send_job(celery, TransformJob("job", "d", KEY, "veil", None, 1, "00000007"), segments)
        assert sent.made() is None
        with celery.connection_for_read() as connection:
            queue = connection.SimpleQueue(TRANSFORM_QUEUE)
            messages = [queue.get(timeout=5) for _ in segments]
            queue.close()
    assert {message.headers["task"] for message in messages} == {TRANSFORM_SEGMENT_TASK}
    assert {message.payload[1]["segment"]["number"] for message in messages} == {0, 1, 2}
    assert all(message.payload[1]["job"]["key"] == KEY for message in messages)
    assert not any(
        KEY in message.headers[name] for message in messages for name in ("argsrepr", "kwargsrepr")
    )
    assert all(key.startswith(b"talchum:celery:transform:") for key in jobs.client.scan_iter("*"))
