"""Server relay, the face worker's end: what its performer gets, for those to whom they opened the leg."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.sources import EgressVideo
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import (
    ClientMessage,
    Describe,
    Described,
    IceCandidate,
    IceServer,
    IceServersIssued,
    Peer,
    PeerJoined,
    PeerLeft,
    ServerMessage,
    SessionDescription,
    Trickle,
    Trickled,
    Welcome,
)

logger = logging.getLogger(__name__)

MAX_VIEWERS = 4
"""Each costs an encoder."""


class Worker(Protocol):
    """What a leg does for its performer's connection and for these alike."""

    def viewer_peer(self, listener: PeerListener, servers: tuple[IceServer, ...]) -> WebRtcPeer:
        """A connection that only answers, and to which nothing but egress goes."""

    def use_ice_servers(self, peer: WebRtcPeer, servers: tuple[IceServer, ...]) -> None:
        """Fresh ones."""

    def take_description(self, peer: WebRtcPeer, description: SessionDescription) -> None:
        """A description, unless it is refused."""

    def take_candidate(self, peer: WebRtcPeer, candidate: IceCandidate) -> None:
        """A candidate, unless it is refused."""


class LegViewers:
    """The viewers of one leg.

    egress: what its performer gets, too. send: gives a message to the call server.
    """

    def __init__(
        self, performer: str, egress: EgressVideo, worker: Worker, send: Callable[[ClientMessage], None]
    ) -> None:
        self._performer = performer
        self._egress = egress
        self._worker = worker
        self._send = send
        self._servers: tuple[IceServer, ...] = ()
        self._viewers: dict[str, WebRtcPeer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def heard(self, message: ServerMessage) -> None:
        """Whatever the call server says; what is not about a viewer is passed over."""
        match message:
            case Welcome(ice_servers=servers) | IceServersIssued(ice_servers=servers):
                self._servers = tuple(servers)
                for peer in self._viewers.values():
                    self._worker.use_ice_servers(peer, self._servers)
            case PeerJoined(peer=peer):
                self._meet(peer)
            case PeerLeft(peer=name) if name in self._viewers:
                logger.info("a viewer of a leg is gone")
                self._begin(self._viewers.pop(name).close())
            case Described(from_=sender, description=description) if sender in self._viewers:
                self._worker.take_description(self._viewers[sender], description)
            case Trickled(from_=sender, candidate=candidate) if sender in self._viewers:
                self._worker.take_candidate(self._viewers[sender], candidate)

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self._viewers.values():
            await peer.close()
        self._viewers.clear()

    def _meet(self, viewer: Peer) -> None:
        if viewer.role != "participant" or viewer.id == self._performer or viewer.id in self._viewers:
            return
        if len(self._viewers) >= MAX_VIEWERS:
            logger.warning("a leg has %d viewers and takes no more", MAX_VIEWERS)
            return
        peer = self._worker.viewer_peer(_Viewer(viewer.id, self._send), self._servers)
        self._viewers[viewer.id] = peer
        self._begin(self._show(peer))

    async def _show(self, peer: WebRtcPeer) -> None:
        with contextlib.suppress(PeerConnectionError):  # it may be gone already
            await peer.send_video(self._egress)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Viewer(PeerListener):
    """The connection to one viewer: it is shown something and listened to in nothing."""

    def __init__(self, name: str, send: Callable[[ClientMessage], None]) -> None:
        self._name = name
        self._send = send

    def description_made(self, description: SessionDescription) -> None:
        self._send(Describe(to=self._name, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        self._send(Trickle(to=self._name, candidate=candidate))

    def state_changed(self, state: ConnectionState) -> None:
        logger.info("a viewer of a leg is %s", state)

    def failed(self, error: PeerConnectionError) -> None:
        logger.warning("a viewer's description was refused: %s", error.code)
