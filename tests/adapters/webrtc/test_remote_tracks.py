"""What arrives over loopback: upright frames, stamps, a voice."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
import webrtc

from talchum.adapters.webrtc.remote_tracks import Glimpse
from talchum.adapters.webrtc.sources import AUDIO_RATE, EgressVideo, VoiceSource
from talchum.domain.frame import I420Frame
from talchum.domain.stamp import read_stamp
from talchum.protocol.messages import SessionDescription
from tests.adapters.peers import picture, until
from tests.adapters.webrtc.calls import Call, leg, participants

pytestmark = pytest.mark.call


@pytest.mark.parametrize("rotation", [90, 180, 270])
async def test_a_phone_held_sideways_is_upright_at_the_worker(call: Call, rotation: int) -> None:
    upright = picture(480, 640)  # dark left, bright right
    quarters = rotation // 90
    planes = [np.rot90(plane, quarters).ravel() for plane in (upright.y, upright.u, upright.v)]
    width, height = (640, 480) if quarters % 2 else (480, 640)
    generator = webrtc.VideoTrackGenerator()
    writer = generator.writable.get_writer()
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
