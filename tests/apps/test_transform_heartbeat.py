"""While a task is done its worker is known to live, and how far it is."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from talchum.adapters.transform_jobs import TransformJobs
from talchum.apps import transform_heartbeat
from talchum.apps.transform_heartbeat import Heartbeat
from talchum.domain.errors import StoreError


class Jobs:
    """What the store was told; `away` makes it not answer."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.visible: list[str] = []
        self.wanted = True
        self.away = False
        self.beaten = threading.Event()

    def stay_visible(self, delivery_tag: str) -> None:
        self.beaten.set()
        if self.away:
            raise StoreError("the store did not answer")
        self.visible.append(delivery_tag)

    def note_frames(self, _job: str, segment: int, frames: int) -> None:
        self.told.append((segment, frames))

    def is_wanted(self, _job: str) -> bool:
        return self.wanted


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setattr(transform_heartbeat, "PERIOD_SECONDS", 0.01)
    return Jobs()


def heartbeat(jobs: Jobs, segment: int | None) -> Heartbeat:
    return Heartbeat(cast("TransformJobs", jobs), "job", "tag", segment)


def another(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.beaten.clear()
        assert jobs.beaten.wait(10)


def test_it_tells_how_far_a_segment_is_and_at_last_that_it_is_done(jobs: Jobs) -> None:
    with heartbeat(jobs, 4) as beat:
        beat.frames = 12
        another(jobs)
        beat.frames = 30
    assert (4, 12) in jobs.told
    assert jobs.told[-1] == (4, 30)
    assert set(jobs.visible) == {"tag"}
    assert not any(thread.name == "transform-heartbeat" for thread in threading.enumerate())


def test_a_task_without_frames_tells_none(jobs: Jobs) -> None:
    with heartbeat(jobs, None):
        another(jobs)
    assert jobs.told == []
    assert jobs.visible != []


def test_it_notices_that_nobody_waits_any_more(jobs: Jobs) -> None:
    with heartbeat(jobs, 0) as beat:
        another(jobs)
        assert not beat.unwanted
        jobs.wanted = False
        another(jobs)
        assert beat.unwanted


def test_a_store_that_is_away_for_a_while_ends_nothing(jobs: Jobs) -> None:
    jobs.away = True
    with heartbeat(jobs, 0) as beat:
        another(jobs)
        jobs.away = False
        another(jobs)
        assert not beat.unwanted
    assert jobs.visible != []
