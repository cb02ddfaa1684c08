"""Server relay, the performer's end: the worn leg, and no other, is open to every other participant."""

from __future__ import annotations

from collections.abc import Callable, Collection

from talchum.protocol.messages import ClientMessage, OpenFaceLeg

AGAIN_SECONDS = 0.5
"""After a refusal: the call server hears from the worker what it wears, and may hear it later than we do."""


class LegOpener:
    """Says what has changed. send: gives a message to the call server."""

    def __init__(self, send: Callable[[ClientMessage], None]) -> None:
        self._send = send
        self._opened: list[tuple[str, str]] = []
        self._quiet_until = float("-inf")

    def mind(self, now: float, worn: str | None, legs: Collection[str], others: Collection[str]) -> None:
        """Time passes. worn: the request of the leg whose picture is shown, None while there is none.

        legs: all requests that are served. A leg that halts stays open until another is worn.
        """
        self._opened = [(leg, other) for leg, other in self._opened if leg in legs and other in others]
        if worn is None or now < self._quiet_until:
            return
        for leg, other in self._opened:
            if leg != worn:
                self._send(OpenFaceLeg(request=leg, to=other, open=False))
        for other in others:
            if (worn, other) not in self._opened:
                self._send(OpenFaceLeg(request=worn, to=other))
        self._opened = [(worn, other) for other in others]

    def refused(self, now: float) -> None:
        """One was refused; opening what is open already says nothing to anybody."""
        self._opened.clear()
        self._quiet_until = now + AGAIN_SECONDS
