"""A participant without a browser, on the same path as one with it.

While a face is chosen nothing but the face worker's returned track or a drawn card goes to the other
participant; the clip's own frames go to the worker alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talchum.adapters.call_server_client import CallLink
from talchum.adapters.clip_player import Clip, ClipPlayer, Samples, open_clip
from talchum.adapters.recording import Recording
from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo, VideoSource, VoiceSource
from talchum.apps.leg_opener import LegOpener
from talchum.apps.opened_worker import OpenedWorker
from talchum.apps.other_participant import CallResults, OtherParticipant
from talchum.apps.participant_recording import ParticipantRecording, RecordingWish
from talchum.apps.peer_disclosure import DisclosureReader, PeerDisclosure
from talchum.apps.performer_legs import PerformerLegs
from talchum.apps.voice_delay import VoiceDelay
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import I420Frame
from talchum.domain.identity import IdentityKind
from talchum.domain.stamp import paint_stamp
from talchum.protocol import delay_messages
from talchum.protocol.leg_messages import Report
from talchum.protocol.messages import (
    Described,
    Disclosed,
    FaceDisclosure,
    FaceLegQueued,
    FaceLegUnavailable,
    Failure,
    IceServer,
    IceServersIssued,
    ParticipantState,
    Peer,
    PeerJoined,
    PeerLeft,
    RecordingState,
    ServerMessage,
    SetState,
    StateChanged,
    Trickled,
    Welcome,
)
from talchum.vision.compositor import OwnCards

logger = logging.getLogger(__name__)

WATCH_SECONDS = 0.03
CARD_SECONDS = 0.2
RESTART_AFTER_SECONDS = 2.0
RESTART_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What `talchum call` was asked to do.

    identity: the face to wear, None to show the clip itself. seconds: leave after this long, None for never.
    invitation: a token that signs in once, empty to be a guest.
    """

    link: str
    play: Path | None = None
    identity: str | None = None
    engine: str | None = None
    record: Path | None = None
    seconds: float | None = None
    stamp: bool = False
    recording: RecordingWish = "refuse"
    invitation: str = ""


