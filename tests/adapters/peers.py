"""Two real peers in this process, wired to each other as the call server would."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

import numpy as np

from talchum.adapters.webrtc.engine import prepare_engine
from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import RemoteVideo, RemoteVoice
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import CompositorKey, EgressFrame, EgressKind, I420Frame
from talchum.protocol.messages import IceCandidate, SessionDescription

TIMEOUT = 20.0


@functools.cache
def ready_engine() -> None:
    """The engine takes its settings once a process."""
    prepare_engine(zero_playout_delay=True, allow_loopback=True)


def picture(width: int = 640, height: int = 480, level: int = 90) -> I420Frame:
    """A grey ramp: its left is dark, its right bright."""
    frame = I420Frame(np.full(I420Frame.size_of(width, height), 128, np.uint8), width, height, 0.0)
    frame.y[:] = np.linspace(level, min(level + 100, 235), width).astype(np.uint8)
    return frame


def egress(frame: I420Frame, kind: EgressKind = "card") -> EgressFrame:
    return EgressFrame(frame, kind, "", {}, CompositorKey())


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    try:
        async with asyncio.timeout(TIMEOUT):
            while not condition():  # noqa: ASYNC110 - the engine's state has no event
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never happened: {what}") from None


class Side(PeerListener):
    """A peer and all it was told."""

    def __init__(self, options: PeerOptions) -> None:
        ready_engine()
        self.peer = WebRtcPeer(options, self)
        self.other: Side | None = None
        self.states: list[ConnectionState] = []
        self.videos: list[RemoteVideo] = []
        self.voices: list[RemoteVoice] = []
        self.messages: list[str] = []
        self.errors: list[PeerConnectionError] = []
        self.descriptions: list[SessionDescription] = []
        self.opened = False
        self.filter: Callable[[IceCandidate], bool] = lambda _candidate: True

    def description_made(self, description: SessionDescription) -> None:
        self.descriptions.append(description)
        if self.other is not None:
            self.other.peer.receive_description(description)

    def candidate_found(self, candidate: IceCandidate) -> None:
        if self.other is not None and self.filter(candidate):
            self.other.peer.receive_candidate(candidate)

    def state_changed(self, state: ConnectionState) -> None:
        self.states.append(state)

    def video_arrived(self, video: RemoteVideo) -> None:
        self.videos.append(video)

    def voice_arrived(self, voice: RemoteVoice) -> None:
        self.voices.append(voice)

    def channel_opened(self) -> None:
        self.opened = True

    def message_arrived(self, text: str) -> None:
        self.messages.append(text)

    def failed(self, error: PeerConnectionError) -> None:
        self.errors.append(error)


def wire(a: Side, b: Side) -> None:
    a.other, b.other = b, a


async def connected(*sides: Side) -> None:
    await until(lambda: all(side.peer.state == "connected" for side in sides), "both peers connect")
