"""The face legs of one performer: asked for, connected, minded, and given back."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.sources import CameraVideo, ReturnedVideo
from talchum.apps.worn_leg import WornLeg, WornLegCounts
from talchum.protocol.leg_keeper import LegKeeper, Release, Step
from talchum.protocol.messages import (
    ClientMessage,
    Describe,
    IceServer,
    Peer,
    ReleaseFaceLeg,
    RequestFaceLeg,
    Trickle,
)

logger = logging.getLogger(__name__)

STAMPED_FRAMES = 15


class PerformerLegs:
    """Keeps a face on: one leg is worn, and its successor is connected before it is let go.

    send: gives a message to the call server. spawn: runs something beside, and keeps hold of it.
    """

    def __init__(
        self,
        identity: str,
        engine: str | None,
        camera: CameraVideo,
        counts: WornLegCounts,
        send: Callable[[ClientMessage], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._identity = identity
        self._engine = engine
        self._camera = camera
        self._counts = counts
        self._send = send
        self._spawn = spawn
        self._legs: dict[str, WornLeg] = {}
        self._keeper = LegKeeper(lambda: secrets.token_urlsafe(9))
        self._waiting = ""
        self.card_reason = "nothing_ready"

    @property
    def returned(self) -> ReturnedVideo | None:
        """The picture with the face, None while there is none that may be shown."""
        for leg in self._legs.values():
            if leg.request == self._keeper.worn and (returned := leg.returned) is not None:
                return returned
        return None

    @property
    def worker(self) -> str:
        """The face worker whose picture is worn, empty while there is none."""
        return next((leg.worker for leg in self._legs.values() if leg.request == self._keeper.worn), "")

    @property
    def legs(self) -> list[WornLeg]:
        """Those that are connected or on their way."""
        return list(self._legs.values())

    @property
    def shown(self) -> str | None:
        """The request of the leg whose picture that is, None while there is none."""
        return self._keeper.worn if self.returned is not None else None

    @property
    def lines(self) -> dict[str, float | None]:
        """The requests that a worker answers, and the shortest round trip to it, None while unknown."""
        return {leg.request: leg.line for leg in self._legs.values()}

    @property
    def returning(self) -> float | None:
        """Seconds from the worker's encoder back to here, of the worn leg; None while unknown."""
        return next((leg.returning for leg in self._legs.values() if leg.request == self._keeper.worn), None)

    @property
    def peers(self) -> list[WebRtcPeer]:
        """The connections to face workers."""
        return [leg.peer for leg in self._legs.values()]

    async def delay(self) -> float | None:
        """Seconds from a frame's leaving to its coming back with the face, None while unknown.

        Read from the pictures where they are stamped, else from what both sides of the leg measure.
        """
        for leg in list(self._legs.values()):
            await leg.measure()
        read = self._counts.round_trip.median_of_last(STAMPED_FRAMES)
        if read is not None:
            return read
        return next((leg.delay for leg in self._legs.values() if leg.request == self._keeper.worn), None)

    def peer(self, name: str) -> WebRtcPeer | None:
        """The connection to this face worker, None when it is none of ours."""
        leg = self._legs.get(name)
        return leg.peer if leg is not None else None

    def begin(self, now: float) -> None:
        """Ask for the first leg."""
        self._do(self._keeper.begin(now))

    def queued(self, request: str, place: int) -> None:
        """A request waits for a face worker, at this place."""
        # Where a worker is free a request is next in line for a moment only, which is no news.
        news = place > 1 or request == self._waiting
        logger.log(
            logging.WARNING if news else logging.INFO, "number %d in the queue for a face worker", place
        )
        self._waiting = request
        self._keeper.queued(request)

    def meet(self, worker: Peer, ice_servers: tuple[IceServer, ...], now: float) -> None:
        """A face worker joined the room."""
        if not self._keeper.expects(worker.face_leg) or worker.id in self._legs:
            return
        self._keeper.answered(worker.face_leg or "", now)
        leg = self._legs[worker.id] = WornLeg(
            worker.face_leg or "",
            worker.id,
            self._camera,
            self._counts,
            lambda description: self._send(Describe(to=worker.id, description=description)),
            lambda candidate: self._send(Trickle(to=worker.id, candidate=candidate)),
            ice_servers,
            polite=worker.polite,
        )
        self._spawn(leg.open())

    def part(self, worker: str, now: float) -> None:
        """A peer left the room; if it was a face worker, another takes its place."""
        leg = self._legs.pop(worker, None)
        if leg is None:
            return
        self._spawn(leg.close())
        if self._keeper.expects(leg.request):
            logger.warning("the face worker is gone")
            self.card_reason = "leg_lost"
            self._do(self._keeper.ended(leg.request, now))

    def refused(self, request: str, now: float, *, retryable: bool) -> None:
        """No face worker took a request."""
        self._do(self._keeper.refused(request, now, retryable=retryable))

    def mind(self, now: float) -> None:
        """Time passes: notice a leg that fell silent or speaks again."""
        worn = self._keeper.worn
        legs = self.legs
        for leg in legs:
            if leg.draining:
                self._do(self._keeper.draining(leg.request, now))
        alive = {leg.request for leg in legs if leg.returned}
        self._do(self._keeper.tick(now, alive, {leg.request for leg in legs if leg.shows_face}))
        if worn and not self._keeper.worn:
            logger.warning("the face leg is silent")
            self.card_reason = "leg_lost"
        elif self._keeper.worn and not worn:
            logger.info("the face is on")
        elif self._keeper.worn != worn:
            logger.info("the face comes from another worker")

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Release):
                self._send(ReleaseFaceLeg(request=step.request))
            else:
                self._send(RequestFaceLeg(request=step.request, identity=self._identity, engine=self._engine))
