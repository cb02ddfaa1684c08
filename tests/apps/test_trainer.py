"""Trainers as processes, and all that can happen to them while they train."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.redis_rooms import connect
from talchum.adapters.trainer_presence import count_trainers
from talchum.vision.engines.neural import NeuralEngine
from tests.apps.trainers import Installation, installation
from tests.vision.scenes import face_networks

pytestmark = [
    pytest.mark.valkey,
    pytest.mark.vision,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]

LONG = 20_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def alive(place: Installation) -> int:
    async def count() -> int:
        client = connect(place.store.url)
        try:
            return await count_trainers(client)
        finally:
            await client.aclose()

    return asyncio.run(count())


def test_a_bad_job_says_why_and_the_next_becomes_an_identity_that_can_be_worn(place: Installation) -> None:
    bad = place.submit("nobody", performance=b"no clip at all")
    good = place.submit("stripes", steps=32)
    trainer = place.start()
    error = place.until(bad, lambda job: job.state == "failed").error
    assert error is not None
    assert error.code == "media_file_unreadable"
    assert alive(place) == 1

    learning = place.until(good, lambda job: job.quality is not None)
    assert (learning.state, learning.attempts) == ("running", 1)
    assert learning.quality is not None
    assert 0 < learning.step <= learning.steps
    first = learning.quality.preview
    done = place.until(good, lambda job: job.state not in ("queued", "running"))
    assert (done.state, done.step, done.error) == ("succeeded", 32, None)
    assert done.quality is not None
    assert place.content.get(done.quality.preview)[8:12] == b"WEBP"
    assert first == done.quality.preview or not place.jobs.shows(first)

    assets = place.identities.assets("stripes")
    assert assets.network is not None
    assert NeuralEngine.prepare(assets, face_networks().topology) is not None
    assert not list(place.directory.glob("training/*.pt"))
    assert trainer.stop() < 4
    assert alive(place) == 0


def test_a_trainer_that_was_killed_leaves_all_up_to_its_last_checkpoint(place: Installation) -> None:
    job = place.submit("stripes", steps=30)
    trainer = place.start()
    reached = place.until(job, lambda one: one.step >= 7)
    assert reached.attempts == 1
    trainer.kill()
    assert place.until_nobody_works_on(job) < 2  # the kernel ends them

    place.start()
    again = place.until(job, lambda one: one.attempts == 2 and one.phase == "learning")
    assert again.step >= 6
    done = place.until(job, lambda one: one.state not in ("queued", "running"))
    assert (done.state, done.step, done.attempts) == ("succeeded", 30, 2)


def test_what_is_cancelled_ends_and_what_is_retried_goes_on_over_a_store_that_forgot_all(
    place: Installation,
) -> None:
    trainer = place.start()
    job = place.submit("stripes", steps=LONG)
    place.until(job, lambda one: one.step >= 4)
    cancelled = time.monotonic()
    place.jobs.change(job, lambda one: one.cancelled(time.time()))
    place.until_nobody_works_on(job)
    assert time.monotonic() - cancelled < 5

    place.store.kill()
    place.store.start()
    place.jobs.retry(job)  # nobody is told
    again = place.until(job, lambda one: one.attempts == 2 and one.phase == "learning")
    assert again.step >= 3
    assert trainer.stop() < 4
    left = place.jobs.get(job)
    assert (left.state, left.crashes, place.attempts(job)) == ("queued", 0, [])
