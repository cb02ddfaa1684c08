"""Holds the voice back while the face takes longer, so that lips and voice meet at the other side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

NOTICEABLE_SECONDS = 0.045
"""A voice earlier than the face by less than this is left alone (ITU-R BT.1359: detectable from 45 ms)."""

MOST_SECONDS = 0.25
STEP_SECONDS = 0.02


class VoiceDelay:
    """Passes samples on in order, `seconds` later."""

    def __init__(self, send: Callable[[NDArray[np.int16]], None]) -> None:
        self._send = send
        self._last_due = 0.0
        self._waiting: set[asyncio.TimerHandle] = set()
        self.seconds = 0.0

    def follow(self, face_seconds: float) -> None:
        """The face is slower than the voice by this much now."""
        wanted = min(face_seconds, MOST_SECONDS) if face_seconds > NOTICEABLE_SECONDS else 0.0
        if abs(wanted - self.seconds) > STEP_SECONDS:
            self.seconds = wanted

    def put(self, samples: NDArray[np.int16]) -> None:
        """Samples were spoken now."""
        loop = asyncio.get_running_loop()
        due = max(self._last_due, loop.time() + self.seconds)
        self._last_due = due
        if due <= loop.time():
            self._send(samples)
            return

        def pass_on() -> None:
            self._waiting.discard(handle)
            self._send(samples)

        handle = loop.call_at(due, pass_on)
        self._waiting.add(handle)

    def close(self) -> None:
        """Send nothing more."""
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()
