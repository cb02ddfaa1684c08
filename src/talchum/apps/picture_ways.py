"""By which way another person's face was shown in a call, and what changing over was like."""

from __future__ import annotations

import logging
from statistics import median
from typing import Any

from talchum.domain.delays import Delays
from talchum.domain.relay_choice import RelayChoice, RelayRule, Way

logger = logging.getLogger(__name__)


class PictureWays:
    """Lets the frames of one way through at a time and counts."""

    def __init__(self, rule: RelayRule | None = None) -> None:
        self._choice = RelayChoice(rule or RelayRule())
        self._delays: dict[Way, Delays] = {"client": Delays(), "server": Delays()}
        self._gaps: dict[Way, list[float]] = {"client": [], "server": []}
        self._shown = {"client": 0, "server": 0}
        self._estimates: dict[Way, list[float]] = {"client": [], "server": []}
        self._last: tuple[Way, float] = ("client", float("-inf"))
        self._offered = False

    def offered(self) -> None:
        """A face worker was opened to us."""
        self._offered = True

    @property
    def lead(self) -> float:
        """Seconds by which the picture that is shown is earlier than the one by client relay."""
        return self._choice.lead

    def server_lost(self) -> None:
        """It is gone, or closed to us."""
        self._choice.server_lost()

    def measured(self, now: float, client: float | None, server: float | None) -> None:
        """How late pictures are by either way, seconds, as far as both ends measure; None while unknown."""
        if client is not None and server is not None:
            self._estimates["client"].append(client)
            self._estimates["server"].append(server)
        self._choice.measured(now, client, server)

    def shows(self, way: Way, arrived: float, age: float | None) -> bool:
        """Whether this frame, which may be shown, is. age: seconds since it was taken, where it says so."""
        self._choice.arrived(way, arrived)
        if age is not None:
            self._delays[way].add(age)
        if way != self._choice.way:
            return False
        before, last = self._last
        if before != way:
            logger.info("the picture comes by %s relay", way)
            self._gaps[way].append(arrived - last)
        self._last = (way, arrived)
        self._shown[way] += 1
        return True

    def report(self) -> dict[str, Any] | None:
        """What `talchum call --json` says of it, None where no worker was ever opened.

        gapMs: from the last picture by the other way to the first by this one, for each change to it.
        delayMs: read from stamped pictures. estimatedMs: what both ends measure, the median over seconds.
        """
        if not self._offered:
            return None
        return {
            "way": self._last[0],
            "framesShown": dict(self._shown),
            "gapMs": {way: [round(gap * 1000, 1) for gap in gaps] for way, gaps in self._gaps.items()},
            "delayMs": {way: delays.milliseconds() for way, delays in self._delays.items()},
            "estimatedMs": {
                way: round(median(found) * 1000, 1) if found else None
                for way, found in self._estimates.items()
            },
        }
