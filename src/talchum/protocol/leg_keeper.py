"""When a performer asks for a face leg, which one is shown, and when one is given back.

Without I/O: it is told what happened and which legs return frames, and answers with what to ask the call
server. A leg that falls silent is not given up for the next one before that returns frames, since on a busy
machine the same leg is likely to speak again first.
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
    alive_at: float | None = None


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
        return [] if self._legs else self._ask(now)

    def refused(self, request: str, now: float, *, retryable: bool) -> list[Step]:
        """No worker took a request."""
        if self._legs.pop(request, None) is not None and not self._legs and retryable:
            self._retry_at = now + RETRY_SECONDS
        return []

    def tick(self, now: float, alive: Collection[str]) -> list[Step]:
        """Time passes. alive: requests whose legs return frames at the moment."""
        returning = [request for request in self._legs if request in alive]
        for request in returning:
            self._legs[request].alive_at = now
        if not returning:
            self.worn = ""
            return self._look_for_another(now)
        if self.worn not in returning:
            self.worn, self._worn_since = returning[-1], now
        return self._settle(now)

    def _settle(self, now: float) -> list[Step]:
        if now - self._worn_since >= STEADY_SECONDS:
            self._patience = SILENT_SECONDS
        if now - self._worn_since < SETTLED_SECONDS:
            return []
        return [self._release(request) for request in list(self._legs) if request != self.worn]

    def _look_for_another(self, now: float) -> list[Step]:
        if self._retry_at is not None:
            return self._ask(now) if now >= self._retry_at else []
        if not self._legs:
            return []
        newest = next(reversed(self._legs.values()))
        if newest.alive_at is None:
            waited = now - newest.asked_at
            patience = LONGEST_QUEUE_SECONDS if newest.queued else FIRST_FRAME_SECONDS
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
