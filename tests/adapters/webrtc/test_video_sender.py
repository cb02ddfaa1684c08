"""Video that is swapped, resized and limited in the middle of a call."""

from __future__ import annotations

import asyncio

import pytest

from talchum.adapters.webrtc.sources import EgressVideo
from talchum.adapters.webrtc.video_sender import max_bitrate
from talchum.domain.frame import I420Frame
from tests.adapters.peers import connected, egress, picture, until, wire
from tests.adapters.webrtc.calls import Call, leg

pytestmark = pytest.mark.call


async def test_a_camera_that_changes_its_size_goes_on(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 2, "frames arrive")
    call.tasks[0].cancel()
    smaller = call.camera(picture(320, 240))
    await performer.peer.send_video(smaller)
    await until(lambda: bool(got) and got[-1].width == 320, "the smaller frames arrive")


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.003])
async def test_video_swapped_while_both_offer_at_once_waits_for_the_agreement(
    call: Call, pause: float
) -> None:
    """The engine aborts the whole process when a track is replaced between an offer and its rollback."""
    for _ in range(4):
        polite = call.side("participant", polite=True, own_face=True)
        impolite = call.side("participant", polite=False, own_face=True)
        wire(polite, impolite)
        for side in (polite, impolite):
            await side.peer.send_video(call.camera(picture(320, 240)))
        for _ in range(4):
            await asyncio.sleep(pause)
            for side in (polite, impolite):
                await side.peer.send_video(call.camera(picture(320, 240)))
        await connected(polite, impolite)
        await until(lambda a=polite, b=impolite: bool(a.videos and b.videos), "both have video")  # type: ignore[misc]


async def test_a_returned_track_is_relayed_to_a_participant(call: Call) -> None:
    performer, worker = await leg(call)
    source = call.sources[0]
    assert isinstance(source, EgressVideo)
    worker.videos[0].read(lambda _frame, _arrived: source.send(egress(picture(level=10))))
    await until(lambda: performer.peer.returned_video() is not None, "video comes back")
    a, b = call.side("participant", polite=True), call.side("participant", polite=False)
    wire(a, b)
    cards = EgressVideo()
    call.sources.append(cards)
    await a.peer.send_video(cards)
    await connected(a, b)
    got: list[I420Frame] = []
    await until(lambda: bool(b.videos), "the other side is offered video")
    b.videos[0].read(lambda frame, _arrived: got.append(frame))
    offers = len(a.descriptions)
    returned = performer.peer.returned_video()
    assert returned is not None
    await a.peer.send_video(returned)
    await until(lambda: len(got) > 10, "the returned video is relayed")
    assert len(a.descriptions) == offers, "it was renegotiated"
    cards.send(egress(picture(320, 240)))
    await a.peer.send_video(cards)

    def card_again() -> bool:
        cards.send(egress(picture(320, 240)))
        return got[-1].width == 320

    await until(card_again, "the card takes its place")


def test_the_bitrate_grows_with_the_picture() -> None:
    assert max_bitrate(320, 240) < max_bitrate(640, 480) < max_bitrate(1280, 720)
