"""A peer: one connection to one other side."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import webrtc

from talchum.adapters.webrtc.audience import Audience, check_source
from talchum.adapters.webrtc.engine import ENGINE_ERRORS
from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.negotiator import Negotiator
from talchum.adapters.webrtc.remote_tracks import RemoteVideo, RemoteVoice
from talchum.adapters.webrtc.sources import ReturnedVideo, VideoSource, VoiceSource
from talchum.adapters.webrtc.statistics import PeerStats, summary
from talchum.adapters.webrtc.tasks import Tasks
from talchum.adapters.webrtc.video_sender import VideoSender
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PeerOptions:
    """How to connect to one other peer.

    audience: who is on the other side; it decides what video may be sent (see this package's table).
    polite, offers, goes_first: see `Negotiation`.
    own_face: whether this participant chose to show their own face.
    relay_only: use no route but TURN.
    """

    audience: Audience
    polite: bool
    offers: bool = True
    goes_first: bool = True
    own_face: bool = False
    ice_servers: tuple[IceServer, ...] = ()
    relay_only: bool = False


class WebRtcPeer:
    """One RTCPeerConnection with perfect negotiation, VP8 and a data channel.

    Give it tracks, then what the other side sends; it tells its listener what to send there.
    """

    def __init__(self, options: PeerOptions, listener: PeerListener) -> None:
        self._options = options
        self._listener = listener
        self._tasks = Tasks()
        self._connection = webrtc.RTCPeerConnection(self._configuration(options.ice_servers))
        self._video = VideoSender(self._connection, self._on_size, receives=options.audience != "participant")
        self._negotiator = Negotiator(
            self._connection,
            self._video,
            listener,
            polite=options.polite,
            offers=options.offers,
            goes_first=options.goes_first,
        )
        self._channel: webrtc.RTCDataChannel | None = None
        self._returned: ReturnedVideo | None = None
        self._closed = False
        self._listen()
        self._tasks.start(self._negotiator.run())

    # -- media

    async def send_video(self, source: VideoSource) -> None:
        """Send this source's video from now on; a later call swaps it without renegotiation.

        The swap waits for a negotiation that is going on: the engine aborts the process when a track is
        replaced between an offer and its rollback.
        Raises PeerConnectionError (`camera_refused`, `returned_only`, `egress_only`) for a source the other
        side must not get, `connection_closed` when it is too late.
        """
        check_source(source, self._options.audience, own_face=self._options.own_face)
        if self._closed:
            raise PeerConnectionError("the connection is closed", code="connection_closed")
        self._video.use(source)
        if self._options.offers:
            self._video.offer(source)
        self._negotiator.sender_outdated()

    def receive_video(self) -> None:
        """Offer to take video and to send none; once, before the first description."""
        init = webrtc.RTCRtpTransceiverInit(direction="recvonly")
        self._connection.add_transceiver("video", init)

    def send_voice(self, source: VoiceSource) -> None:
        """Send this source's audio; once, before the first description."""
        self._connection.add_track(source.track)

    def returned_video(self) -> ReturnedVideo | None:
        """The track that the face worker sends back, once it is there."""
        return self._returned

    # -- the data channel

    def open_channel(self, label: str, *, number: int | None = None) -> None:
        """Open the data channel; the other side learns of it when it opens.

        number: of a channel that both sides open by themselves, unordered and without retransmissions (W3C
        WebRTC 6.2, `negotiated`).
        """
        if number is None:
            self._adopt_channel(self._connection.create_data_channel(label))
            return
        options = webrtc.RTCDataChannelInit(negotiated=True, id=number, ordered=False, max_retransmits=0)
        self._adopt_channel(self._connection.create_data_channel(label, options))

    def send_message(self, text: str) -> bool:
        """Send a text through the data channel; False while it is not open."""
        channel = self._channel
        if channel is None or channel.ready_state != "open":
            return False
        try:
            channel.send(text)
        except ENGINE_ERRORS as error:
            logger.info("a data channel message was not sent: %s", type(error).__name__)
            return False
        return True

    # -- negotiation

    def receive_description(self, description: SessionDescription) -> None:
        """An offer or answer came from the other side."""
        self._negotiator.description_received(description)

    def receive_candidate(self, candidate: IceCandidate) -> None:
        """A candidate came from the other side."""
        self._negotiator.candidate_received(candidate)

    def restart_ice(self) -> None:
        """Find a new route while the old one is used as long as it lasts (RFC 8445 2.4)."""
        self._negotiator.restart_needed()

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        """Gather with these from the next ICE restart on."""
        if not self._closed:
            self._connection.set_configuration(self._configuration(servers))

    # -- the connection

    @property
    def state(self) -> ConnectionState:
        """The connection as a whole."""
        return "closed" if self._closed else _state_name(self._connection)

    async def stats(self) -> PeerStats:
        """Route, round trip and frame rates now.

        Raises PeerConnectionError (`connection_closed`).
        """
        if self._closed:
            raise PeerConnectionError("got a question to a closed connection", code="connection_closed")
        try:
            return summary(await self._connection.get_stats())
        except webrtc.RTCException as error:
            raise PeerConnectionError("the connection closed meanwhile", code="connection_closed") from error

    async def close(self) -> None:
        """End the connection and everything that ran for it; sources belong to whoever made them."""
        if self._closed:
            return
        self._closed = True
        self._video.close()
        self._connection.remove_all_listeners()
        self._connection.close()
        await self._tasks.cancel()

    def _configuration(self, servers: tuple[IceServer, ...]) -> webrtc.RTCConfiguration:
        return webrtc.RTCConfiguration(
            ice_servers=[
                webrtc.RTCIceServer(
                    urls=list(server.urls),
                    username=server.username or None,
                    credential=server.credential or None,
                )
                for server in servers
            ],
            ice_transport_policy="relay" if self._options.relay_only else "all",
            bundle_policy="max-bundle",
        )

    # -- the engine's events

    def _listen(self) -> None:
        connection = self._connection
        connection.on("negotiationneeded", self._on_negotiation_needed)
        connection.on("icecandidate", self._on_candidate)
        connection.on("connectionstatechange", self._on_state)
        connection.on("track", self._on_track)
        connection.on("datachannel", self._on_channel)

    def _on_negotiation_needed(self, _event: webrtc.Event) -> None:
        self._negotiator.negotiation_needed()

    def _on_candidate(self, event: webrtc.RTCPeerConnectionIceEvent) -> None:
        found = event.candidate
        # Active TCP host candidates reach nothing but ICE-TCP servers, which nobody here is.
        if found is None or " tcptype active" in found.candidate:
            return
        self._negotiator.candidate_found(
            IceCandidate(
                candidate=found.candidate,
                sdp_mid=found.sdp_mid,
                sdp_m_line_index=found.sdp_m_line_index,
                username_fragment=found.username_fragment,
            )
        )

    def _on_state(self, _event: webrtc.Event) -> None:
        if not self._closed:
            self._listener.state_changed(_state_name(self._connection))

    def _on_track(self, event: webrtc.RTCTrackEvent) -> None:
        if event.track.kind == "video":
            if self._options.audience == "face-worker":
                self._returned = ReturnedVideo(event.track)
            self._listener.video_arrived(RemoteVideo(event.track, self._tasks))
        else:
            self._listener.voice_arrived(RemoteVoice(event.track, self._tasks))

    def _on_channel(self, event: webrtc.RTCDataChannelEvent) -> None:
        if self._channel is None:
            self._adopt_channel(event.channel)
        else:
            event.channel.close()  # one is enough for what is said here

    def _adopt_channel(self, channel: webrtc.RTCDataChannel) -> None:
        self._channel = channel
        channel.on("open", lambda _event: self._listener.channel_opened())
        channel.on("message", self._on_message)
        if channel.ready_state == "open":
            self._listener.channel_opened()

    def _on_message(self, event: webrtc.MessageEvent) -> None:
        if isinstance(event.data, str):
            self._listener.message_arrived(event.data)

    def _on_size(self) -> None:
        self._negotiator.sender_outdated()


def _state_name(connection: webrtc.RTCPeerConnection) -> ConnectionState:
    return connection.connection_state.value
