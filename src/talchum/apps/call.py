"""`talchum call`: a participant without a browser, on the same path as one with it.

While a face is chosen nothing but the face worker's returned track or a drawn card goes to the other
participant; the clip's own frames go to the worker alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from talchum.adapters.call_server_client import CallLink, CallServerClient
from talchum.adapters.clip_player import Clip, ClipPlayer, Samples, open_clip
from talchum.adapters.recording import Recording
from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo, VideoSource, VoiceSource
from talchum.apps.other_participant import CallResults, OtherParticipant
from talchum.apps.voice_delay import VoiceDelay
from talchum.apps.worn_leg import WornLeg
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import I420Frame
from talchum.domain.stamp import paint_stamp
from talchum.protocol.leg_keeper import LegKeeper, Release, Step
from talchum.protocol.messages import (
    Describe,
    Described,
    FaceDisclosure,
    FaceLegUnavailable,
    Failure,
    IceServer,
    IceServersIssued,
    IdentityKind,
    ParticipantState,
    Peer,
    PeerJoined,
    PeerLeft,
    ReleaseFaceLeg,
    RequestFaceLeg,
    ServerMessage,
    SetState,
    Trickle,
    Trickled,
    Welcome,
)
from talchum.vision.compositor import Compositor

logger = logging.getLogger(__name__)

WATCH_SECONDS = 0.03
CARD_SECONDS = 0.2
RESTART_AFTER_SECONDS = 2.0
RESTART_EVERY_SECONDS = 5.0
VOICE_LEAD_SECONDS = 0.03  # of one encode and decode, which a face leg adds beside round trip and work


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What `talchum call` was asked to do.

    identity: the face to wear, None to show the clip itself. seconds: leave after this long, None for never.
    """

    link: str
    play: Path | None = None
    identity: str | None = None
    engine: str | None = None
    record: Path | None = None
    seconds: float | None = None
    stamp: bool = False


