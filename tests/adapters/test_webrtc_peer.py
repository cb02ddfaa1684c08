"""Real peers over loopback: media, rotation, glare, restart, and what may never be sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
import webrtc

from talchum.adapters.webrtc_peer import (
    AUDIO_RATE,
    Audience,
    CameraVideo,
    EgressVideo,
    Glimpse,
    PeerOptions,
    ReturnedVideo,
    VoiceSource,
    max_bitrate,
)
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.stamp import paint_stamp, read_stamp
from talchum.protocol.messages import SessionDescription
from tests.adapters.peers import Side, connected, egress, picture, ready_engine, until, wire

pytestmark = pytest.mark.call


class Call:
    """Sides, sources and senders of one test, all ended with it."""

    def __init__(self) -> None:
        self.sides: list[Side] = []
        self.sources: list[CameraVideo | EgressVideo | VoiceSource] = []
        self.tasks: list[asyncio.Task[None]] = []

    def side(self, audience: Audience, *, polite: bool, offers: bool = True, own_face: bool = False) -> Side:
        options = PeerOptions(audience=audience, polite=polite, offers=offers, own_face=own_face)
        self.sides.append(Side(options))
        return self.sides[-1]

    def camera(self, frame: I420Frame | None = None, *, stamp: bool = False) -> CameraVideo:
        source = CameraVideo()
        self.sources.append(source)
        still = frame or picture()

        async def play() -> None:
            while True:
                moving = still.copy()
                if stamp:
                    paint_stamp(moving, time.monotonic())
                source.send(moving)
                await asyncio.sleep(1 / 30)

        self.tasks.append(asyncio.create_task(play()))
        return source

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for side in self.sides:
            await side.peer.close()
        for source in self.sources:
            await source.close()


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    made = Call()
    yield made
    await made.close()


async def leg(call: Call, frame: I420Frame | None = None, *, stamp: bool = False) -> tuple[Side, Side]:
    """A performer connected to a worker that only answers."""
    performer = call.side("face-worker", polite=False)
    worker = call.side("performer", polite=True, offers=False)
    wire(performer, worker)
    returned = EgressVideo()
    call.sources.append(returned)
    await worker.peer.send_video(returned)
    performer.peer.open_channel("talchum")
    await performer.peer.send_video(call.camera(frame, stamp=stamp))
    await connected(performer, worker)
    return performer, worker


async def participants(call: Call) -> tuple[Side, Side]:
    polite = call.side("participant", polite=True, own_face=True)
    impolite = call.side("participant", polite=False, own_face=True)
    wire(polite, impolite)
    for side in (polite, impolite):
        voice = VoiceSource()
        call.sources.append(voice)
        await side.peer.send_video(call.camera())
        side.peer.send_voice(voice)
    await connected(polite, impolite)
    return polite, impolite


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


async def test_only_vp8_is_offered_and_audio_never_reaches_a_worker(call: Call) -> None:
    performer, worker = await leg(call)
    for description in performer.descriptions + worker.descriptions:
        assert "VP8/90000" in description.sdp
        assert not any(name in description.sdp for name in ("VP9", "AV1", "H264"))
    assert not worker.voices


async def test_a_worker_answers_the_vp8_of_a_browser_that_offers_more(call: Call) -> None:
    ready_engine()
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


@pytest.mark.parametrize("rotation", [90, 180, 270])
async def test_a_phone_held_sideways_is_upright_at_the_worker(call: Call, rotation: int) -> None:
    upright = picture(480, 640)  # dark left, bright right
    quarters = rotation // 90
    planes = [np.rot90(plane, quarters).ravel() for plane in (upright.y, upright.u, upright.v)]
    width, height = (640, 480) if quarters % 2 else (480, 640)
    generator = webrtc.VideoTrackGenerator()
    writer = generator.writable.get_writer()
    ready_engine()
    performer = webrtc.RTCPeerConnection()
    performer.add_track(generator.track)
    worker = call.side("performer", polite=True, offers=False)
    returned = EgressVideo()
    call.sources.append(returned)
    await worker.peer.send_video(returned)
    await performer.set_local_description()
    await until(lambda: performer.ice_gathering_state == "complete", "candidates are gathered")
    local = performer.local_description
    assert local is not None
    worker.peer.receive_description(SessionDescription(type="offer", sdp=local.sdp))
    await until(lambda: bool(worker.descriptions), "the worker answers")
    answer = worker.descriptions[0]
    await performer.set_remote_description(webrtc.RTCSessionDescriptionInit(type="answer", sdp=answer.sdp))
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))

    async def play() -> None:
        while True:
            init = webrtc.VideoFrameBufferInit(
                format="I420",
                coded_width=width,
                coded_height=height,
                timestamp=time.monotonic_ns() // 1000,
                rotation=rotation,
            )
            await writer.write(webrtc.VideoFrame(np.concatenate(planes).data, init))
            await asyncio.sleep(1 / 30)

    call.tasks.append(asyncio.create_task(play()))
    await until(lambda: len(got) > 2, "frames arrive")
    performer.close()
    assert (got[-1].width, got[-1].height) == (480, 640)
    assert float(got[-1].y[:, 440:].mean()) > float(got[-1].y[:, :40].mean()) + 60


async def test_a_camera_that_changes_its_size_goes_on(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 2, "frames arrive")
    call.tasks[0].cancel()
    smaller = call.camera(picture(320, 240))
    await performer.peer.send_video(smaller)
    await until(lambda: bool(got) and got[-1].width == 320, "the smaller frames arrive")


async def test_a_stamp_is_read_from_a_glimpse(call: Call) -> None:
    _performer, worker = await leg(call, stamp=True)
    ages: list[float] = []

    def look(glimpse: Glimpse) -> None:
        age = read_stamp(glimpse.strip, glimpse.arrived)
        if age is not None:
            ages.append(age)

    worker.videos[0].watch(look)
    await until(lambda: len(ages) > 10, "stamps are read")
    assert min(ages) >= 0
    assert sorted(ages)[len(ages) // 2] < 5


async def test_two_participants_that_offer_at_once_end_with_one_section_each(call: Call) -> None:
    polite, impolite = await participants(call)
    await until(lambda: bool(polite.videos and impolite.videos), "both have video")
    await until(lambda: bool(polite.voices and impolite.voices), "both have audio")
    for side in (polite, impolite):
        assert side.descriptions[-1].sdp.count("m=video") == 1
        assert side.descriptions[-1].sdp.count("m=audio") == 1
        assert not side.errors


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


async def test_the_voice_arrives(call: Call) -> None:
    polite, impolite = await participants(call)
    await until(lambda: bool(polite.voices), "audio arrives")
    loudest = 0

    def hear(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]], _rate: int) -> None:
        nonlocal loudest
        loudest = max(loudest, int(np.abs(samples.astype(np.int32)).max()))

    polite.voices[0].read(hear)
    voice = next(source for source in call.sources[::-1] if isinstance(source, VoiceSource))
    assert impolite is not None

    async def sing() -> None:
        phase = 0
        while True:
            n = np.arange(phase, phase + AUDIO_RATE // 100)
            voice.send((np.sin(n * 2 * np.pi * 440 / AUDIO_RATE) * 12000).astype(np.int16))
            phase += AUDIO_RATE // 100
            await asyncio.sleep(0.01)

    call.tasks.append(asyncio.create_task(sing()))
    await until(lambda: loudest > 5000, "the tone is heard")


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


async def test_statistics_name_the_route(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 5, "frames arrive")
    stats = await worker.peer.stats()
    assert stats.route == "direct"
    assert stats.frames_received > 0
    assert (await performer.peer.stats()).width_out == 640


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


# -- what may never be sent


async def test_an_egress_sender_refuses_anything_but_an_egress_frame(call: Call) -> None:
    source = EgressVideo()
    call.sources.append(source)
    with pytest.raises(PeerConnectionError) as refused:
        source.send(picture())  # type: ignore[arg-type]
    assert refused.value.code == "egress_only"
    assert source.frames_sent == 0


async def test_an_egress_sender_refuses_a_look_alike(call: Call) -> None:
    class Disguised(EgressFrame):
        pass

    source = EgressVideo()
    call.sources.append(source)
    disguised = Disguised(picture(), "face", "", {}, egress(picture()).key)
    with pytest.raises(PeerConnectionError):
        source.send(disguised)


@pytest.mark.parametrize("audience", ["participant", "performer"])
async def test_the_camera_is_refused_towards_another_person(call: Call, audience: Audience) -> None:
    side = call.side(audience, polite=True)
    camera = CameraVideo()
    call.sources.append(camera)
    with pytest.raises(PeerConnectionError) as refused:
        await side.peer.send_video(camera)
    assert refused.value.code == "camera_refused"
    assert not side.descriptions


async def test_a_worker_sends_nothing_but_egress(call: Call) -> None:
    performer, worker = await leg(call)
    returned = performer.peer.returned_video()
    await until(lambda: performer.peer.returned_video() is not None, "video comes back")
    returned = performer.peer.returned_video()
    assert isinstance(returned, ReturnedVideo)
    with pytest.raises(PeerConnectionError) as refused:
        await worker.peer.send_video(returned)
    assert refused.value.code == "returned_only"


async def test_video_of_a_participant_is_never_taken_for_a_returned_face(call: Call) -> None:
    polite, _impolite = await participants(call)
    await until(lambda: bool(polite.videos), "video arrives")
    assert polite.peer.returned_video() is None


def test_the_bitrate_grows_with_the_picture() -> None:
    assert max_bitrate(320, 240) < max_bitrate(640, 480) < max_bitrate(1280, 720)


def _credentials(sdp: str) -> str:
    return next(line for line in sdp.splitlines() if line.startswith("a=ice-ufrag"))
