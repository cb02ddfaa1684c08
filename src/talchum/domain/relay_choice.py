"""By which way another person's worn face is shown: by its performer's client, or from its face worker.

Both carry the same pictures at once while there is a choice, so that changing over needs no gap. Nothing in a
picture says when it was taken; how late it is by either way is what each side measures of its own part:

    client  loop + (sending + round trip / 2 + receiving), those of performer and viewer
    server  loop - returning + (round trip / 2 + receiving), those of face worker and viewer

`loop` and `returning`, the part of it behind the face worker's encoder, are told by the performer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Way = Literal["client", "server"]
"""Client relay, which is always there, or server relay."""

FAR_SECONDS = 0.02
"""A round trip of a performer's; the shorter of theirs to worker and viewer is what server relay saves."""

ENOUGH_MEASURES = 5
"""Of a round trip, one a second, before it says how long a line is."""


def is_worth_opening(to_worker: float | None, to_viewer: float) -> bool:
    """Whether server relay can gain what another encoder costs, by the performer's round trips, s."""
    return to_worker is not None and min(to_worker, to_viewer) >= FAR_SECONDS


class LineLength:
    """The shortest round trip of a connection: a busy machine lengthens single ones, none gets shorter."""

    def __init__(self) -> None:
        self._least: float | None = None
        self._measures = 0

    def measured(self, round_trip: float | None) -> None:
        """One more, seconds; None changes nothing."""
        if round_trip is not None:
            self._least = round_trip if self._least is None else min(self._least, round_trip)
            self._measures += 1

    @property
    def seconds(self) -> float | None:
        """None until it has been measured often enough."""
        return self._least if self._measures >= ENOUGH_MEASURES else None


@dataclass(frozen=True, slots=True)
class RelayRule:
    """When to change over, in seconds.

    margin: by how much the other way must be faster, and for how long (patience). silence: without a frame
    for this long, while the client's go on, the server's way is given up.
    """

    margin: float = 0.015
    patience: float = 2.0
    silence: float = 0.2


class RelayChoice:
    """Begins with the client's way and goes back to it whenever there is any doubt about the other."""

    def __init__(self, rule: RelayRule = RelayRule()) -> None:
        self._rule = rule
        self._gain: float | None = None
        self._last_from_server = float("-inf")
        self._missed = 0
        self._faster_since: float | None = None
        self.way: Way = "client"

    def measured(self, now: float, client: float | None, server: float | None) -> None:
        """How late pictures are by either way, seconds; None while unknown, which changes nothing."""
        if client is None or server is None:
            return
        gain = client - server
        # Half old, half new: one odd second changes nothing.
        self._gain = gain if self._gain is None else (self._gain + gain) / 2
        if not self._other_is_faster():
            self._faster_since = None
        elif self._faster_since is None:
            self._faster_since = now

    def arrived(self, way: Way, now: float) -> None:
        """A frame that may be shown came this way; only with one in hand it changes over."""
        if way == "server":
            self._last_from_server, self._missed = now, 0
        else:
            self._missed += 1
        since = self._faster_since
        # When a face worker halts, both ways do; the first frame of the client's may have been on its way.
        if self._missed > 1 and now - self._last_from_server > self._rule.silence:
            self.server_lost()
        elif way != self.way and since is not None and now - since >= self._rule.patience:
            self._go(way)

    def server_lost(self) -> None:
        """The worker is silent, gone, or closed to us: what was known of it holds no more."""
        self._gain = None
        self._last_from_server = float("-inf")
        self._go("client")

    @property
    def lead(self) -> float:
        """Seconds by which the picture that is shown is earlier than the client's."""
        return (self._gain or 0.0) if self.way == "server" else 0.0

    def _other_is_faster(self) -> bool:
        gain = self._gain
        return gain is not None and (gain if self.way == "client" else -gain) >= self._rule.margin

    def _go(self, way: Way) -> None:
        self.way = way
        self._faster_since = None
