"""A WebRTC peer on libwebrtc (`wrtc`), the only file that imports it.

Media stays on the engine's native threads; Python sees decoded frames and negotiation only. Everything here
belongs to the event loop it was made on.

What may be sent where is decided here, by type and by who is on the other side:

========================  =====================  ===========================================
the other side            its video sender takes  made by
========================  =====================  ===========================================
``performer``             `EgressVideo`           the face worker
``face-worker``           `CameraVideo`           a performer, for its own worker only
``participant``           `EgressVideo`,          the compositor's cards,
                          `ReturnedVideo`         the track that a face worker returned
``participant, own face`` `CameraVideo`           someone who chose to show their own face
========================  =====================  ===========================================
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Literal

import numpy as np
import webrtc
from numpy.typing import NDArray

from talchum.domain.errors import PeerConnectionError, TalchumError
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.stamp import strip_rows
from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription
from talchum.protocol.negotiation import (
    AddCandidate,
    Effect,
    Negotiation,
    RestartIce,
    SendDescription,
    SetLocalDescription,
    SetRemoteDescription,
)

logger = logging.getLogger(__name__)

Audience = Literal["performer", "face-worker", "participant"]
ConnectionState = Literal["new", "connecting", "connected", "disconnected", "failed", "closed"]
Route = Literal["direct", "relay"]

ZERO_PLAYOUT_DELAY = {
    "WebRTC-ForcePlayoutDelay": "min_ms:0,max_ms:0",
    "WebRTC-ForceSendPlayoutDelay": "min_ms:0,max_ms:0",
}
AUDIO_RATE = 48_000
_CARD_SIZED_BITRATE = 600_000
_ENGINE_ERRORS = (webrtc.PythonWebRTCExceptionBase, webrtc.RTCException, TypeError, ValueError)


def prepare_engine(*, zero_playout_delay: bool, allow_loopback: bool) -> None:
    """Settle what the engine fixes at a process's first connection.

    zero_playout_delay: show each frame when it is complete and ask the other side to do so; it takes a 720p30
    echo from 92-114 to 53 ms (docs/latency.md).
    allow_loopback: gather loopback candidates too, for a service that runs on one machine.
    Raises PeerConnectionError (`engine_running`) when a connection was made before.
    """
    try:
        if zero_playout_delay:
            webrtc.field_trials.update(ZERO_PLAYOUT_DELAY)
        if allow_loopback:
            webrtc.allow_loopback()
    except webrtc.InvalidStateError as error:
        raise PeerConnectionError(
            "got engine settings after the first connection, expected them before it",
            code="engine_running",
            retryable=False,
        ) from error


def max_bitrate(width: int, height: int) -> int:
    """Bits a second that VP8 needs for a face at this size, and no more."""
    pixels = width * height
    if pixels <= 320 * 240:
        return _CARD_SIZED_BITRATE
    if pixels <= 640 * 480:
        return 1_700_000
    return 2_500_000


class _Tasks:
    """Strong references: a task without one is collected in mid-call and its video stops for good."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[object]] = set()

    def start(self, work: Coroutine[object, object, object]) -> None:
        self.keep(asyncio.ensure_future(work))

    def keep(self, future: asyncio.Future[object]) -> None:
        self._running.add(future)
        future.add_done_callback(self._ended)

    def _ended(self, future: asyncio.Future[object]) -> None:
        self._running.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            logger.error("a media task ended with %s", type(error).__name__, exc_info=error)

    async def cancel(self) -> None:
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


# -- what can be sent ---------------------------------------------------------------------------