class HeadlessCall:
    """One participant's stay in a room."""

    def __init__(self, options: CallOptions, link: CallLink, ticket: str, kind: IdentityKind | None) -> None:
        self._options = options
        self._kind = kind
        self.client = SignallingClient(link.socket_url, ticket, self._on_message, tls=link.tls())
        self.results = CallResults()
        self.recording = Recording(options.record) if options.record is not None else None
        self.ice_servers: tuple[IceServer, ...] = ()
        self._clip: Clip | None = open_clip(options.play) if options.play is not None else None
        self._player: ClipPlayer | None = None
        self._camera = CameraVideo()
        self._cards = EgressVideo()
        self._voice = VoiceSource()
        self._voice_delay = VoiceDelay(self._voice.send)
        self._compositor = Compositor()
        self._card_reason = "nothing_ready"
        self._others: dict[str, OtherParticipant] = {}
        self._legs: dict[str, WornLeg] = {}
        self._keeper = LegKeeper(lambda: secrets.token_urlsafe(9))
        self._shown: VideoSource | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    # -- a stay

    async def run(self) -> None:
        """Stay until the time is over or `leave` is called. Raises AdmissionError when the room refuses."""
        signalling = asyncio.create_task(self.client.run())
        signalling.add_done_callback(lambda _task: self._over.set())
        self._spawn(self._watch())
        self._spawn(self._show_cards())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.seconds):
                    await self._over.wait()
        finally:
            await self._note_routes()
            await self._close()
            await self.client.leave()
            await signalling

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
            case Trickled(from_=sender, candidate=candidate):
                if (connection := self._connection(sender)) is not None:
                    connection.receive_candidate(candidate)
            case IceServersIssued(ice_servers=servers):
                self._renew(tuple(servers))
            case FaceLegUnavailable(request=request, code=code, retryable=retryable):
                logger.warning("no face worker: %s", code)
                self._do(self._keeper.refused(request, time.monotonic(), retryable=retryable))
            case Failure(code=code, message=text):
                logger.warning("the call server: %s (%s)", text, code)

    def _welcomed(self, welcome: Welcome) -> None:
        self.ice_servers = tuple(welcome.ice_servers)
        face = FaceDisclosure(kind=self._kind) if self._kind is not None else None
        state = ParticipantState(
            face=face,
            own_face=face is None,
            camera=self._clip is not None,
            microphone=self._clip is not None and self._clip.voice,
        )
        self.client.send(SetState(state=state))
        if self._kind is not None and self._clip is not None:
            self._do(self._keeper.begin(time.monotonic()))
        self._play()
        for peer in welcome.peers:
            self._meet(peer)

    def _meet(self, peer: Peer) -> None:
        if peer.role == "participant":
            if peer.id not in self._others:
                self._others[peer.id] = OtherParticipant(
                    peer,
                    self.client.send,
                    self.results,
                    self.recording,
                    self.ice_servers,
                    own_face=self._kind is None,
                )
                self._spawn(self._call_participant(self._others[peer.id]))
        elif self._keeper.expects(peer.face_leg) and peer.id not in self._legs:
            leg = self._legs[peer.id] = self._make_leg(peer)
            self._spawn(leg.open())

    async def _call_participant(self, other: OtherParticipant) -> None:
        if self._clip is not None and self._clip.voice:
            other.peer.send_voice(self._voice)
        await other.peer.send_video(self._source())

    def _part(self, peer: str) -> None:
        other = self._others.pop(peer, None)
        if other is not None:
            self._spawn(self._end_participant(other))
        leg = self._legs.pop(peer, None)
        if leg is not None:
            self._spawn(leg.close())
            if self._keeper.expects(leg.request):
                logger.warning("the face worker is gone")
                self._card_reason = "leg_lost"
                self._do(self._keeper.ended(leg.request, time.monotonic()))

    async def _end_participant(self, other: OtherParticipant) -> None:
        await self._note_route(other)
        await other.peer.close()

    def _connection(self, peer: str) -> WebRtcPeer | None:
        other = self._others.get(peer) or self._legs.get(peer)
        return other.peer if other is not None else None

    def _peers(self) -> list[WebRtcPeer]:
        return [*(other.peer for other in self._others.values()), *(leg.peer for leg in self._legs.values())]

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

    # -- the worn face

    def _do(self, steps: list[Step]) -> None:
        identity, engine = self._options.identity, self._options.engine
        for step in steps:
            if isinstance(step, Release):
                self.client.send(ReleaseFaceLeg(request=step.request))
            elif identity is not None:
                self.client.send(RequestFaceLeg(request=step.request, identity=identity, engine=engine))

    def _make_leg(self, peer: Peer) -> WornLeg:
        return WornLeg(
            peer.face_leg or "",
            peer.id,
            self._camera,
            self.results.leg,
            lambda description: self.client.send(Describe(to=peer.id, description=description)),
            lambda candidate: self.client.send(Trickle(to=peer.id, candidate=candidate)),
            self.ice_servers,
            polite=peer.polite,
        )

    def _source(self) -> VideoSource:
        """What the other participant may see now."""
        if self._kind is None:
            return self._camera
        for leg in self._legs.values():
            if leg.request == self._keeper.worn and (returned := leg.returned) is not None:
                return returned
        return self._cards

    async def _watch(self) -> None:
        """Swap what is shown within a frame or two of its cause; look for another leg when one is lost."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.monotonic()
            if self._kind is not None:
                self._mind_the_legs(now)
            source = self._source()
            if source is not self._shown:
                self._shown = source
                for other in list(self._others.values()):
                    with contextlib.suppress(PeerConnectionError):  # it is being closed
                        await other.peer.send_video(source)
            self._voice_delay.follow(self._face_delay())
            for other in self._others.values():
                self._mind_the_route(other, now)

    def _mind_the_legs(self, now: float) -> None:
        worn = self._keeper.worn
        self._do(self._keeper.tick(now, {leg.request for leg in self._legs.values() if leg.returned}))
        if worn and not self._keeper.worn:
            logger.warning("the face leg is silent")
            self._card_reason = "leg_lost"
        elif self._keeper.worn and not worn:
            logger.info("the face is on")

    def _mind_the_route(self, other: OtherParticipant, now: float) -> None:
        since = other.unconnected_since
        if since is None or now - since < RESTART_AFTER_SECONDS:
            return
        if now - other.restarted_at >= RESTART_EVERY_SECONDS:
            other.restarted_at = now
            other.peer.restart_ice()

    def _face_delay(self) -> float:
        """By how much the returned face is later than the clip's own frame."""
        if self._kind is None:
            return 0.0
        measured = self.results.leg.round_trip.median_of_last(15)
        if measured is not None:
            return measured
        ages = [leg.frame_age for leg in self._legs.values() if leg.frame_age > 0]
        return ages[0] + VOICE_LEAD_SECONDS if ages else 0.0

    async def _show_cards(self) -> None:
        while True:
            if self._kind is not None and self._shown in (None, self._cards):
                width, height = (self._clip.width, self._clip.height) if self._clip else (640, 480)
                card = self._compositor.card(width & ~1, height & ~1, time.monotonic(), self._card_reason)
                self._cards.send(card)
                self.results.leg.card_frames += 1
            await asyncio.sleep(CARD_SECONDS)

    # -- odds and ends

    async def _note_routes(self) -> None:
        for other in list(self._others.values()):
            await self._note_route(other)

    async def _note_route(self, other: OtherParticipant) -> None:
        with contextlib.suppress(PeerConnectionError):
            self.results.route = (await other.peer.stats()).route or self.results.route

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a part of the call failed: %s", type(error).__name__, exc_info=error)


async def stay(options: CallOptions) -> dict[str, Any]:
    """Join, stay, leave; the report. Raises AdmissionError, IdentityError, MediaFileError."""
    link = CallLink.parse(options.link)
    prepare_engine(zero_playout_delay=True, allow_loopback=link.on_this_machine)
    server = CallServerClient(link)
    try:
        kind = await server.identity_kind(options.identity) if options.identity is not None else None
        ticket = await server.ticket()
    finally:
        await server.close()
    call = HeadlessCall(options, link, ticket, cast("IdentityKind | None", kind))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, call.leave)
    await call.run()
    return call.results.report(options.identity, options.engine)


def run(
    *,
    link: str,
    play: Path | None,
    identity: str | None,
    engine: str | None,
    record: Path | None,
    seconds: float | None,
    stamp: bool,
    as_json: bool,
    out: TextIO,
) -> int:
    """Join a call and report on it; the exit status."""
    level = os.environ.get("TALCHUM_LOG_LEVEL", "WARNING")
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    options = CallOptions(link, play, identity, engine, record, seconds, stamp)
    report = asyncio.run(stay(options))
    if as_json:
        print(json.dumps(report), file=out, flush=True)
    else:
        _tell(report, out)
    return 0


def _tell(report: dict[str, Any], out: TextIO) -> None:
    if not report["connected"]:
        print("nobody was reached", file=out)
        return
    print(f"connected ({report['route']}), {report['framesReceived']} frames received", file=out)
    for name, delay in (
        ("glass to glass", report["glassToGlassMs"]),
        ("face leg round trip", (report["faceLeg"] or {}).get("roundTripMs")),
    ):
        if delay is not None:
            print(f"{name}: {delay['p50']:.0f} ms (95 % within {delay['p95']:.0f} ms)", file=out)
