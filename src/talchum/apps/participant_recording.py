"""Recording as a participant without a browser meets it: what they say to it, and what a recorder is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

from talchum.adapters.webrtc.listener import PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.sources import VoiceSource
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import (
    AnswerRecording,
    ClientMessage,
    Describe,
    IceCandidate,
    IceServer,
    Peer,
    RecordingState,
    RequestRecording,
    SessionDescription,
    Trickle,
)

logger = logging.getLogger(__name__)

RecordingWish = Literal["refuse", "agree", "ask"]
"""Whether somebody lets a call be recorded, and whether they ask for it."""


class RecorderLink(PeerListener):
    """The connection to a recorder, which is sent what the other participant is sent."""

    def __init__(
        self,
        peer: Peer,
        send: Callable[[ClientMessage], None],
        ice_servers: tuple[IceServer, ...],
        *,
        own_face: bool,
    ) -> None:
        self._send = send
        self._id = peer.id
        options = PeerOptions(
            audience="participant", polite=peer.polite, own_face=own_face, ice_servers=ice_servers
        )
        self.peer = WebRtcPeer(options, self)

    def description_made(self, description: SessionDescription) -> None:
        """Send it to the recorder."""
        self._send(Describe(to=self._id, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send it to the recorder."""
        self._send(Trickle(to=self._id, candidate=candidate))

    def failed(self, error: PeerConnectionError) -> None:
        """The next description may be a better one."""
        logger.warning("a recorder could not be reached: %s", error.code)


class ParticipantRecording:
    """One participant's side of a recording. send: gives a message to the call server."""

    def __init__(self, wish: RecordingWish, send: Callable[[ClientMessage], None], *, own_face: bool) -> None:
        self._wish = wish
        self._send = send
        self._own_face = own_face
        self._asked = False
        self._agrees = False
        self._state: RecordingState | None = None
        self._file = ""
        self._links: dict[str, RecorderLink] = {}

    @property
    def peers(self) -> dict[str, WebRtcPeer]:
        """The connections to recorders."""
        return {name: link.peer for name, link in self._links.items()}

    def somebody_is_there(self) -> None:
        """Ask them, if that is the wish, once."""
        if self._wish == "ask" and not self._asked:
            self._asked = True
            self._send(RequestRecording())

    def heard(self, state: RecordingState, own_id: str) -> None:
        """Answer what is asked, and keep how it stands."""
        self._state = state
        self._agrees = own_id in state.agreed_by and state.phase in ("starting", "running")
        self._file = state.file or self._file
        logger.info("recording: %s %s", state.phase, state.reason)
        if state.phase == "asked" and own_id not in state.agreed_by:
            self._send(AnswerRecording(recording=state.recording, agree=self._wish != "refuse"))

    def meet(
        self, peer: Peer, ice_servers: tuple[IceServer, ...], voice: VoiceSource | None
    ) -> WebRtcPeer | None:
        """A recorder is there; what it is sent is up to the caller. None without an agreement to it."""
        if not self._agrees:
            return None
        link = RecorderLink(peer, self._send, ice_servers, own_face=self._own_face)
        self._links[peer.id] = link
        if voice is not None:
            link.peer.send_voice(voice)
        return link.peer

    def part(self, name: str) -> WebRtcPeer | None:
        """A peer is gone: the connection to close, None if it was no recorder."""
        link = self._links.pop(name, None)
        return None if link is None else link.peer

    def report(self, origin: str) -> dict[str, Any] | None:
        """For `talchum call --json`: how it ended, and where the file will be; None when nobody asked."""
        if self._state is None:
            return None
        file = f"{origin}/api/recordings/{self._file}" if self._file else None
        return {"phase": self._state.phase, "reason": self._state.reason, "file": file}
