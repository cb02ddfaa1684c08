"""By which way another person's worn face is shown: by its performer's client, or from its face worker.

Both carry the same pictures at once while there is a choice, so that changing over needs no gap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal, get_args

Way = Literal["client", "server"]
"""Client relay, which is always there, or server relay."""


@dataclass(frozen=True, slots=True)
class RelayRule:
    """When to change over, in seconds but for `frames`.

    margin: by how much the other way must be faster, and for how long (patience). silence: without a frame
    for this long, while the client's go on, the server's way is given up. frames: whose median is compared.
    """

    margin: float = 0.015
    patience: float = 2.0
    silence: float = 0.2
    frames: int = 15


class RelayChoice:
    """Begins with the client's way and goes back to it whenever there is any doubt about the other."""

    def __init__(self, rule: RelayRule = RelayRule()) -> None:
        self._rule = rule
        self._delays: dict[Way, deque[float]] = {way: deque(maxlen=rule.frames) for way in get_args(Way)}
        self._last_from_server = float("-inf")
        self._missed = 0
        self._faster_since: float | None = None
        self.way: Way = "client"

    def arrived(self, way: Way, now: float, delay: float | None) -> None:
        """A frame that may be shown came this way, `delay` after it was taken where that is known."""
        if way == "server":
            self._last_from_server, self._missed = now, 0
        else:
            self._missed += 1
        if delay is not None:
            self._delays[way].append(delay)
        self.consider(now, way)

    def server_lost(self) -> None:
        """The worker is gone, or closed to us: what was known of it holds no more."""
        self._delays["server"].clear()
        self._last_from_server = float("-inf")
        self._go("client")

    def consider(self, now: float, arrived: Way | None = None) -> None:
        """Let time pass. arrived: the way of a frame that is here; only with one in hand it changes over."""
        # When a face worker halts, both ways do; the first frame of the client's may have been on its way.
        if self._missed > 1 and now - self._last_from_server > self._rule.silence:
            self._delays["server"].clear()
            self._go("client")
        elif not self._other_is_faster():
            self._faster_since = None
        elif self._faster_since is None:
            self._faster_since = now
        elif now - self._faster_since >= self._rule.patience and arrived not in (None, self.way):
            self._go("server" if self.way == "client" else "client")

    @property
    def lead(self) -> float:
        """Seconds by which the picture that is shown is earlier than the client's."""
        return (self._gain() or 0.0) if self.way == "server" else 0.0

    def _gain(self) -> float | None:
        client, server = (self._delays[way] for way in get_args(Way))
        if min(len(client), len(server)) < self._rule.frames:
            return None
        return median(client) - median(server)

    def _other_is_faster(self) -> bool:
        gain = self._gain()
        return gain is not None and (gain if self.way == "client" else -gain) >= self._rule.margin

    def _go(self, way: Way) -> None:
        self.way = way
        self._faster_since = None
