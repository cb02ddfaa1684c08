"""Real peers over loopback: media, messages, and the end."""

from __future__ import annotations

import asyncio

import pytest

from talchum.adapters.webrtc.remote_tracks import Glimpse
from talchum.adapters.webrtc.sources import EgressVideo
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import I420Frame
from tests.adapters.peers import egress, picture, until, wire
from tests.adapters.webrtc.calls import Call, leg, participants

pytestmark = pytest.mark.call


async def test_a_worker_gets_frames_and_its_egress_comes_back(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    seen: list[Glimpse] = []
    source = call.sources[0]
    assert isinstance(source, EgressVideo)

    def transform(frame: I420Frame, _arrived: float) -> None:
        got.append(frame)
        source.send(egress(picture(level=20)))

    await until(lambda: bool(worker.videos), "the worker is offered video")
    worker.videos[0].read(transform)
    await until(lambda: bool(performer.videos), "the performer is answered with video")
    performer.videos[0].watch(seen.append)
    await until(lambda: len(got) > 5 and len(seen) > 5, "video flows both ways")
    assert (got[-1].width, got[-1].height) == (640, 480)
    assert float(got[-1].y[:, 600:].mean()) > float(got[-1].y[:, :40].mean()) + 60
    assert (seen[-1].width, seen[-1].height) == (640, 480)
    assert performer.peer.returned_video() is not None
    assert worker.peer.returned_video() is None


async def test_video_of_a_participant_is_never_taken_for_a_returned_face(call: Call) -> None:
    polite, _impolite = await participants(call)
    await until(lambda: bool(polite.videos), "video arrives")
    assert polite.peer.returned_video() is None


async def test_messages_go_both_ways_through_the_data_channel(call: Call) -> None:
    performer, worker = await leg(call)
    await until(lambda: performer.opened and worker.opened, "the channel opens")
    assert performer.peer.send_message('{"type":"wear"}')
    assert worker.peer.send_message('{"type":"wearing"}')
    await until(lambda: bool(performer.messages and worker.messages), "messages arrive")
    assert worker.messages == ['{"type":"wear"}']
    assert performer.messages == ['{"type":"wearing"}']


async def test_a_message_before_the_channel_opens_is_not_sent(call: Call) -> None:
    side = call.side("face-worker", polite=False)
    assert not side.peer.send_message("too early")


async def test_a_closed_peer_leaves_no_task_and_says_so(call: Call) -> None:
    before = asyncio.all_tasks()
    performer, worker = await leg(call)
    worker.videos[0].read(lambda _frame, _arrived: None)
    await call.close()
    assert performer.peer.state == worker.peer.state == "closed"
    with pytest.raises(PeerConnectionError) as refused:
        await performer.peer.stats()
    assert refused.value.code == "connection_closed"
    await until(lambda: asyncio.all_tasks() <= before, "every task of the call ended")


async def test_a_channel_with_a_number_is_opened_by_both_sides(call: Call) -> None:
    sides = [call.side("participant", polite=polite, own_face=True) for polite in (True, False)]
    wire(*sides)
    for side in sides:
        side.peer.open_channel("talchum-delay", number=101)
        await side.peer.send_video(call.camera())
    await until(lambda: all(side.opened for side in sides), "both have it open")
    for side in sides:
        assert side.peer.send_message("how late am I?")
    await until(lambda: all(side.messages for side in sides), "messages arrive")
