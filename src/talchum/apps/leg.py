"""One face leg: a performer's camera in, their worn face out, until the performer leaves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import RemoteVideo
from talchum.adapters.webrtc.sources import EgressVideo
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps.face_stage import FaceStage, Pipeline
from talchum.apps.leg_measures import LegMeasures
from talchum.apps.leg_viewers import LegViewers
from talchum.apps.prepared_faces import PreparedFaces
from talchum.apps.worker_leg import Place, WorkerLeg
from talchum.domain.consent import Consent
from talchum.domain.errors import IdentityError, MessageError, PeerConnectionError, TalchumError
from talchum.domain.frame import EgressFrame
from talchum.domain.identity import CONSENTED_KINDS
from talchum.protocol.leg_messages import (
    CodecTimes,
    Draining,
    FromFaceWorker,
    Refused,
    Wear,
    Wearing,
    decode_performer_message,
    encode_leg_message,
)
from talchum.protocol.messages import IceServer, ServerMessage, Worn
from talchum.protocol.worker_candidates import Reachability
from talchum.vision.cards import CardDeck
from talchum.vision.engines import FALLBACK_ENGINES
from talchum.vision.marks import Marking
from talchum.vision.pipeline import WornFace
from talchum.vision.wearer import WearerCheck

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
SOONEST_REPORT_SECONDS = 0.1
"""Between two reports at least, however often a face comes and goes."""

PACE_SECONDS = 0.25
CONSENT_SECONDS = 0.25
"""How often it is looked whether a person's face may still be worn."""

MAX_WISHES = 4


@dataclass(frozen=True, slots=True)
class LegOrder:
    """What a leg is asked to be.

    performer: the peer it serves. marking: of all its pictures. identity, engine: what is worn first
    (`engine` None: the identity's own). account: the performer's, empty for a guest.
    """

    server_url: str
    ticket: str
    performer: str
    marking: Marking
    identity: str
    engine: str | None = None
    ice_servers: tuple[IceServer, ...] = ()
    account: str = ""


class Rights(Protocol):
    """What is asked of `WearingRights`."""

    def by_which(self, account: str, identity: str) -> Consent | None:
        """The consent by which it may wear a person's face now."""


class Owners(Protocol):
    """What is asked of `EnrolledFaces`."""

    def check(self, identity: str) -> WearerCheck:
        """A check whether who wears a face of kind `self` is its owner; blocks. Raises TalchumError."""