class _WrittenVideo:
    """A video track of the frames that are written to it."""

    def __init__(self) -> None:
        self._generator = webrtc.VideoTrackGenerator()
        self._writer = self._generator.writable.get_writer()
        self._tasks = _Tasks()
        self._last_timestamp = 0
        self._closed = False
        self.size = (0, 0)
        self.frames_sent = 0
        self.size_changed: Callable[[int, int], None] | None = None

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        return self._generator.track

    def _write(self, picture: I420Frame) -> None:
        if self._closed:
            return
        # The engine drops a frame that is not younger than the last, so the time of sending is what counts.
        timestamp = max(self._last_timestamp + 1, time.monotonic_ns() // 1000)
        self._last_timestamp = timestamp
        layout = webrtc.VideoFrameBufferInit(
            format="I420", coded_width=picture.width, coded_height=picture.height, timestamp=timestamp
        )
        frame = webrtc.VideoFrame(picture.buffer.data, layout)
        self._tasks.keep(asyncio.ensure_future(self._writer.write(frame)))
        self.frames_sent += 1
        if self.size != (picture.width, picture.height):
            self.size = (picture.width, picture.height)
            if self.size_changed is not None:
                self.size_changed(picture.width, picture.height)

    async def close(self) -> None:
        """End the track; writing to it afterwards does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(*_ENGINE_ERRORS, asyncio.CancelledError):
            await self._writer.close()
        await self._tasks.cancel()


class EgressVideo(_WrittenVideo):
    """Video for another person: it takes what the compositor made and nothing else."""

    def send(self, frame: EgressFrame) -> None:
        """Send a frame now.

        Raises PeerConnectionError (`egress_only`) for anything but an `EgressFrame`.
        """
        if type(frame) is not EgressFrame:
            raise PeerConnectionError(
                f"got a {type(frame).__name__} to send to another person, expected an EgressFrame",
                code="egress_only",
                retryable=False,
            )
        self._write(frame.picture)


class CameraVideo(_WrittenVideo):
    """A performer's own frames, for their face worker or for someone they chose to show their own face to."""

    def send(self, frame: I420Frame) -> None:
        """Send a frame now."""
        self._write(frame)


class ReturnedVideo:
    """The track a face worker sends back; made only by a peer whose other side is a face worker."""

    def __init__(self, track: webrtc.MediaStreamTrack) -> None:
        self._track = track
        self.size = (0, 0)

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        """The engine's track."""
        return self._track


VideoSource = EgressVideo | CameraVideo | ReturnedVideo


class VoiceSource:
    """An audio track of the samples that are written to it: 48 kHz, one channel."""

    def __init__(self) -> None:
        self._generator = webrtc.MediaStreamTrackGenerator("audio")
        self._writer = self._generator.writable.get_writer()
        self._tasks = _Tasks()
        self._closed = False

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        """The engine's track."""
        return self._generator

    def send(self, samples: NDArray[np.int16]) -> None:
        """Send (n,) int16 samples now; the engine cuts them into 10 ms."""
        if self._closed or not len(samples):
            return
        data = webrtc.AudioData(
            webrtc.AudioDataInit(
                format="s16",
                sample_rate=AUDIO_RATE,
                number_of_frames=len(samples),
                number_of_channels=1,
                timestamp=time.monotonic_ns() // 1000,
                data=np.ascontiguousarray(samples).data.cast("B"),
            )
        )
        self._tasks.keep(asyncio.ensure_future(self._writer.write(data)))

    async def close(self) -> None:
        """End the track; writing to it afterwards does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(*_ENGINE_ERRORS, asyncio.CancelledError):
            await self._writer.close()
        await self._tasks.cancel()


# -- what arrives -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What is seen of a frame without copying it: size, arrival and the rows that may carry a stamp."""

    width: int
    height: int
    arrived: float
    strip: NDArray[np.uint8]


class RemoteVideo:
    """Video of the other side. `discarded` counts frames nobody was ready to take."""

    def __init__(self, track: webrtc.MediaStreamTrack, tasks: _Tasks) -> None:
        self._track = track
        self._tasks = tasks
        self._processor: webrtc.MediaStreamTrackProcessor | None = None

    @property
    def discarded(self) -> int:
        """Frames the engine dropped because the last one had not been read."""
        return self._processor.discarded_frames if self._processor is not None else 0

    def read(self, on_frame: Callable[[I420Frame, float], None]) -> None:
        """Call `on_frame(frame, arrived)` for the newest frame, upright (RFC 7742 5: rotation is applied)."""
        self._tasks.start(self._pump(lambda frame, arrived: on_frame(_upright(frame), arrived)))

    def watch(self, on_glimpse: Callable[[Glimpse], None]) -> None:
        """Call `on_glimpse` for each frame; its pixels, but for a few rows, are not copied."""
        self._tasks.start(self._pump(lambda frame, arrived: on_glimpse(_glimpse(frame, arrived))))

    async def _pump(self, take: Callable[[webrtc.VideoFrame, float], None]) -> None:
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(self._track))
        self._processor = processor
        async for frame in processor.readable:
            if not isinstance(frame, webrtc.VideoFrame):
                continue
            with frame:
                try:
                    take(frame, time.monotonic())
                except TalchumError as error:
                    logger.warning("a received frame was not used: %s", error.code)


