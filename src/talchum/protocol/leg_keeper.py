"""When a performer asks for a face leg, which one is shown, and when one is given back.

Without I/O: it is told what happened and which legs return frames, and answers with what to ask the call
server. A leg that falls silent is not given up for the next one before that returns frames, since on a busy
machine the same leg is likely to speak again first. A leg whose worker is about to stop is shown until its
successor has shown a face for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

SILENT_SECONDS = 1.0
"""A leg that returned frames and stopped this long ago gets a successor; each further one waits longer."""

LONGEST_SILENT_SECONDS = 8.0
FIRST_FRAME_SECONDS = 8.0
SETTLED_SECONDS = 1.0
STEADY_SECONDS = 5.0
LONGEST_QUEUE_SECONDS = 75.0
"""A call server gives a queued request up before that, and says so."""

FACE_SECONDS = 3.0
"""A successor that returns frames for this long takes over also when it shows no face: none may be there."""

FLOWING_SECONDS = 0.5
"""A successor shows a face for this long first: behind a connection's first frame the next may be held up."""

RETRY_SECONDS = 1.0
MOST_LEGS = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a leg under this name."""

    request: str


@dataclass(frozen=True, slots=True)
class Release:
    """The leg of this name is no longer wanted."""

    request: str


Step = Ask | Release


@dataclass(slots=True)
class _Leg:
    asked_at: float
    queued: bool = False
    first_at: float | None = None
    alive_at: float | None = None
    face_at: float | None = None
    draining: bool = False

    @property
    def patience(self) -> float:
        """Seconds that its first frame may take from when it was asked for or, once queued, taken."""
        return LONGEST_QUEUE_SECONDS if self.queued else FIRST_FRAME_SECONDS

    def returns(self, now: float, *, shows_face: bool) -> None:
        """It returns frames at the moment."""
        self.alive_at = now
        self.first_at = now if self.first_at is None else self.first_at
        if not shows_face:
            self.face_at = None
        elif self.face_at is None:
            self.face_at = now

    def may_take_over(self, now: float) -> bool:
        """Whether it may be shown in the place of one that shows a face."""
        if self.draining or self.first_at is None:
            return False
        flows = self.face_at is not None and now - self.face_at >= FLOWING_SECONDS
        return flows or now - self.first_at >= FACE_SECONDS


class LegKeeper:
    """Keeps one leg alive. new_request: makes a name that was not used before."""

    def __init__(self, new_request: Callable[[], str]) -> None:
        self._new_request = new_request
        self._legs: dict[str, _Leg] = {}  # oldest first
        self._patience = SILENT_SECONDS
        self._retry_at: float | None = None
        self._worn_since = 0.0
        self.worn = ""

    def expects(self, request: str | None) -> bool:
        """Whether a worker that answers this request is welcome."""
        return request in self._legs

    def begin(self, now: float) -> list[Step]:
        """A face was chosen."""
        return self._ask(now)

    def queued(self, request: str) -> None:
        """No worker is free for it yet; asking again would only lose its place."""
        if request in self._legs:
            self._legs[request].queued = True

    def answered(self, request: str, now: float) -> None:
        """A worker takes it, and has its own time to return frames."""
        if request in self._legs:
            self._legs[request].queued = False
            self._legs[request].asked_at = now

    def ended(self, request: str, now: float) -> list[Step]:
        """The worker of a leg is gone."""
        if self._legs.pop(request, None) is None:
            return []
        if self.worn == request:
            self.worn = ""
        return [] if self._has_lasting or self._retry_at is not None else self._ask(now)

    def draining(self, request: str, now: float) -> list[Step]:
        """The worker of a leg is about to stop: another leg is to take over while this one goes on."""
        leg = self._legs.get(request)
        if leg is None or leg.draining:
            return []
        leg.draining = True
        return [] if self._has_lasting or self._retry_at is not None else self._replace(now)

    def refused(self, request: str, now: float, *, retryable: bool) -> list[Step]:
        """No worker took a request."""
        if self._legs.pop(request, None) is not None and not self._has_lasting and retryable:
            self._retry_at = now + RETRY_SECONDS
        return []

    def tick(self, now: float, alive: Collection[str], faces: Collection[str] = ()) -> list[Step]:
        """Time passes.

        alive: requests whose legs return frames at the moment. faces: those of them that show a face.
        """
        returning = [request for request in self._legs if request in alive]
        for request in returning:
            self._legs[request].returns(now, shows_face=request in faces)
        if not returning:
            self.worn = ""
            return self._look_for_another(now)
        if self.worn not in returning:
            self.worn, self._worn_since = returning[-1], now
        elif self._legs[self.worn].draining:
            self._hand_over(returning, now)
        return self._settle(now)

    @property
    def _has_lasting(self) -> bool:
        """Whether a leg is there, or on its way, whose worker does not mean to stop."""
        return not all(leg.draining for leg in self._legs.values())

    def _hand_over(self, returning: list[str], now: float) -> None:
        for request in reversed(returning):
            if self._legs[request].may_take_over(now):
                self.worn, self._worn_since = request, now
                return

    def _settle(self, now: float) -> list[Step]:
        if now - self._worn_since >= STEADY_SECONDS:
            self._patience = SILENT_SECONDS
        if self._legs[self.worn].draining:
            return self._mind_successor(now)
        if now - self._worn_since < SETTLED_SECONDS:
            return []
        return [self._release(request) for request in list(self._legs) if request != self.worn]

    def _mind_successor(self, now: float) -> list[Step]:
        """While a leg that is about to end is shown: ask again when nothing came of asking."""
        if self._retry_at is not None:
            return self._ask(now) if now >= self._retry_at else []
        late = [
            request
            for request, leg in self._legs.items()
            if not leg.draining and leg.alive_at is None and now - leg.asked_at >= leg.patience
        ]
        return [*map(self._release, late), *self._ask(now)] if late else []

    def _replace(self, now: float) -> list[Step]:
        """Ask for another leg, and give up for it what is not shown if there are too many."""
        spare = [request for request in self._legs if request != self.worn]
        given_up = spare[: max(0, len(self._legs) - MOST_LEGS + 1)]
        return [*map(self._release, given_up), *self._ask(now)]

    def _look_for_another(self, now: float) -> list[Step]:
        if self._retry_at is not None:
            return self._ask(now) if now >= self._retry_at else []
        if not self._legs:
            return []
        newest = next(reversed(self._legs.values()))
        if newest.alive_at is None:
            waited, patience = now - newest.asked_at, newest.patience
        else:
            waited, patience = now - newest.alive_at, self._patience
        if waited < patience:
            return []
        self._patience = min(LONGEST_SILENT_SECONDS, 2 * self._patience)
        oldest = [self._release(next(iter(self._legs)))] if len(self._legs) >= MOST_LEGS else []
        return [*oldest, *self._ask(now)]

    def _ask(self, now: float) -> list[Step]:
        self._retry_at = None
        request = self._new_request()
        self._legs[request] = _Leg(now)
        return [Ask(request)]

    def _release(self, request: str) -> Release:
        del self._legs[request]
        return Release(request)
