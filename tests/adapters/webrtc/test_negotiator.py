"""What real peers agree on: VP8, glare, restart, and a description that is none."""

from __future__ import annotations

import pytest
import webrtc

from talchum.adapters.webrtc.sources import EgressVideo
from talchum.domain.frame import I420Frame
from talchum.protocol.messages import SessionDescription
from tests.adapters.peers import connected, until, wire
from tests.adapters.webrtc.calls import Call, leg, participants

pytestmark = pytest.mark.call


async def test_only_vp8_is_offered_and_audio_never_reaches_a_worker(call: Call) -> None:
    performer, worker = await leg(call)
    for description in performer.descriptions + worker.descriptions:
        assert "VP8/90000" in description.sdp
        assert not any(name in description.sdp for name in ("VP9", "AV1", "H264"))
    assert not worker.voices


async def test_a_worker_answers_the_vp8_of_a_browser_that_offers_more(call: Call) -> None:
    offerer = webrtc.RTCPeerConnection()
    offerer.add_transceiver("audio")
    offerer.add_transceiver("video")
    offer = await offerer.create_offer()
    worker = call.side("performer", polite=True, offers=False)
    returned = EgressVideo()
    call.sources.append(returned)
    await worker.peer.send_video(returned)
    worker.peer.receive_description(SessionDescription(type="offer", sdp=offer.sdp))
    await until(lambda: bool(worker.descriptions), "the worker answers")
    answer = worker.descriptions[0].sdp
    offerer.close()
    assert "VP8/90000" in answer
    assert "VP9" not in answer
    sections = answer.split("m=")
    assert next("a=inactive" in section for section in sections if section.startswith("audio"))
    assert next("a=sendrecv" in section for section in sections if section.startswith("video"))


async def test_two_participants_that_offer_at_once_end_with_one_section_each(call: Call) -> None:
    polite, impolite = await participants(call)
    await until(lambda: bool(polite.videos and impolite.videos), "both have video")
    await until(lambda: bool(polite.voices and impolite.voices), "both have audio")
    for side in (polite, impolite):
        assert side.descriptions[-1].sdp.count("m=video") == 1
        assert side.descriptions[-1].sdp.count("m=audio") == 1
        assert not side.errors


async def test_an_ice_restart_keeps_the_media(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 2, "frames arrive")
    before, answers = _credentials(performer.descriptions[-1].sdp), len(worker.descriptions)
    performer.peer.restart_ice()
    await until(lambda: len(worker.descriptions) > answers, "the restart is answered")
    assert _credentials(performer.descriptions[-1].sdp) != before
    count = len(got)
    await until(lambda: len(got) > count + 10, "frames go on")
    assert performer.peer.state == "connected"


async def test_a_description_that_is_none_is_reported_and_the_next_one_works(call: Call) -> None:
    performer = call.side("face-worker", polite=False)
    worker = call.side("performer", polite=True, offers=False)
    returned = EgressVideo()
    call.sources.append(returned)
    await worker.peer.send_video(returned)
    worker.peer.receive_description(SessionDescription(type="offer", sdp="v=0\r\nnonsense"))
    await until(lambda: bool(worker.errors), "the error is told")
    assert worker.errors[0].code == "description_refused"
    assert "nonsense" not in str(worker.errors[0])
    wire(performer, worker)
    await performer.peer.send_video(call.camera())
    await connected(performer, worker)


def _credentials(sdp: str) -> str:
    return next(line for line in sdp.splitlines() if line.startswith("a=ice-ufrag"))