class RemoteVoice:
    """Audio of the other side."""

    def __init__(self, track: webrtc.MediaStreamTrack, tasks: _Tasks) -> None:
        self._track = track
        self._tasks = tasks

    def read(self, on_samples: Callable[[NDArray[np.int16], int], None]) -> None:
        """Call `on_samples(samples, rate)` for each 10 ms; samples (n, channels) int16."""
        self._tasks.start(self._pump(on_samples))

    async def _pump(self, on_samples: Callable[[NDArray[np.int16], int], None]) -> None:
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(self._track))
        options = webrtc.AudioDataCopyToOptions(plane_index=0, format="s16")
        async for data in processor.readable:
            if not isinstance(data, webrtc.AudioData):
                continue
            with data:
                buffer = bytearray(data.allocation_size(options))
                data.copy_to(buffer, options)
                samples = np.frombuffer(buffer, np.int16).reshape(-1, data.number_of_channels)
                on_samples(samples, int(data.sample_rate))


def _upright(frame: webrtc.VideoFrame) -> I420Frame:
    """Copy a frame's planes and turn them by what the sender signalled (3GPP TS 26.114, CVO)."""
    if frame.format != "I420":
        raise PeerConnectionError(
            f"got a decoded frame in {frame.format}, expected I420", code="frame_format"
        )
    width, height = frame.coded_width, frame.coded_height
    pixels = bytearray(I420Frame.size_of(width, height))
    frame.copy_to(pixels).result()
    picture = I420Frame(np.frombuffer(pixels, np.uint8), width, height, frame.timestamp / 1e6)
    quarters = frame.rotation // 90
    if quarters == 0:
        return picture
    planes = (np.rot90(plane, -quarters).ravel() for plane in (picture.y, picture.u, picture.v))
    turned = (height, width) if quarters % 2 else (width, height)
    return I420Frame(np.concatenate(list(planes)), *turned, picture.media_time)


