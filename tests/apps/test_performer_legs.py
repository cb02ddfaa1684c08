"""A performer asks for a face, takes the worker that answers, and asks again when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from talchum.adapters.webrtc.sources import CameraVideo
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps.performer_legs import STAMPED_FRAMES, PerformerLegs
from talchum.apps.worn_leg import WornLeg, WornLegCounts
from talchum.domain.delays import Total
from talchum.protocol.leg_messages import CodecTimes, Draining, FrameAge, Report, encode_leg_message
from talchum.protocol.messages import (
    ClientMessage,
    ParticipantState,
    Peer,
    ReleaseFaceLeg,
    RequestFaceLeg,
)
from tests.adapters.peers import ready_engine

pytestmark = pytest.mark.call


@dataclass(slots=True)
class Performer:
    """A performer's legs, and what they said to the call server."""

    legs: PerformerLegs
    counts: WornLegCounts
    said: list[ClientMessage] = field(default_factory=list)

    def requests(self) -> list[RequestFaceLeg]:
        return [message for message in self.said if isinstance(message, RequestFaceLeg)]

    def answer(self, name: str = "worker-1") -> None:
        """A face worker joins for the newest request."""
        self.legs.meet(worker(name, self.requests()[-1].request), (), 0.0)


def a_report(*, fallback: bool = False) -> Report:
    return Report(
        state="face",
        reason="",
        frames_in=1,
        frames_out=1,
        frames_dropped=0,
        card_frames=0,
        stage_times={},
        frame_age=FrameAge(p50=0.012, p95=0.02),
        codec_times=CodecTimes(receiving=0.003, sending=0.006),
        fallback=fallback,
    )


def worker(name: str, request: str) -> Peer:
    return Peer(
        id=name,
        role="face-worker",
        polite=False,
        state=ParticipantState(),
        face_leg=request,
        present=True,
    )


@pytest.fixture
async def performer() -> AsyncIterator[Performer]:
    ready_engine()
    camera, counts, said = CameraVideo(), WornLegCounts(), list[ClientMessage]()
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.create_task(work))

    made = Performer(PerformerLegs("sora", None, camera, counts, said.append, spawn), counts, said)
    yield made
    for peer in made.legs.peers:
        await peer.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    await camera.close()


async def test_the_face_is_asked_for_by_its_name(performer: Performer) -> None:
    performer.legs.begin(0.0)
    (asked,) = performer.requests()
    assert (asked.identity, asked.engine) == ("sora", None)


async def test_a_worker_that_answers_another_request_is_left_alone(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.legs.meet(worker("stranger", "another-request"), (), 0.0)
    assert performer.legs.peers == []
    assert performer.legs.peer("stranger") is None


async def test_nothing_is_shown_of_a_leg_that_has_returned_no_frame(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.answer()
    performer.legs.mind(0.1)
    assert performer.legs.peer("worker-1") is not None
    assert performer.legs.returned is None
    assert performer.legs.card_reason == "nothing_ready"


async def test_another_worker_is_asked_for_when_one_is_gone(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.answer()
    performer.legs.part("worker-1", 1.0)
    assert len(performer.requests()) == 2
    assert performer.legs.card_reason == "leg_lost"
    assert performer.legs.peers == []


async def test_a_participant_who_leaves_is_no_worker(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.answer()
    performer.legs.part("somebody", 1.0)
    assert len(performer.requests()) == 1


async def test_a_request_that_nobody_took_is_repeated_only_when_that_may_help(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.legs.refused(performer.requests()[-1].request, 1.0, retryable=True)
    performer.legs.mind(3.0)
    assert len(performer.requests()) == 2
    performer.legs.refused(performer.requests()[-1].request, 4.0, retryable=False)
    performer.legs.mind(60.0)
    assert len(performer.requests()) == 2


async def test_a_leg_that_stays_silent_gets_a_successor_and_is_given_back(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.answer("worker-1")
    performer.legs.mind(9.0)
    performer.answer("worker-2")
    assert len(performer.legs.peers) == 2
    performer.legs.mind(60.0)
    assert [type(message) for message in performer.said].count(ReleaseFaceLeg) == 1


async def test_a_worker_that_drains_gets_a_successor_at_once(performer: Performer) -> None:
    performer.legs.begin(0.0)
    performer.answer("worker-1")
    (leg,) = performer.legs.legs
    leg.message_arrived(encode_leg_message(Draining()))
    performer.legs.mind(0.1)
    performer.legs.mind(0.2)
    assert len(performer.requests()) == 2
    assert performer.legs.peer("worker-1") is not None
    assert not leg.shows_face
    leg.message_arrived(encode_leg_message(a_report()))
    assert leg.shows_face


async def test_the_delay_read_from_stamps_counts_before_any_other(performer: Performer) -> None:
    assert await performer.legs.delay() is None
    for _ in range(STAMPED_FRAMES):
        performer.counts.round_trip.add(0.04)
    assert await performer.legs.delay() == pytest.approx(0.04)


async def test_the_delay_of_a_leg_is_the_sum_of_what_both_sides_measure(
    performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_sent: object) -> None:
        pass

    leg = WornLeg("r", "w", CameraVideo(), WornLegCounts(), nothing, nothing, (), polite=False)
    stats = PeerStats(
        round_trip_time=0.010,
        encoding=Total(0.4, 100),
        pacing=Total(0.2, 200),
        video_processing=Total(0.3, 100),
    )

    async def told() -> PeerStats:
        return stats

    monkeypatch.setattr(leg.peer, "stats", told)
    await leg.measure()
    assert leg.delay is None, "the worker has not reported yet"
    leg.message_arrived(encode_leg_message(a_report()))
    monkeypatch.setattr(leg, "_stats", PeerStats())
    await leg.measure()
    assert leg.delay == pytest.approx(0.004 + 0.001 + 0.010 + 0.003 + 0.012 + 0.006 + 0.003)
    await leg.close()


async def test_the_report_of_a_call_says_that_a_fallback_is_worn(performer: Performer) -> None:
    counts = WornLegCounts()
    leg = WornLeg("r", "w", CameraVideo(), counts, lambda _: None, lambda _: None, (), polite=False)
    for fallback in (True, False):
        leg.message_arrived(encode_leg_message(a_report(fallback=fallback)))
        assert counts.fallback is fallback
    await leg.close()


def test_the_place_in_the_queue_is_said_where_one_has_to_wait(
    performer: Performer, caplog: pytest.LogCaptureFixture
) -> None:
    performer.legs.begin(0.0)
    request = performer.requests()[0].request
    performer.legs.queued(request, 2)
    performer.legs.queued(request, 1)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "number 2 in the queue for a face worker",
        "number 1 in the queue for a face worker",
    ]
    performer.legs.mind(30.0)
    assert len(performer.requests()) == 1, "asking again would lose the place"
