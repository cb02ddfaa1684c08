"""Whether a leg keeps up with its frames: the time a stage takes against the time between arriving frames.

A decision stands once it is made and is forgotten only with `begin`, which follows another wish of the
performer. What a heavier engine would cost is not measured while a lighter one is worn, so going back by
itself would be a guess, and a wrong guess shows the other person two faces in turn.
"""

from __future__ import annotations

from collections import deque
from statistics import median

WINDOW_SECONDS = 2.0
"""What is looked at; a first frame or a hiccup of the machine does not weigh in its median."""

FEWEST_FRAMES = 5
"""Frames that must have been worked on, however long that took."""

MARGIN = 1.25
"""Over budget is a stage that takes so many frame intervals: fewer than 24 of 30 frames a second are left."""


class FrameBudget:
    """Counts one leg's frames as they arrive and as they are worked on; times are monotonic seconds."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._arrivals: deque[float] = deque()
        self._stage_times: deque[tuple[float, float]] = deque()
        self._over = False

    def begin(self, now: float) -> None:
        """Another face is put on: what went before says nothing about it."""
        self._since = now
        self._stage_times.clear()
        self._over = False

    def arrived(self, now: float) -> None:
        """A frame has arrived, whether or not anybody will have time for it."""
        self._arrivals.append(now)
        while now - self._arrivals[0] > WINDOW_SECONDS:
            self._arrivals.popleft()

    def worked(self, now: float, seconds: float) -> None:
        """A frame was worked on for so many seconds, and is done now."""
        times = self._stage_times
        times.append((now, seconds))
        while len(times) > FEWEST_FRAMES and now - times[0][0] > WINDOW_SECONDS:
            times.popleft()
        self._over = self._over or self._is_over(now)

    @property
    def over(self) -> bool:
        """Whether frames came faster than they could be worked on, at any time since `begin`."""
        return self._over

    def _is_over(self, now: float) -> bool:
        if self._since is None or now - self._since < WINDOW_SECONDS:
            return False
        if len(self._stage_times) < FEWEST_FRAMES or len(self._arrivals) < FEWEST_FRAMES:
            return False
        interval = (self._arrivals[-1] - self._arrivals[0]) / (len(self._arrivals) - 1)
        return median(seconds for _, seconds in self._stage_times) > MARGIN * interval
