"""What a connection says of itself."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from talchum.adapters.webrtc.sources import VoiceSource
from talchum.adapters.webrtc.statistics import PeerStats, _path_between
from talchum.domain.frame import I420Frame
from tests.adapters.peers import TIMEOUT, until
from tests.adapters.webrtc.calls import Call, leg, participants

pytestmark = pytest.mark.call


async def test_statistics_name_the_route(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 5, "frames arrive")
    stats = await worker.peer.stats()
    assert stats.route == "direct"
    assert stats.path in ("host", "prflx")
    assert stats.frames_received > 0
    assert (await performer.peer.stats()).width_out == 640


async def test_statistics_count_what_pictures_and_sounds_wait_for(call: Call) -> None:
    polite, impolite = await participants(call)
    voice = next(source for source in call.sources if isinstance(source, VoiceSource))

    async def talk() -> None:
        while True:
            voice.send(np.full(480, 1000, np.int16))
            await asyncio.sleep(0.01)

    call.tasks.append(asyncio.create_task(talk()))
    await until(lambda: bool(impolite.videos and impolite.voices), "media arrives")
    impolite.videos[0].read(lambda _frame, _arrived: None)
    impolite.voices[0].read(lambda _samples, _rate: None)

    async def counted() -> PeerStats:
        async with asyncio.timeout(TIMEOUT):
            while True:
                received = await impolite.peer.stats()
                if received.video_processing.count > 5 and received.voice_buffering.count > 4800:
                    return received
                await asyncio.sleep(0.05)

    received, sent = await counted(), await polite.peer.stats()
    assert received.video_processing.seconds > 0
    assert received.voice_buffering.seconds > 0
    assert sent.encoding.count > 0
    assert sent.encoding.seconds > 0
    assert sent.pacing.count > 0


@pytest.mark.parametrize(
    ("local", "remote", "path"),
    [
        (("host", None), ("host", None), "host"),
        (("srflx", None), ("host", None), "srflx"),
        (("srflx", None), ("prflx", None), "prflx"),
        (("host", None), ("relay", None), "relay"),
        (("relay", "tls"), ("host", None), "relay-tls"),
        (("relay", "tcp"), ("relay", None), "relay-tcp"),
    ],
)
def test_path_is_that_of_the_further_end(
    local: tuple[str, str | None], remote: tuple[str, str | None], path: str
) -> None:
    ends = [
        SimpleNamespace(candidate_type=kind, relay_protocol=protocol) for kind, protocol in (local, remote)
    ]
    with mock.patch(
        "talchum.adapters.webrtc.statistics._is_relay", lambda end: end.candidate_type == "relay"
    ):
        assert _path_between(*ends) == path