class FaceLeg(WorkerLeg):
    """Transforms what its performer sends. The pixels are on a thread of their own (`FaceStage`)."""

    def __init__(
        self,
        order: LegOrder,
        faces: PreparedFaces,
        rights: Rights,
        owners: Owners,
        make_pipeline: Callable[[], Pipeline],
        *,
        reachable: Reachability = "direct",
        measures: LegMeasures | None = None,
        deck: CardDeck | None = None,
    ) -> None:
        place = Place(order.server_url, order.ticket, order.performer, order.ice_servers)
        super().__init__(place, reachable=reachable)
        self._order = order
        self._faces = faces
        self._rights = rights
        self._owners = owners
        self._make_pipeline = make_pipeline
        self._measures = measures if measures is not None else LegMeasures()
        self._deck = deck
        self._stage: FaceStage | None = None
        self._video: RemoteVideo | None = None
        self._wishes: asyncio.Queue[Wear] = asyncio.Queue(MAX_WISHES)
        self._worn: Wearing | None = None
        self._consent: Consent | None = None
        self._wearer: WearerCheck | None = None
        self._fallback = False
        self._draining = False
        self._viewers: LegViewers | None = None
        self._shows_face = False
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Serve until the performer leaves, the room ends the leg or `end` is called; `reason` says which."""
        pipeline = await asyncio.to_thread(self._make_pipeline)
        egress = EgressVideo()
        stage = self._stage = FaceStage(
            pipeline, egress.send, self._order.marking, self._went_out, self._deck
        )
        viewers = self._viewers = LegViewers(self._order.performer, egress, self, self._client.send)

        async def begin(peer: WebRtcPeer) -> None:
            await peer.send_video(egress)
            stage.start()
            self._wishes.put_nowait(Wear(identity=self._order.identity, engine=self._order.engine))

        work = (self._dress, self._keep_pace, self._watch_consent, self._report)
        try:
            await self._serve(begin, work, stage.close)
        finally:
            await viewers.close()
            self._measures.over()
            await egress.close()

    def drain(self) -> None:
        """Ask the performer to have another worker take over; this leg goes on until then."""
        self._draining = True
        self._say(Draining())

    # -- steps

    async def _dress(self) -> None:
        """Put on what is wished for, one wish after the other."""
        while True:
            wish = await self._wishes.get()
            stage = self._stage
            try:
                face = await self._faces.get(wish.identity, wish.engine)
                wearer = await self._wearer_of(face)
                self._put_on(face, wearer, fallback=False)
            except TalchumError as error:
                logger.warning("a face was refused: %s", error.code)
                self._say(Refused(code=error.code, message=error.message))
                if stage is not None and self._worn is None:
                    stage.show_card("identity_invalid")

    async def _keep_pace(self) -> None:
        """Wear the same identity by a lighter engine when frames come faster than they are rendered.

        Only another wish of the performer ends it (see `FrameBudget`).
        """
        hopeless: Wearing | None = None
        while True:
            await asyncio.sleep(PACE_SECONDS)
            stage, worn = self._stage, self._worn
            if stage is None or worn is None or worn is hopeless or not stage.over_budget:
                continue
            hopeless = worn  # it is tried once
            lighter = FALLBACK_ENGINES.get(worn.engine)
            if lighter is None:
                continue
            try:
                face = await self._faces.get(worn.identity, lighter)
                if self._worn is worn:  # else another wish was granted meanwhile
                    logger.warning("%s is too slow here, %s is worn in its place", worn.engine, lighter)
                    self._put_on(face, self._wearer, fallback=True)
            except TalchumError as error:
                logger.warning(
                    "%s is too slow here, and %s is not to be had: %s", worn.engine, lighter, error.code
                )

    async def _watch_consent(self) -> None:
        """Take a person's face off as soon as nothing lets this performer wear it any more."""
        while True:
            await asyncio.sleep(CONSENT_SECONDS)
            worn, stage = self._worn, self._stage
            if worn is None or stage is None or self._consent is None:
                continue
            if self._rights.by_which(self._order.account, worn.identity) is None:
                logger.warning("the consent for a worn face has ended")
                stage.take_off("consent_revoked")
                self._worn = self._consent = None
                self._say(Refused(code="consent_revoked", message="the consent for this face has ended"))

    def _consent_to(self, face: WornFace) -> Consent | None:
        """By which consent it is worn, None for what shows nobody.

        Raises IdentityError (`identity_not_allowed`).
        """
        if face.kind not in CONSENTED_KINDS:
            return None
        consent = self._rights.by_which(self._order.account, face.identity)
        if consent is None:
            raise IdentityError(
                "got a person's face that this performer has no consent to wear", code="identity_not_allowed"
            )
        return consent

    async def _wearer_of(self, face: WornFace) -> WearerCheck | None:
        """What sees that nobody but its owner wears a face of kind `self`."""
        if face.kind != "self":
            return None
        self._consent_to(face)  # nobody else learns whether it could be checked
        return await asyncio.to_thread(self._owners.check, face.identity)

    def _put_on(self, face: WornFace, wearer: WearerCheck | None, *, fallback: bool) -> None:
        """Wear a face from now on. Raises IdentityError (`identity_not_allowed`)."""
        consent = self._consent = self._consent_to(face)
        # The other participant is told before they can see it.
        worn = Worn(
            identity=face.identity,
            kind=face.kind,
            engine=face.engine,
            consent=None if consent is None else consent.id,
            fallback=fallback,
        )
        self._client.send(worn)
        if self._stage is not None:
            self._stage.wear(face, wearer)
            self._measures.engine = face.engine
        self._wearer = wearer
        self._fallback = fallback
        self._worn = Wearing(identity=face.identity, engine=face.engine)
        self._say(self._worn)

    def _went_out(self, frame: EgressFrame, age: float | None) -> None:
        self._measures.went_out(frame, age)
        shows_face = frame.kind != "card"
        if shows_face and not self._shows_face:
            self._news.set()
        self._shows_face = shows_face

    async def _until_report_is_due(self) -> None:
        """Wait for the next report, which comes early where a face has taken a card's place.

        Whoever comes here from a worker that is about to stop waits for that.
        """
        await asyncio.sleep(SOONEST_REPORT_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REPORT_SECONDS - SOONEST_REPORT_SECONDS):
                await self._news.wait()
        self._news.clear()

    async def _report(self) -> None:
        before = PeerStats()
        while True:
            await self._until_report_is_due()
            stage, peer = self._stage, self._peer
            if stage is None or peer is None:
                continue
            try:
                now = await peer.stats()
            except PeerConnectionError:
                return  # it is being closed
            codec = CodecTimes(receiving=now.receiving_since(before), sending=now.sending_since(before))
            before = now
            discarded = self._video.discarded if self._video is not None else 0
            dropped = stage.frames_dropped + discarded
            self._measures.dropped(dropped)
            report = stage.counts.report(dropped, codec, fallback=self._fallback)
            self.frame_age = report.frame_age.p95 or None
            self._say(report)

    def _on_message(self, message: ServerMessage) -> None:
        super()._on_message(message)
        if self._viewers is not None:
            self._viewers.heard(message)

    # -- the connection to the performer

    def video_arrived(self, video: RemoteVideo) -> None:
        """The performer's camera: to the stage, newest frame first."""
        if self._stage is not None and self._video is None:
            self._video = video
            video.read(self._stage.take)

    def channel_opened(self) -> None:
        """Say at once what was to be said before."""
        if self._worn is not None:
            self._say(self._worn)
        if self._draining:
            self._say(Draining())
        if self._shows_face:
            self._news.set()  # nobody could hear that it does

    def message_arrived(self, text: str) -> None:
        """A wish of the performer."""
        try:
            wish = decode_performer_message(text)
        except MessageError as error:
            self._say(Refused(code=error.code, message=error.message))
            return
        if self._wishes.full():
            self._wishes.get_nowait()  # the newest wish counts
        self._wishes.put_nowait(wish)

    def _say(self, message: FromFaceWorker) -> None:
        if self._peer is not None:
            self._peer.send_message(encode_leg_message(message))
