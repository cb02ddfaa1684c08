"""Somebody who enrols without a browser: shows pictures to a face worker and hears what it asks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Protocol

from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.webrtc.listener import PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.sources import CameraVideo
from talchum.domain.frame import I420Frame
from talchum.protocol.enrolment_messages import (
    EnrolmentMessage,
    EnrolmentOver,
    EnrolmentRefused,
    decode_enrolment_message,
)
from talchum.protocol.messages import (
    Describe,
    Described,
    FaceLegUnavailable,
    IceCandidate,
    PeerJoined,
    RequestFaceLeg,
    ServerMessage,
    SessionDescription,
    Trickle,
    Trickled,
)

RATE = 20


class Actor(Protocol):
    """Who is filmed. at: seconds since they began."""

    def hear(self, message: EnrolmentMessage, at: float) -> None:
        """What they are told."""

    def film(self, at: float) -> I420Frame:
        """How they look."""


class Enroller(PeerListener):
    """One enrolment as the page makes it."""

    def __init__(self, socket_url: str, ticket: str, enrolment: str, identity: str, actor: Actor) -> None:
        self._client = SignallingClient(socket_url, ticket, self._on_message)
        self._request = RequestFaceLeg(request="enrol", identity=identity, enrolment=enrolment)
        self._actor = actor
        self._camera = CameraVideo()
        self._peer: WebRtcPeer | None = None
        self._worker = ""
        self._began = time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.messages: list[EnrolmentMessage] = []
        self.end: asyncio.Future[str] = asyncio.Future()

    async def run(self, patience: float) -> str:
        """Enrol; how it ended, or why there was none."""
        signalling = asyncio.create_task(self._client.run())
        self._client.send(self._request)
        try:
            async with asyncio.timeout(patience):
                return await self.end
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._client.leave()
            with contextlib.suppress(Exception):
                await signalling
            if self._peer is not None:
                await self._peer.close()
            await self._camera.close()

    def _on_message(self, message: ServerMessage) -> None:
        match message:
            case PeerJoined(peer=peer) if peer.face_leg == "enrol":
                self._worker = peer.id
                self._spawn(self._connect(polite=peer.polite))
            case Described(description=description) if self._peer is not None:
                self._peer.receive_description(description)
            case Trickled(candidate=candidate) if self._peer is not None:
                self._peer.receive_candidate(candidate)
            case FaceLegUnavailable(code=code) if not self.end.done():
                self.end.set_result(code)

    async def _connect(self, *, polite: bool) -> None:
        self._peer = WebRtcPeer(PeerOptions(audience="face-worker", polite=polite), self)
        self._peer.open_channel("talchum")
        await self._peer.send_video(self._camera)
        self._began = time.monotonic()
        while True:
            self._camera.send(self._actor.film(time.monotonic() - self._began))
            await asyncio.sleep(1 / RATE)

    def description_made(self, description: SessionDescription) -> None:
        self._client.send(Describe(to=self._worker, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        self._client.send(Trickle(to=self._worker, candidate=candidate))

    def message_arrived(self, text: str) -> None:
        message = decode_enrolment_message(text)
        self.messages.append(message)
        self._actor.hear(message, time.monotonic() - self._began)
        if isinstance(message, EnrolmentOver | EnrolmentRefused) and not self.end.done():
            self.end.set_result(message.end if isinstance(message, EnrolmentOver) else message.code)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
