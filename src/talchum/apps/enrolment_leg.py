"""A leg that enrols its performer: their camera in, prompts out through the data channel, no picture back."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Protocol

from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.remote_tracks import RemoteVideo
from talchum.apps.enrolment_stage import EnrolmentStage, Recorded, Watcher
from talchum.apps.worker_leg import Place, WorkerLeg
from talchum.domain.acts import Plan, draw_plan, held_seconds
from talchum.domain.enrolment import WINDOW_SECONDS, Again, Asked, Ended, Event, Performed
from talchum.domain.enrolment_offer import EnrolmentOffer
from talchum.domain.errors import TalchumError
from talchum.protocol.enrolment_messages import (
    AskedAgain,
    EnrolmentMessage,
    EnrolmentOver,
    EnrolmentRefused,
    Progress,
    PromptDone,
    Prompted,
    encode_enrolment_message,
)
from talchum.protocol.worker_candidates import Reachability

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.2
FAREWELL_SECONDS = 2.0
"""From the last message to the end of the leg, so that it arrives."""


class Desk(Protocol):
    """What is asked of `talchum.apps.enrolment_desk.EnrolmentDesk`; everything blocks."""

    def take(self, nonce: str, account: str) -> EnrolmentOffer:
        """Begin an enrolment that was offered. Raises EnrolmentError, DatabaseError."""

    def fail(self, nonce: str, end: str) -> None:
        """It was not passed."""

    def keep(self, offer: EnrolmentOffer, recorded: Recorded) -> None:
        """It was passed: keep what was recorded and have it learned."""


class EnrolmentLeg(WorkerLeg):
    """Enrols one person once. nonce: of the offer. account: who asked for the leg."""

    def __init__(
        self,
        place: Place,
        nonce: str,
        account: str,
        desk: Desk,
        make_watcher: Callable[[], Watcher],
        *,
        rng: random.Random | None = None,
        reachable: Reachability = "direct",
    ) -> None:
        super().__init__(place, reachable=reachable)
        self._nonce = nonce
        self._account = account
        self._desk = desk
        self._make_watcher = make_watcher
        self._rng = rng or random.SystemRandom()
        self._open = asyncio.Event()
        self._plan: Plan | None = None
        self._stage: EnrolmentStage | None = None
        self._video: RemoteVideo | None = None
        self._outcome: asyncio.Future[tuple[str, Recorded | None]] = asyncio.Future()
        self._told = 0.0

    async def run(self) -> None:
        """Serve until it is over or the performer leaves; `reason` says which."""
        await self._serve(self._begin, (self._enrol,), self._close)

    async def _begin(self, peer: WebRtcPeer) -> None:
        """Nothing is sent back: the page shows its own camera."""

    async def _enrol(self) -> None:
        await self._open.wait()
        offer = None
        try:
            offer = await asyncio.to_thread(self._desk.take, self._nonce, self._account)
            watcher = await asyncio.to_thread(self._make_watcher)
            end, recorded = await self._watched(watcher)
            await self._put_away(offer, end, recorded)
        except TalchumError as error:
            logger.warning("an enrolment was refused: %s", error.code)
            self._say(EnrolmentRefused(code=error.code, message=error.message))
        await asyncio.sleep(FAREWELL_SECONDS)
        self.end("enrolled")

    async def _watched(self, watcher: Watcher) -> tuple[str, Recorded | None]:
        self._plan = draw_plan(self._rng)
        self._stage = EnrolmentStage(watcher, self._plan, self._rng, self._seen, self._over)
        self._stage.start()
        if self._video is not None:
            self._video.read(self._stage.take)
        return await self._outcome

    async def _put_away(self, offer: EnrolmentOffer, end: str, recorded: Recorded | None) -> None:
        if recorded is None:
            await asyncio.to_thread(self._desk.fail, offer.nonce, end)
            if end in ("stage_failed", "media_file_unwritable"):
                self._say(EnrolmentRefused(code=end, message="the enrolment could not be recorded"))
            else:
                self._say(EnrolmentOver(end=end))  # type: ignore[arg-type]  # of `End`
            return
        await asyncio.to_thread(self._desk.keep, offer, recorded)
        self._say(EnrolmentOver(end="passed"))

    async def _close(self) -> None:
        if self._stage is not None:
            await self._stage.close()

    # -- what the stage says, on the event loop

    def _seen(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Asked(prompt):
                    self._say(self._prompted(prompt))
                case Performed(prompt):
                    self._say(PromptDone(prompt=prompt))
                case Again(prompt, why):
                    self._say(AskedAgain(prompt=prompt, why=why))
                case Ended():
                    pass  # said when what was recorded is kept
        now = time.monotonic()
        if self._stage is not None and (events or now - self._told >= PROGRESS_SECONDS):
            self._told = now
            state = self._stage.enrolment
            self._say(Progress(hint=state.hint, begun=state.begun, done=state.done, left=state.left))

    def _prompted(self, prompt: str) -> Prompted:
        words = self._plan.words if self._plan is not None and prompt == "say-words" else {}
        recorded = prompt in ("say-words", "hand-on-cheek")
        return Prompted(
            prompt=prompt,
            seconds=held_seconds(prompt) if recorded else WINDOW_SECONDS,
            words={language: list(listed) for language, listed in words.items()},
        )

    def _over(self, end: str, recorded: Recorded | None) -> None:
        if not self._outcome.done():
            self._outcome.set_result((end, recorded))

    # -- the connection to the performer

    def video_arrived(self, video: RemoteVideo) -> None:
        """The performer's camera: to the stage, newest frame first."""
        if self._video is None:
            self._video = video
            if self._stage is not None:
                video.read(self._stage.take)

    def channel_opened(self) -> None:
        """Now somebody can be told what to do."""
        self._open.set()

    def message_arrived(self, text: str) -> None:
        """Nothing is taken from who enrols but what they show."""

    def _say(self, message: EnrolmentMessage) -> None:
        if self._peer is not None:
            self._peer.send_message(encode_enrolment_message(message))
