"""The performer's end of a face leg: the camera out, the worn face back."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import Glimpse, RemoteVideo
from talchum.adapters.webrtc.sources import CameraVideo, ReturnedVideo
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.domain.delays import Delays
from talchum.domain.errors import MessageError, PeerConnectionError
from talchum.domain.relay_choice import LineLength
from talchum.domain.stamp import read_stamp
from talchum.protocol.leg_messages import (
    CHANNEL_LABEL,
    Draining,
    Refused,
    Report,
    Wearing,
    decode_face_worker_message,
)
from talchum.protocol.messages import IceCandidate, IceServer, SessionDescription

logger = logging.getLogger(__name__)

LOOKS_ALIVE_SECONDS = 0.3
"""Without a returned frame for this long another picture is shown in its place."""


@dataclass(slots=True)
class WornLegCounts:
    """What came back over all legs of a call.

    engine: what is worn now. fallback: whether it stands for one that was too slow for the worker.
    """

    engine: str | None = None
    fallback: bool = False
    frames_received: int = 0
    card_frames: int = 0
    round_trip: Delays = field(default_factory=Delays)


class WornLeg(PeerListener):
    """The connection to one face worker; `request` is what it answers.

    describe, trickle: send to the worker through the call server. changed: called when video comes or stops.
    """

    def __init__(
        self,
        request: str,
        worker: str,
        camera: CameraVideo,
        counts: WornLegCounts,
        describe: Callable[[SessionDescription], None],
        trickle: Callable[[IceCandidate], None],
        ice_servers: tuple[IceServer, ...],
        *,
        polite: bool,
    ) -> None:
        self.request = request
        self.worker = worker
        self._camera = camera
        self._counts = counts
        self._describe = describe
        self._trickle = trickle
        self._last_frame = 0.0
        self._report: Report | None = None
        self._cards_reported = 0
        self._stats = PeerStats()
        self._line = LineLength()
        self.delay: float | None = None
        self.returning: float | None = None
        self.draining = False
        self.peer = WebRtcPeer(
            PeerOptions(audience="face-worker", polite=polite, ice_servers=ice_servers), self
        )

    async def open(self) -> None:
        """Offer the camera."""
        self.peer.open_channel(CHANNEL_LABEL)
        await self.peer.send_video(self._camera)

    @property
    def report(self) -> Report | None:
        """What the worker said of itself last."""
        return self._report

    @property
    def returned(self) -> ReturnedVideo | None:
        """The returned track while frames come, else None."""
        alive = time.monotonic() - self._last_frame < LOOKS_ALIVE_SECONDS
        return self.peer.returned_video() if alive else None

    @property
    def shows_face(self) -> bool:
        """Whether the worker said last that its pictures show a face."""
        return self._report is not None and self._report.state != "card"

    @property
    def line(self) -> float | None:
        """The shortest round trip to the face worker, seconds, None while unknown."""
        return self._line.seconds

    async def measure(self) -> None:
        """Bring `delay` up to date: seconds from a frame's leaving to its return, None while unknown.

        The parts of it that either side measures, added up: RTP carries no time through a peer that
        transforms. `returning` is the part behind the worker's encoder.
        """
        with contextlib.suppress(PeerConnectionError):  # it is being closed
            now, before = await self.peer.stats(), self._stats
            self._stats, report = now, self._report
            self._line.measured(now.round_trip_time)
            self.returning = now.arriving_since(before)
            if report is None:
                return
            codec = report.codec_times
            parts = (
                now.sending_since(before),
                now.round_trip_time,
                codec.receiving,
                report.frame_age.p50,
                codec.sending,
                now.receiving_since(before),
            )
            known = [part for part in parts if part is not None]
            self.delay = sum(known) if len(known) == len(parts) else None

    async def close(self) -> None:
        """End the connection."""
        await self.peer.close()

    # -- the connection to the worker

    def description_made(self, description: SessionDescription) -> None:
        """Send the offer."""
        self._describe(description)

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send a candidate."""
        self._trickle(candidate)

    def state_changed(self, state: ConnectionState) -> None:
        """Say what became of the route."""
        logger.info("the face leg is %s", state)

    def video_arrived(self, video: RemoteVideo) -> None:
        """The worn face comes back."""
        video.watch(self._look)

    def message_arrived(self, text: str) -> None:
        """What the worker says of itself."""
        try:
            message = decode_face_worker_message(text)
        except MessageError as error:
            logger.warning("the face worker said something unreadable: %s", error.code)
            return
        if isinstance(message, Report):
            self._report = message
            self._counts.fallback = message.fallback
            self._counts.card_frames += max(0, message.card_frames - self._cards_reported)
            self._cards_reported = message.card_frames
        elif isinstance(message, Draining):
            self.draining = True
        elif isinstance(message, Wearing):
            self._counts.engine = message.engine
        elif isinstance(message, Refused):
            logger.error("the face worker refused: %s (%s)", message.message, message.code)

    def failed(self, error: PeerConnectionError) -> None:
        """The watchdog of the call finds another worker."""
        logger.warning("the face leg could not negotiate: %s", error.code)

    def _look(self, glimpse: Glimpse) -> None:
        self._last_frame = glimpse.arrived
        returned = self.peer.returned_video()
        if returned is not None:
            returned.size = (glimpse.width, glimpse.height)
        self._counts.frames_received += 1
        age = read_stamp(glimpse.strip, glimpse.arrived)
        if age is not None:
            self._counts.round_trip.add(age)
