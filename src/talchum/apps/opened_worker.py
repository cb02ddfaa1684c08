"""Server relay, the viewer's end: the connection to a face worker that another performer has opened to us."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import RemoteVideo
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps.peer_disclosure import DisclosureReader, PeerDisclosure
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import (
    ClientMessage,
    Describe,
    IceCandidate,
    IceServer,
    ParticipantState,
    Peer,
    SessionDescription,
    Trickle,
)

logger = logging.getLogger(__name__)


class OpenedWorker(PeerListener):
    """Takes video and sends none. send: gives a message to the call server. watch: is given the video."""

    def __init__(
        self,
        worker: Peer,
        reader: DisclosureReader,
        send: Callable[[ClientMessage], None],
        ice_servers: tuple[IceServer, ...],
        watch: Callable[[RemoteVideo], None],
    ) -> None:
        self.id = worker.id
        self.disclosure = PeerDisclosure(worker, reader, send, _noted, performer=worker.performer or "")
        self._send = send
        self._watch = watch
        self.peer = WebRtcPeer(
            PeerOptions(audience="participant", polite=worker.polite, ice_servers=ice_servers), self
        )
        self.peer.receive_video()
        self._stats = PeerStats()
        self.passage: float | None = None

    async def measure(self) -> None:
        """Bring `passage` up to date: seconds from the worker's encoder to our decoder, None if unknown."""
        with contextlib.suppress(PeerConnectionError):  # it is being closed
            now, before = await self.peer.stats(), self._stats
            self._stats = now
            self.passage = now.arriving_since(before)

    def may_show(self, state: ParticipantState) -> bool:
        """Whether a frame from here counts as shown, by what its performer says of themselves."""
        self.disclosure.state = state
        return state.face is not None and self.disclosure.may_show

    def description_made(self, description: SessionDescription) -> None:
        """Send the offer."""
        self._send(Describe(to=self.id, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send it there."""
        self._send(Trickle(to=self.id, candidate=candidate))

    def state_changed(self, state: ConnectionState) -> None:
        """Its silence says the rest."""
        logger.info("server relay is %s", state)

    def video_arrived(self, video: RemoteVideo) -> None:
        """The worn face, straight from where it is made."""
        self._watch(video)

    def failed(self, error: PeerConnectionError) -> None:
        """The client's way is there all the same."""
        logger.warning("server relay could not negotiate: %s", error.code)


def _noted(told: dict[str, Any]) -> None:
    logger.info("server relay is disclosed: %s", "verified" if told["verified"] else "not verified")
