"""The other person in a call without a browser: the connection to them, and what is worth reporting of it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from talchum.adapters.recording import Recording
from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import Glimpse, RemoteVideo, RemoteVoice
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps.delay_exchange import DelayExchange
from talchum.apps.opened_worker import OpenedWorker
from talchum.apps.peer_disclosure import DisclosureReader, PeerDisclosure
from talchum.apps.picture_ways import PictureWays
from talchum.apps.worn_leg import WornLegCounts
from talchum.domain.delays import Delays
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import I420Frame
from talchum.domain.relay_choice import Way
from talchum.domain.stamp import read_stamp, strip_rows
from talchum.protocol import delay_messages
from talchum.protocol.messages import (
    CallRoute,
    ClientMessage,
    Describe,
    IceCandidate,
    IceServer,
    Peer,
    ReportRoute,
    SessionDescription,
    Trickle,
)

logger = logging.getLogger(__name__)


class CallResults:
    """What the call was like, for the report."""

    def __init__(self) -> None:
        self.connected = False
        self.route: str | None = None
        self.frames_received = 0
        self.disclosure: dict[str, Any] | None = None
        self.first_frame: float | None = None
        self.first_stamped: float | None = None
        self.glass_to_glass = Delays()
        self.leg = WornLegCounts()
        self.ways = PictureWays()

    def saw(self, since: float, arrived: float, age: float | None) -> None:
        """A frame of the other participant, who has been here `since`."""
        self.frames_received += 1
        if self.first_frame is None:
            self.first_frame = arrived - since
            logger.info("the first frame arrived")
        if age is not None:
            self.glass_to_glass.add(age)
            if self.first_stamped is None:
                self.first_stamped = arrived - since
                logger.info("the first stamped frame arrived")

    def disclosed(self, told: dict[str, Any]) -> None:
        """What was disclosed of the other participant's face, and whether it verified."""
        self.disclosure = told

    def report(self, identity: str | None, engine: str | None) -> dict[str, Any]:
        """The contract of `talchum call --json`, for who wears this face, None for their own."""
        # A stamped frame is one that was played; a frame before it can only have been a card.
        first = self.first_stamped if self.first_stamped is not None else self.first_frame
        leg = {
            "identity": identity,
            "engine": self.leg.engine or engine,
            "fallback": self.leg.fallback,
            "framesReceived": self.leg.frames_received,
            "cardFrames": self.leg.card_frames,
            "roundTripMs": self.leg.round_trip.milliseconds(),
        }
        return {
            "connected": self.connected,
            "route": self.route,
            "framesReceived": self.frames_received,
            "disclosure": self.disclosure,
            "firstFrameSeconds": None if first is None else round(first, 3),
            "glassToGlassMs": self.glass_to_glass.milliseconds(),
            "faceLeg": leg if identity is not None else None,
            "serverRelay": self.ways.report(),
        }


