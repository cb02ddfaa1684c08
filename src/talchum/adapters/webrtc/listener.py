"""What a peer tells its owner."""

from __future__ import annotations

from typing import Literal

from talchum.adapters.webrtc.remote_tracks import RemoteVideo, RemoteVoice
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import IceCandidate, SessionDescription

ConnectionState = Literal["new", "connecting", "connected", "disconnected", "failed", "closed"]


class PeerListener:
    """What a peer tells its owner, always on its event loop; each method may be left as it is."""

    def description_made(self, description: SessionDescription) -> None:
        """To be sent to the other side."""

    def candidate_found(self, candidate: IceCandidate) -> None:
        """To be sent to the other side."""

    def state_changed(self, state: ConnectionState) -> None:
        """The connection as a whole (W3C WebRTC 4.3.3)."""

    def video_arrived(self, video: RemoteVideo) -> None:
        """The other side has a video track."""

    def voice_arrived(self, voice: RemoteVoice) -> None:
        """The other side has an audio track."""

    def channel_opened(self) -> None:
        """The data channel can carry messages."""

    def message_arrived(self, text: str) -> None:
        """A text message came through the data channel."""

    def failed(self, error: PeerConnectionError) -> None:
        """A description could not be made or applied; the connection is as it was before."""