class HeadlessCall:
    """One participant's stay in a room. kind: of the worn face, None to show the clip itself."""

    def __init__(
        self,
        options: CallOptions,
        link: CallLink,
        ticket: str,
        kind: IdentityKind | None,
        disclosures: DisclosureReader,
    ) -> None:
        self._options = options
        self._kind = kind
        self._disclosures = disclosures
        self.client = SignallingClient(link.socket_url, ticket, self._on_message, tls=link.tls())
        self.results = CallResults()
        self.peer = ""
        self.recording = Recording(options.record) if options.record is not None else None
        self.ice_servers: tuple[IceServer, ...] = ()
        self._clip: Clip | None = open_clip(options.play) if options.play is not None else None
        self._player: ClipPlayer | None = None
        self._camera = CameraVideo()
        self._cards = EgressVideo()
        self._voice = VoiceSource()
        self._voice_delay = VoiceDelay(self._voice.send)
        self._own_cards = OwnCards()
        self._others: dict[str, OtherParticipant] = {}
        self._legs: PerformerLegs | None = None
        if kind is not None and options.identity is not None:
            self._legs = PerformerLegs(
                options.identity,
                options.engine,
                self._camera,
                self.results.leg,
                self.client.send,
                self._spawn,
            )
        self._opener: LegOpener | None = None
        self._shown: VideoSource | None = None
        self._recorded = ParticipantRecording(options.recording, self.client.send, own_face=kind is None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    @property
    def worker(self) -> str:
        """The face worker whose picture is shown, empty while there is none."""
        return self._legs.worker if self._legs is not None else ""

    @property
    def leg_report(self) -> Report | None:
        """What that face worker said of the leg last, None while there is nothing."""
        legs = self._legs.legs if self._legs is not None else []
        return next((leg.report for leg in legs if leg.worker == self.worker), None)

    # -- a stay

    async def run(self) -> None:
        """Stay until the time is over or `leave` is called. Raises AdmissionError when the room refuses."""
        signalling = asyncio.create_task(self.client.run())
        signalling.add_done_callback(lambda _task: self._over.set())
        for work in (self._watch(), self._show_cards(), self._tell_delays()):
            self._spawn(work)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.seconds):
                    await self._over.wait()
        finally:
            for other in list(self._others.values()):
                await other.note_route()
            await self._close()
            await self.client.leave()
            await signalling

    def recorded(self, origin: str) -> dict[str, Any] | None:
        """How it stood with recording, see `ParticipantRecording.report`."""
        return self._recorded.report(origin)

    def leave(self) -> None:
        """Let `run` return."""
        self._over.set()

    async def _close(self) -> None:
        if self._player is not None:
            await asyncio.to_thread(self._player.close)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._voice_delay.close()
        for peer in self._peers():
            await peer.close()
        for source in (self._camera, self._cards, self._voice):
            await source.close()
        if self.recording is not None:
            await asyncio.to_thread(self.recording.close)

    # -- the clip

    def _play(self) -> None:
        if self._clip is None or self._player is not None:
            return
        loop = asyncio.get_running_loop()

        def film(frame: I420Frame) -> None:
            loop.call_soon_threadsafe(self._filmed, frame)

        def speak(samples: Samples) -> None:
            loop.call_soon_threadsafe(self._voice_delay.put, samples)

        self._player = ClipPlayer(self._clip, film, speak)
        self._player.start()

    def _filmed(self, frame: I420Frame) -> None:
        if self._options.stamp:
            paint_stamp(frame, time.monotonic())
        self._camera.send(frame)

    # -- signalling

    def _on_message(self, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self._welcomed(message)
            case PeerJoined(peer=peer):
                self._meet(peer)
            case PeerLeft(peer=peer):
                self._part(peer)
            case Described(from_=sender, description=description):
                if (connection := self._connection(sender)) is not None:
                    connection.receive_description(description)
                if (disclosure := self._disclosure(sender)) is not None:
                    disclosure.described(description)
            case StateChanged(from_=sender, state=state):
                if (other := self._others.get(sender)) is not None:
                    other.disclosure.state = state
            case Disclosed(from_=sender, statement=statement):
                if (disclosure := self._disclosure(sender)) is not None:
                    disclosure.disclosed(statement)
            case Trickled(from_=sender, candidate=candidate):
                if (connection := self._connection(sender)) is not None:
                    connection.receive_candidate(candidate)
            case IceServersIssued(ice_servers=servers):
                self._renew(tuple(servers))
            case RecordingState():
                self._recorded.heard(message, self.peer)
            case FaceLegQueued(request=request, place=place):
                if self._legs is not None:
                    self._legs.queued(request, place)
            case FaceLegUnavailable(request=request, code=code, retryable=retryable):
                logger.warning("no face worker: %s", code)
                if self._legs is not None:
                    self._legs.refused(request, time.monotonic(), retryable=retryable)
            case Failure(code=code, message=text):
                logger.warning("the call server: %s (%s)", text, code)
                if self._opener is not None and code == "face_leg_unworn":
                    self._opener.refused(time.monotonic())

    def _welcomed(self, welcome: Welcome) -> None:
        self.peer = welcome.peer
        self.ice_servers = tuple(welcome.ice_servers)
        face = FaceDisclosure(kind=self._kind) if self._kind is not None else None
        state = ParticipantState(
            face=face,
            own_face=face is None,
            camera=self._clip is not None,
            microphone=self._clip is not None and self._clip.voice,
        )
        self.client.send(SetState(state=state))
        if self._legs is not None and self._clip is not None:
            self._legs.begin(time.monotonic())
            if welcome.server_relay != "never":
                self._opener = LegOpener(self.client.send, always=welcome.server_relay == "always")
        self._play()
        for peer in welcome.peers:
            self._meet(peer)

    def _meet(self, peer: Peer) -> None:
        if peer.role == "participant":
            if peer.id not in self._others:
                other = self._others[peer.id] = OtherParticipant(
                    peer,
                    self.client.send,
                    self.results,
                    self.recording,
                    self.ice_servers,
                    PeerDisclosure(
                        peer, self._disclosures, self.client.send, lambda told: self.results.disclosed(told)
                    ),
                    own_face=self._kind is None,
                )
                self._spawn(self._call_participant(other))
                self._recorded.somebody_is_there()
        elif peer.role == "recorder":
            voice = self._voice if self._clip is not None and self._clip.voice else None
            recorder = self._recorded.meet(peer, self.ice_servers, voice)
            if recorder is not None:
                self._spawn(recorder.send_video(self._source()))
        elif peer.performer is not None:
            if (performer := self._others.get(peer.performer)) is not None:
                performer.meet_worker(peer, self._disclosures, self.ice_servers)
        elif self._legs is not None:
            self._legs.meet(peer, self.ice_servers, time.monotonic())

    async def _call_participant(self, other: OtherParticipant) -> None:
        if self._clip is not None and self._clip.voice:
            other.peer.send_voice(self._voice)
        await other.peer.send_video(self._source())

    def _part(self, peer: str) -> None:
        other = self._others.pop(peer, None)
        if other is not None:
            self._spawn(self._end_participant(other))
        for performer in self._others.values():
            if (worker := performer.part_worker(peer)) is not None:
                self._spawn(worker.peer.close())
        if (recorder := self._recorded.part(peer)) is not None:
            self._spawn(recorder.close())
        if self._legs is not None:
            self._legs.part(peer, time.monotonic())

    async def _end_participant(self, other: OtherParticipant) -> None:
        await other.note_route()
        await other.peer.close()
        for worker in other.workers.values():
            await worker.peer.close()

    def _worker(self, peer: str) -> OpenedWorker | None:
        found = (other.workers.get(peer) for other in self._others.values())
        return next((worker for worker in found if worker is not None), None)

    def _disclosure(self, peer: str) -> PeerDisclosure | None:
        one = self._others.get(peer) or self._worker(peer)
        return one.disclosure if one is not None else None

    def _connection(self, peer: str) -> WebRtcPeer | None:
        if (other := self._others.get(peer)) is not None:
            return other.peer
        if (recorder := self._recorded.peers.get(peer)) is not None:
            return recorder
        if (worker := self._worker(peer)) is not None:
            return worker.peer
        return self._legs.peer(peer) if self._legs is not None else None

    def _peers(self) -> list[WebRtcPeer]:
        workers = self._legs.peers if self._legs is not None else []
        others = [other.peer for other in self._others.values()]
        opened = [worker.peer for other in self._others.values() for worker in other.workers.values()]
        return [*others, *self._recorded.peers.values(), *workers, *opened]

    def _renew(self, servers: tuple[IceServer, ...]) -> None:
        """Fresh TURN credentials; who is relayed goes over to them before the old ones expire."""
        self.ice_servers = servers
        for peer in self._peers():
            peer.use_ice_servers(servers)
            self._spawn(self._restart_if_relayed(peer))

    async def _restart_if_relayed(self, peer: WebRtcPeer) -> None:
        with contextlib.suppress(PeerConnectionError):
            if (await peer.stats()).route == "relay":
                peer.restart_ice()

    # -- what is shown

    def _source(self) -> VideoSource:
        """What the other participant may see now."""
        if self._kind is None:
            return self._camera
        returned = self._legs.returned if self._legs is not None else None
        return returned if returned is not None else self._cards

    async def _watch(self) -> None:
        """Swap what is shown within a frame or two of its cause; look for another leg when one is lost."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.monotonic()
            if self._legs is not None:
                self._legs.mind(now)
                if self._opener is not None:
                    lines = {
                        name: line for name, other in self._others.items() if (line := other.line) is not None
                    }
                    for leg in self._legs.legs:
                        if leg.draining:
                            self._opener.withdraw(leg.request)
                    self._opener.mind(now, self._legs.shown, self._legs.lines, lines)
            source = self._source()
            if source is not self._shown:
                self._shown = source
                if source is self._cards:
                    self._send_card()  # the last picture of a face is not to stand there meanwhile
                others = [other.peer for other in self._others.values()]
                for peer in (*others, *self._recorded.peers.values()):
                    with contextlib.suppress(PeerConnectionError):  # it is being closed
                        await peer.send_video(source)
            for other in self._others.values():
                self._mind_the_route(other, now)

    def _mind_the_route(self, other: OtherParticipant, now: float) -> None:
        since = other.unconnected_since
        if since is None or now - since < RESTART_AFTER_SECONDS:
            return
        if now - other.restarted_at >= RESTART_EVERY_SECONDS:
            other.restarted_at = now
            other.peer.restart_ice()

    async def _show_cards(self) -> None:
        while True:
            if self._kind is not None and self._shown in (None, self._cards):
                self._send_card()
            await asyncio.sleep(CARD_SECONDS)

    def _send_card(self) -> None:
        width, height = (self._clip.width, self._clip.height) if self._clip else (640, 480)
        reason = self._legs.card_reason if self._legs is not None else "nothing_ready"
        self._cards.send(self._own_cards.card(width & ~1, height & ~1, time.monotonic(), reason))
        self.results.leg.card_frames += 1

    # -- delays

    async def _tell_delays(self) -> None:
        """Say how late the face is, hear how late it arrives, and hold the voice back by as much."""
        while True:
            await asyncio.sleep(delay_messages.PERIOD_SECONDS)
            loop = returning = 0.0 if self._kind is None else None
            if self._legs is not None:
                loop, returning = await self._legs.delay(), self._legs.returning
            for other in list(self._others.values()):
                await other.delays.tell(loop, returning, self.results.ways.lead)
                await other.compare_ways()
                other.keep_route(other.delays.latest)  # once the other side has left, nobody knows it
                if loop is not None:
                    self._voice_delay.follow(other.delays.voice_lead(loop))

    # -- what runs beside

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a part of the call failed: %s", type(error).__name__, exc_info=error)