class OtherParticipant(PeerListener):
    """The connection to the other person, and what came from there.

    own_face: whether this side chose to show its own face. send: gives a message to the call server.
    disclosure: what is known of their face; no frame counts before it may be shown.
    """

    def __init__(
        self,
        peer: Peer,
        send: Callable[[ClientMessage], None],
        results: CallResults,
        recording: Recording | None,
        ice_servers: tuple[IceServer, ...],
        disclosure: PeerDisclosure,
        *,
        own_face: bool,
    ) -> None:
        self._send = send
        self._results = results
        self._recording = recording
        self.disclosure = disclosure
        self.id = peer.id
        self.workers: dict[str, OpenedWorker] = {}
        self.since = time.monotonic()
        self.unconnected_since: float | None = None
        self.restarted_at = 0.0
        self._told: CallRoute | None = None
        self.peer = WebRtcPeer(
            PeerOptions(
                audience="participant",
                polite=peer.polite,
                goes_first=not peer.polite,  # as in the page: each side has something to offer
                own_face=own_face,
                ice_servers=ice_servers,
            ),
            self,
        )
        self.peer.open_channel(delay_messages.CHANNEL_LABEL, number=delay_messages.CHANNEL_ID)
        self.delays = DelayExchange(self.peer)

    def meet_worker(self, worker: Peer, reader: DisclosureReader, ice_servers: tuple[IceServer, ...]) -> None:
        """They have opened a face worker to us: its picture is compared with theirs."""
        if worker.id in self.workers:
            return

        def way() -> Way | None:
            shown = self.workers.get(worker.id)
            return "server" if shown is not None and shown.may_show(self.disclosure.state) else None

        self.workers[worker.id] = OpenedWorker(
            worker, reader, self._send, ice_servers, lambda video: self._look_at(video, way)
        )
        self._results.ways.offered()

    def part_worker(self, name: str) -> OpenedWorker | None:
        """This face worker is gone, or closed to us."""
        worker = self.workers.pop(name, None)
        if worker is not None:
            self._results.ways.server_lost()
        return worker

    @property
    def line(self) -> float | None:
        """The shortest round trip to them, seconds; None while it is not known."""
        return self.delays.line.seconds

    async def compare_ways(self) -> None:
        """Measure how late their picture is by its worker, where one is open to us, and by their client."""
        for worker in list(self.workers.values()):
            await worker.measure()
        passage = next((worker.passage for worker in self.workers.values()), None)
        self._results.ways.measured(time.monotonic(), self.delays.by_client, self.delays.by_server(passage))

    async def note_route(self) -> None:
        """Ask by which route the call goes and keep it."""
        with contextlib.suppress(PeerConnectionError):
            self.keep_route(await self.peer.stats())

    def keep_route(self, stats: PeerStats) -> None:
        """Keep by which route the call goes, and tell the call server; what tells of none changes nothing."""
        self._results.route = stats.route or self._results.route
        if stats.path not in (None, self._told):
            self._told = stats.path
            self._send(ReportRoute(route=stats.path))

    def description_made(self, description: SessionDescription) -> None:
        """Send it there."""
        self._send(Describe(to=self.id, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send it there."""
        self._send(Trickle(to=self.id, candidate=candidate))

    def state_changed(self, state: ConnectionState) -> None:
        """Note since when there has been no route."""
        logger.info("the call is %s", state)
        if state == "connected":
            self._results.connected = True
            self.unconnected_since = None
        elif state in ("disconnected", "failed") and self.unconnected_since is None:
            self.unconnected_since = time.monotonic()

    def video_arrived(self, video: RemoteVideo) -> None:
        """Look at it, and keep it when it is recorded."""
        self._look_at(video, lambda: "client" if self.disclosure.may_show else None)

    def voice_arrived(self, voice: RemoteVoice) -> None:
        """Keep it when it is recorded."""
        recording = self._recording
        if recording is not None:
            voice.read(lambda samples, rate: recording.add_voice(samples, rate, time.monotonic()))

    def message_arrived(self, text: str) -> None:
        """What the other side knows of the delay."""
        self.delays.heard(text)

    def failed(self, error: PeerConnectionError) -> None:
        """The next description may be a better one."""
        logger.warning("the call could not negotiate: %s", error.code)

    def _look_at(self, video: RemoteVideo, may_come: Callable[[], Way | None]) -> None:
        """Frames count where they may be shown. may_come: the way they come by, None while they may not."""
        if self._recording is None:
            video.watch(lambda glimpse: self._glimpsed(glimpse, may_come()))
        else:
            video.read(lambda frame, arrived: self._received(frame, arrived, may_come()))

    def _glimpsed(self, glimpse: Glimpse, way: Way | None) -> None:
        if way is not None:
            self._saw(way, glimpse.arrived, read_stamp(glimpse.strip, glimpse.arrived))

    def _received(self, frame: I420Frame, arrived: float, way: Way | None) -> None:
        if way is None:
            return
        rows = strip_rows(frame.height)
        age = read_stamp(frame.y[rows // 4 : max(rows // 4 + 1, rows * 3 // 4)], arrived)
        if self._saw(way, arrived, age) and self._recording is not None:
            self._recording.add_frame(frame, arrived)

    def _saw(self, way: Way, arrived: float, age: float | None) -> bool:
        shown = self._results.ways.shows(way, arrived, age)
        if shown:
            self._results.saw(self.since, arrived, age)
        return shown
