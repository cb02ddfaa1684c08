"""Delays as they are reported: the middle and the slow end of what was measured."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

KEPT = 20_000  # eleven minutes at 30 frames a second


class Delays:
    """The newest delays, in seconds."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        return len(self._seconds)

    def add(self, seconds: float) -> None:
        """One more."""
        self._seconds.append(seconds)

    def median_of_last(self, count: int) -> float | None:
        """The median of the last few, None when there are fewer."""
        if len(self._seconds) < count:
            return None
        return float(np.median([self._seconds[-index] for index in range(1, count + 1)]))

    def milliseconds(self) -> dict[str, float] | None:
        """{"p50": ms, "p95": ms}, None when nothing was measured."""
        if not self._seconds:
            return None
        p50, p95 = np.percentile(np.fromiter(self._seconds, float), [50, 95]) * 1000
        return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


@dataclass(frozen=True, slots=True)
class Total:
    """Seconds spent in all on a number of things, as W3C webrtc-stats counts them."""

    seconds: float = 0.0
    count: int = 0

    def mean_since(self, earlier: Total) -> float | None:
        """Seconds for each thing since an earlier count, None when there was none."""
        count = self.count - earlier.count
        return max(0.0, self.seconds - earlier.seconds) / count if count > 0 else None


NOTHING_YET = Total()
