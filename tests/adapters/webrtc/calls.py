"""Sides of a call in this process, connected as a test needs them."""

from __future__ import annotations

import asyncio
import time

from talchum.adapters.webrtc.audience import Audience
from talchum.adapters.webrtc.peer import PeerOptions
from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo, VoiceSource
from talchum.domain.frame import I420Frame
from talchum.domain.stamp import paint_stamp
from tests.adapters.peers import Side, connected, picture, wire


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
