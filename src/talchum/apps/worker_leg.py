"""What every leg of a face worker does: join the room, answer its performer, and end when either goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from talchum.adapters.network_addresses import addresses_of
from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.webrtc.audience import Audience
from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.domain.errors import AdmissionError, MessageError, PeerConnectionError
from talchum.protocol.messages import (
    Describe,
    Described,
    IceCandidate,
    IceServer,
    IceServersIssued,
    PeerLeft,
    ServerMessage,
    SessionDescription,
    Trickle,
    Trickled,
    Welcome,
)
from talchum.protocol.session_description import check_candidate, check_session_description
from talchum.protocol.worker_candidates import Reachability, WorkerCandidates, servers_for, turn_hosts

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0
"""How long a leg waits for its performer's media, at first and after the route broke."""

ROUTE_SECONDS = 1.0
"""How often it is looked whether there still is a route."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leg serves. performer: the peer it is for."""

    server_url: str
    ticket: str
    performer: str
    ice_servers: tuple[IceServer, ...] = ()


class WorkerLeg(PeerListener):
    """A face worker's stay in a room for one performer.

    Everything runs on the event loop it is made on.
    reachable: where the performer's packets can get to this worker; see `WorkerCandidates`.
    """

    def __init__(self, place: Place, *, reachable: Reachability = "direct") -> None:
        self._place = place
        self._client = SignallingClient(place.server_url, place.ticket, self._on_message)
        self._reachable = reachable
        self._candidates = WorkerCandidates()
        self._peer: WebRtcPeer | None = None
        self._ended = asyncio.Event()
        self._connected = asyncio.Event()
        self.reason = ""
        self.frame_age: float | None = None
        """Seconds from a frame's arrival to its egress, p95 of the last report; None without frames."""

    def end(self, reason: str) -> None:
        """End the leg soon."""
        if not self._ended.is_set():
            self.reason = reason
            self._ended.set()

    async def over(self) -> None:
        """Return when the leg ends."""
        await self._ended.wait()

    def drain(self) -> None:
        """The worker is about to stop: have the performer go elsewhere, where that can be in mid-leg."""

    async def _serve(
        self,
        begin: Callable[[WebRtcPeer], Awaitable[None]],
        work: Iterable[Callable[[], Coroutine[Any, Any, None]]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        """Stay until the performer leaves, the room ends the leg or `end` is called.

        begin: with the connection, before anything comes. work: beside. close: before the room is left.
        """
        tasks: set[asyncio.Task[None]] = set()
        try:
            self._peer = await self._open_peer()
            await begin(self._peer)
            steps = (self._signal, self._give_up_when_unconnected, *work)
            tasks.update(asyncio.create_task(step()) for step in steps)
            for task in tasks:
                task.add_done_callback(self._step_ended)
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await close()
            await self._client.leave()
            if self._peer is not None:
                await self._peer.close()
        logger.info("a leg ended: %s", self.reason)

    async def _signal(self) -> None:
        try:
            await self._client.run()
        except AdmissionError as error:
            self.end(error.code)
        else:
            self.end("left")

    async def _give_up_when_unconnected(self) -> None:
        """End when the media does not connect, or does not come back after the route broke."""
        while True:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._connected.wait()
            except TimeoutError:
                self.end("unconnected")
                return
            while self._connected.is_set():  # noqa: ASYNC110 - cleared by the engine's event
                await asyncio.sleep(ROUTE_SECONDS)

    def _step_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a leg failed: %s", type(error).__name__, exc_info=error)
            self.end("failed")

    async def _open_peer(self) -> WebRtcPeer:
        servers = servers_for(self._reachable, self._place.ice_servers)
        if self._reachable == "relay":
            # Once, here: what a name stands for may change, and nobody else says what it stands for.
            self._candidates = WorkerCandidates(await addresses_of(turn_hosts(servers)))
            if not self._candidates.relays:
                logger.warning("a worker that is reached by relay got no TURN server")
                self.end("relay_missing")
        return WebRtcPeer(self._options("performer", servers), self)

    def viewer_peer(self, listener: PeerListener, servers: tuple[IceServer, ...]) -> WebRtcPeer:
        """A connection to another participant, to whom the performer has opened this leg."""
        return WebRtcPeer(self._options("participant", servers_for(self._reachable, servers)), listener)

    def _options(self, audience: Audience, servers: tuple[IceServer, ...]) -> PeerOptions:
        return PeerOptions(
            audience=audience,
            polite=True,
            offers=False,
            ice_servers=servers,
            relay_only=self._reachable == "relay",
        )

    # -- signalling

    def _on_message(self, message: ServerMessage) -> None:
        peer, performer = self._peer, self._place.performer
        if peer is None:
            return
        match message:
            case Welcome():
                self.use_ice_servers(peer, tuple(message.ice_servers))
                if not any(other.id == performer for other in message.peers):
                    self.end("performer_gone")
            case IceServersIssued(ice_servers=servers):
                self.use_ice_servers(peer, tuple(servers))
            case Described(from_=sender, description=description) if sender == performer:
                self.take_description(peer, description)
            case Trickled(from_=sender, candidate=candidate) if sender == performer:
                self.take_candidate(peer, candidate)
            case PeerLeft(peer=left) if left == performer:
                self.end("performer_left")

    def use_ice_servers(self, peer: WebRtcPeer, servers: tuple[IceServer, ...]) -> None:
        """Gather with those of these that a worker like this may use."""
        peer.use_ice_servers(servers_for(self._reachable, servers))

    def take_description(self, peer: WebRtcPeer, description: SessionDescription) -> None:
        """Pass on what is well-formed, without the candidates that a worker does not send to."""
        try:
            check_session_description(description)
        except MessageError as error:
            logger.warning("a description was refused: %s", error.code)
            return
        peer.receive_description(self._candidates.strip(description))

    def take_candidate(self, peer: WebRtcPeer, candidate: IceCandidate) -> None:
        """Pass on one that a worker may send to."""
        try:
            check_candidate(candidate)
        except MessageError as error:
            logger.warning("a candidate was refused: %s", error.code)
            return
        if self._candidates.takes(candidate):
            peer.receive_candidate(candidate)

    # -- the connection to the performer

    def description_made(self, description: SessionDescription) -> None:
        """Send the answer."""
        self._client.send(Describe(to=self._place.performer, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send a candidate."""
        self._client.send(Trickle(to=self._place.performer, candidate=candidate))

    def state_changed(self, state: ConnectionState) -> None:
        """Note whether there is a route."""
        logger.info("a leg is %s", state)
        if state == "connected":
            self._connected.set()
        elif state in ("disconnected", "failed"):
            self._connected.clear()
        elif state == "closed":
            self.end("closed")

    def failed(self, error: PeerConnectionError) -> None:
        """An offer that the engine refused; the next may be a better one."""
        logger.warning("a leg could not negotiate: %s", error.code)