def _glimpse(frame: webrtc.VideoFrame, arrived: float) -> Glimpse:
    width, height = frame.coded_width, frame.coded_height
    rows = strip_rows(height) // 4 * 2
    rect = webrtc.DOMRectInit(0, rows // 2 // 2 * 2, width // 2 * 2, max(2, rows))
    options = webrtc.VideoFrameCopyToOptions(rect=rect)
    pixels = bytearray(frame.allocation_size(options))
    frame.copy_to(pixels, options).result()
    luma = np.frombuffer(pixels, np.uint8)[: max(2, rows) * (width // 2 * 2)].reshape(max(2, rows), -1)
    return Glimpse(width, height, arrived, luma)


# -- the peer -----------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class PeerStats:
    """What a connection says of itself; None where nothing is known yet. Times in seconds."""

    route: Route | None
    round_trip_time: float | None
    frames_per_second_in: float | None
    frames_per_second_out: float | None
    frames_received: int
    frames_dropped: int
    width_out: int
    height_out: int


@dataclass(frozen=True, slots=True)
class PeerOptions:
    """How to connect to one other peer.

    audience: who is on the other side; it decides what video may be sent (see this module's table).
    polite, offers: see `Negotiation`.
    own_face: whether this participant chose to show their own face.
    relay_only: use no route but TURN.
    """

    audience: Audience
    polite: bool
    offers: bool = True
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
        self._tasks = _Tasks()
        self._negotiation = Negotiation(polite=options.polite, offers=options.offers)
        self._inputs: asyncio.Queue[Callable[[], list[Effect]]] = asyncio.Queue()
        self._connection = webrtc.RTCPeerConnection(self._configuration(options.ice_servers))
        self._channel: webrtc.RTCDataChannel | None = None
        self._video_sender: webrtc.RTCRtpSender | None = None
        self._video_source: VideoSource | None = None
        self._sent_source: VideoSource | None = None
        self._limit = 0
        self._returned: ReturnedVideo | None = None
        self._describing = False
        self._held_candidates: list[IceCandidate] = []
        self._closed = False
        self._listen()
        self._tasks.start(self._negotiate())

    # -- media

    async def send_video(self, source: VideoSource) -> None:
        """Send this source's video from now on; a later call swaps it without renegotiation.

        The swap waits for a negotiation that is going on: the engine aborts the process when a track is
        replaced between an offer and its rollback.
        Raises PeerConnectionError (`camera_refused`, `returned_only`, `egress_only`) for a source the other
        side must not get, `connection_closed` when it is too late.
        """
        self._check_source(source)
        previous, self._video_source = self._video_source, source
        if isinstance(previous, _WrittenVideo):
            previous.size_changed = None
        if isinstance(source, _WrittenVideo):
            source.size_changed = self._look_at_sender
        if self._closed:
            raise PeerConnectionError("the connection is closed", code="connection_closed")
        if self._video_sender is None and self._options.offers:
            self._sent_source = source
            self._video_sender = self._connection.add_track(source.track)
        self._look_at_sender()

    def send_voice(self, source: VoiceSource) -> None:
        """Send this source's audio; once, before the first description."""
        self._connection.add_track(source.track)

    def open_channel(self, label: str) -> None:
        """Open the data channel; the other side learns of it by the offer."""
        self._adopt_channel(self._connection.create_data_channel(label))

    def returned_video(self) -> ReturnedVideo | None:
        """The track that the face worker sends back, once it is there."""
        return self._returned

    def send_message(self, text: str) -> bool:
        """Send a text through the data channel; False while it is not open."""
        channel = self._channel
        if channel is None or channel.ready_state != "open":
            return False
        try:
            channel.send(text)
        except _ENGINE_ERRORS as error:
            logger.info("a data channel message was not sent: %s", type(error).__name__)
            return False
        return True

    # -- negotiation

    def receive_description(self, description: SessionDescription) -> None:
        """An offer or answer came from the other side."""
        self._inputs.put_nowait(lambda: self._negotiation.description_received(description))

    def receive_candidate(self, candidate: IceCandidate) -> None:
        """A candidate came from the other side."""
        self._inputs.put_nowait(lambda: self._negotiation.candidate_received(candidate))

    def restart_ice(self) -> None:
        """Find a new route while the old one is used as long as it lasts (RFC 8445 2.4)."""
        self._inputs.put_nowait(self._negotiation.restart_needed)

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        """Gather with these from the next ICE restart on."""
        if not self._closed:
            self._connection.set_configuration(self._configuration(servers))

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
            return _summary(await self._connection.get_stats())
        except webrtc.RTCException as error:
            raise PeerConnectionError("the connection closed meanwhile", code="connection_closed") from error

    async def close(self) -> None:
        """End the connection and everything that ran for it; sources belong to whoever made them."""
        if self._closed:
            return
        self._closed = True
        if isinstance(self._video_source, _WrittenVideo):
            self._video_source.size_changed = None
        self._connection.remove_all_listeners()
        self._connection.close()
        await self._tasks.cancel()

    # -- the engine's events

    def _listen(self) -> None:
        connection = self._connection
        connection.on("negotiationneeded", self._on_negotiation_needed)
        connection.on("icecandidate", self._on_candidate)
        connection.on("connectionstatechange", self._on_state)
        connection.on("track", self._on_track)
        connection.on("datachannel", self._on_channel)

    def _on_negotiation_needed(self, _event: webrtc.Event) -> None:
        self._inputs.put_nowait(self._negotiation.negotiation_needed)

    def _on_candidate(self, event: webrtc.RTCPeerConnectionIceEvent) -> None:
        found = event.candidate
        # Active TCP host candidates reach nothing but ICE-TCP servers, which nobody here is.
        if found is None or " tcptype active" in found.candidate:
            return
        candidate = IceCandidate(
            candidate=found.candidate,
            sdp_mid=found.sdp_mid,
            sdp_m_line_index=found.sdp_m_line_index,
            username_fragment=found.username_fragment,
        )
        if self._describing:
            self._held_candidates.append(candidate)  # a browser refuses one that comes before its description
        else:
            self._listener.candidate_found(candidate)

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

    def _look_at_sender(self, *_size: int) -> None:
        """Have the sender brought up to date as soon as no negotiation is going on."""
        self._inputs.put_nowait(list)

    # -- negotiation, one effect at a time

    async def _negotiate(self) -> None:
        while True:
            step = await self._inputs.get()
            try:
                effects = deque(step())
                while effects:
                    effects.extend(await self._run(effects.popleft()))
                if self._negotiation.state == "stable":
                    await self._update_sender()
            except PeerConnectionError as error:
                self._listener.failed(error)

    async def _run(self, effect: Effect) -> list[Effect]:
        match effect:
            case SendDescription(description):
                self._listener.description_made(description)
                self._release_candidates()
            case RestartIce():
                self._connection.restart_ice()
            case AddCandidate(candidate):
                await self._add_candidate(candidate)
            case SetLocalDescription() | SetRemoteDescription():
                try:
                    return await self._describe(effect)
                except _ENGINE_ERRORS as error:
                    self._release_candidates()
                    self._negotiation.description_refused()
                    raise PeerConnectionError(
                        f"the engine refused a description: {type(error).__name__}",
                        code="description_refused",
                    ) from error
        return []

    async def _describe(self, effect: SetLocalDescription | SetRemoteDescription) -> list[Effect]:
        self._limit = 0  # a description may reset what was set on the sender
        if isinstance(effect, SetRemoteDescription):
            init = webrtc.RTCSessionDescriptionInit(type=effect.description.type, sdp=effect.description.sdp)
            await self._connection.set_remote_description(init)
            if effect.description.type == "offer" and not self._options.offers:
                await self._answer_with_own_video()
            return self._negotiation.remote_description_set(effect.description)
        self._prefer_vp8()
        self._describing = True
        await self._connection.set_local_description()
        made = self._connection.local_description
        if made is None:
            raise PeerConnectionError("got no description from the engine", code="description_refused")
        return self._negotiation.local_description_set(SessionDescription(type=effect.type, sdp=made.sdp))

    def _release_candidates(self) -> None:
        self._describing = False
        held, self._held_candidates = self._held_candidates, []
        for candidate in held:
            self._listener.candidate_found(candidate)

    async def _add_candidate(self, candidate: IceCandidate) -> None:
        init = webrtc.RTCIceCandidateInit(
            candidate=candidate.candidate,
            sdp_mid=candidate.sdp_mid,
            sdp_m_line_index=candidate.sdp_m_line_index,
            username_fragment=candidate.username_fragment,
        )
        try:
            await self._connection.add_ice_candidate(init)
        except _ENGINE_ERRORS as error:
            # A candidate of an older generation, or one this engine cannot use; another one will do.
            logger.debug("a candidate was not added: %s", type(error).__name__)

    async def _answer_with_own_video(self) -> None:
        """Send back on the first video section that was offered, refuse audio: it never goes to a worker."""
        for transceiver in self._connection.get_transceivers():
            kind = transceiver.receiver.track.kind
            if kind == "audio":
                transceiver.direction = "inactive"
            elif self._video_sender is None and self._video_source is not None:
                transceiver.direction = "sendrecv"
                self._video_sender = transceiver.sender
                self._sent_source = self._video_source
                await transceiver.sender.replace_track(self._video_source.track)

    def _prefer_vp8(self) -> None:
        """VP8 with retransmission and nothing else: every browser has it and no codec is ever downloaded."""
        capabilities = webrtc.RTCRtpReceiver.get_capabilities("video")
        codecs = capabilities.codecs if capabilities is not None else []
        wanted = [codec for codec in codecs if codec.mime_type.lower() in ("video/vp8", "video/rtx")]
        for transceiver in self._connection.get_transceivers():
            if transceiver.receiver.track.kind == "video" and not transceiver.stopped:
                transceiver.set_codec_preferences(wanted)

    async def _update_sender(self) -> None:
        """Give the sender the source that was asked for and the limits of its size."""
        sender, source = self._video_sender, self._video_source
        if sender is None or source is None or self._closed:
            return
        try:
            if source is not self._sent_source:
                await sender.replace_track(source.track)
                self._sent_source = source
            await self._limit_bitrate(sender, source.size)
        except _ENGINE_ERRORS as error:
            logger.warning("the video sender was not brought up to date: %s", type(error).__name__)

    async def _limit_bitrate(self, sender: webrtc.RTCRtpSender, size: tuple[int, int]) -> None:
        """Cap the encoder, and keep the size rather than the rate: a worker's tracker needs the pixels."""
        limit = max_bitrate(*size) if size[0] else max_bitrate(1280, 720)
        parameters = sender.get_parameters()
        if limit == self._limit or not parameters.encodings:
            return
        parameters.degradation_preference = "maintain-resolution"
        parameters.encodings[0].max_bitrate = limit
        await sender.set_parameters(parameters)
        self._limit = limit

    # -- rules

    def _check_source(self, source: VideoSource) -> None:
        audience, own_face = self._options.audience, self._options.own_face
        if isinstance(source, CameraVideo):
            allowed = audience == "face-worker" or (audience == "participant" and own_face)
            code = "camera_refused"
        elif isinstance(source, ReturnedVideo):
            allowed, code = audience == "participant", "returned_only"
        else:
            allowed, code = type(source) is EgressVideo, "egress_only"
        if not allowed:
            raise PeerConnectionError(
                f"got {type(source).__name__} for a {audience}, expected a source that may be shown there",
                code=code,
                retryable=False,
            )

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


def _state_name(connection: webrtc.RTCPeerConnection) -> ConnectionState:
    return connection.connection_state.value


def _summary(report: webrtc.RTCStatsReport) -> PeerStats:
    route: Route | None = None
    round_trip = fps_in = fps_out = None
    received = dropped = width = height = 0
    for entry in report.values():
        if isinstance(entry, webrtc.RTCTransportStats) and entry.selected_candidate_pair_id:
            pair = report.get(entry.selected_candidate_pair_id)
            if isinstance(pair, webrtc.RTCIceCandidatePairStats):
                ends = (report.get(pair.local_candidate_id), report.get(pair.remote_candidate_id))
                route = "relay" if any(_is_relay(end) for end in ends) else "direct"
                round_trip = pair.current_round_trip_time
        elif isinstance(entry, webrtc.RTCInboundRtpStreamStats) and entry.kind == "video":
            fps_in = entry.frames_per_second
            received, dropped = entry.frames_received or 0, entry.frames_dropped or 0
        elif isinstance(entry, webrtc.RTCOutboundRtpStreamStats) and entry.kind == "video":
            fps_out = entry.frames_per_second
            width, height = entry.frame_width or 0, entry.frame_height or 0
    return PeerStats(route, round_trip, fps_in, fps_out, received, dropped, width, height)


def _is_relay(candidate: object) -> bool:
    return isinstance(candidate, webrtc.RTCIceCandidateStats) and candidate.candidate_type == "relay"
