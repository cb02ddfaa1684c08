"""Server relay, the performer's end: the worn leg, and no other, is open to others where that pays."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from talchum.domain.relay_choice import is_worth_opening
from talchum.protocol.messages import ClientMessage, OpenFaceLeg

AGAIN_SECONDS = 0.5
"""After a refusal: the call server hears from the worker what it wears, and may hear it later than we do."""


class LegOpener:
    """Says what has changed. send: gives a message to the call server. always: also where it cannot pay."""

    def __init__(self, send: Callable[[ClientMessage], None], *, always: bool) -> None:
        self._send = send
        self._always = always
        self._opened: list[tuple[str, str]] = []
        self._ending: set[str] = set()
        self._quiet_until = float("-inf")

    def mind(
        self,
        now: float,
        worn: str | None,
        legs: Mapping[str, float | None],
        others: Mapping[str, float],
    ) -> None:
        """Time passes. worn: the request of the leg whose picture is shown, None while there is none.

        legs: all requests that are served. others: the other participants who are connected. Both with the
        shortest round trip to them, seconds, None while unknown. A leg that halts stays open until another is
        worn.
        """
        self._opened = [(leg, other) for leg, other in self._opened if leg in legs and other in others]
        self._ending.intersection_update(legs)
        if worn is None or worn in self._ending or now < self._quiet_until:
            return
        for leg, other in self._opened:
            if leg != worn:
                self._send(OpenFaceLeg(request=leg, to=other, open=False))
        opened = {other for leg, other in self._opened if leg == worn}
        new = [other for other in others if other not in opened and self._pays(legs[worn], others[other])]
        for other in new:
            self._send(OpenFaceLeg(request=worn, to=other))
        self._opened = [(worn, other) for other in (*opened, *new)]

    def withdraw(self, leg: str) -> None:
        """This leg is about to end: who sees it goes back to the client's picture before it does."""
        for opened, other in self._opened:
            if opened == leg:
                self._send(OpenFaceLeg(request=leg, to=other, open=False))
        self._opened = [(opened, other) for opened, other in self._opened if opened != leg]
        self._ending.add(leg)

    def refused(self, now: float) -> None:
        """One was refused; opening what is open already says nothing to anybody."""
        self._opened.clear()
        self._quiet_until = now + AGAIN_SECONDS

    def _pays(self, to_worker: float | None, to_viewer: float) -> bool:
        return self._always or is_worth_opening(to_worker, to_viewer)
