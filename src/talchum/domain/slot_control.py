"""How many legs a face worker offers, by how old its frames get: few enough that nobody's call gets worse.

Without a clock: it is told the time. It starts from the calibrated number; frames that stay late take it
below the legs that are served, so that the next one goes elsewhere, and frames that stay early while all
slots are in use raise it by one.
"""

from __future__ import annotations

import math

LATE_AGE = 0.100
"""Seconds from a frame's arrival to its egress, at the 95th percentile, that are too much."""

CALM_AGE = 0.060
"""What leaves room for one leg more."""

LATE_SECONDS = 3.0
CALM_SECONDS = 10.0
SHY_SECONDS = 60.0
"""How long nothing is raised after frames were late, so that it does not swing."""

HEAD_ROOM = 1.25
"""Slots at most, of the calibrated number: the calibration is of a second without other legs."""


def most_slots(calibrated: int) -> int:
    """The most slots that a worker calibrated for so many may come to offer."""
    return max(calibrated + 1, math.floor(calibrated * HEAD_ROOM))


class SlotControl:
    """The slots of one worker. calibrated: how many it begins with; it offers 1 to `most_slots` of them."""

    def __init__(self, calibrated: int) -> None:
        self._most = most_slots(calibrated)
        self.slots = calibrated
        self._late_since: float | None = None
        self._calm_since: float | None = None
        self._shy_until = 0.0

    def observe(self, now: float, frame_age: float | None, legs: int) -> int:
        """The slots to offer from now on.

        now: monotonic seconds. frame_age: the oldest p95 of the legs, seconds; None while none has frames.
        legs: how many are served.
        """
        late = frame_age is not None and frame_age > LATE_AGE
        calm = frame_age is not None and frame_age < CALM_AGE and legs >= self.slots
        self._late_since = (now if self._late_since is None else self._late_since) if late else None
        self._calm_since = (now if self._calm_since is None else self._calm_since) if calm else None
        if self._late_since is not None and now - self._late_since >= LATE_SECONDS:
            self._late_since = None
            self._shy_until = now + SHY_SECONDS
            self.slots = max(1, min(self.slots, legs - 1))
        elif self._calm_since is not None and now - self._calm_since >= CALM_SECONDS and self._may_rise(now):
            self._calm_since = None
            self.slots += 1
        return self.slots

    def _may_rise(self, now: float) -> bool:
        return now >= self._shy_until and self.slots < self._most
