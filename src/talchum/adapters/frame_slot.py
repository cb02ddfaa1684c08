"""Room for one frame between an event loop and a thread: the newest wins."""

from __future__ import annotations

import threading

from talchum.domain.frame import I420Frame


class FrameSlot:
    """Holds the newest frame until a thread takes it.

    `dropped` counts frames that a newer one replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: tuple[I420Frame, float] | None = None
        self._closed = False
        self.dropped = 0

    def put(self, frame: I420Frame, arrived: float) -> None:
        """Leave a frame that arrived at `arrived` (monotonic seconds)."""
        with self._condition:
            if self._item is not None:
                self.dropped += 1
            self._item = (frame, arrived)
            self._condition.notify()

    def take(self, timeout: float) -> tuple[I420Frame, float] | None:
        """The newest frame and its arrival, or None after `timeout` seconds or when closed."""
        with self._condition:
            if self._item is None and not self._closed:
                self._condition.wait(timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake whoever waits; nothing is lost but the frame that is in it."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed
