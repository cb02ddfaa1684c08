"""One leg's pixels: frames in, egress frames out, on a thread of its own and never a queue.

The thread works on the newest frame there is. When frames stop coming it shows what the compositor makes of
that (the last good picture, then a card); when the thread itself is stuck in a stage, the event loop's
watchdog shows a card in its place.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from talchum.adapters.frame_slot import FrameSlot
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.frame_budget import FrameBudget
from talchum.protocol.leg_messages import CodecTimes, FrameAge, LegState, Report
from talchum.vision.cards import CardDeck
from talchum.vision.compositor import Compositor
from talchum.vision.marks import Marking
from talchum.vision.pipeline import WornFace
from talchum.vision.wearer import WearerCheck

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.1
"""Without a frame for this long the compositor is asked what to show."""

STUCK_SECONDS = 0.3
"""Without an egress frame for this long a card is shown, whatever the thread does."""

WATCHDOG_SECONDS = 0.05
JOIN_SECONDS = 5.0


class Pipeline(Protocol):
    """What a stage needs of `talchum.vision.pipeline.FacePipeline`."""

    def wear(self, face: WornFace, wearer: WearerCheck | None = None) -> None:
        """Put a face on, from the next frame. wearer: says who it is worn by; None for anybody."""

    def take_off(self) -> None:
        """Wear nothing from the next frame on."""

    def transform(self, frame: I420Frame, now: float) -> EgressFrame:
        """The frame with the worn face, or what may be shown in its place."""

    def idle(self, now: float) -> EgressFrame:
        """What to show when no frame came."""

    def card(self, width: int, height: int, now: float, reason: str) -> EgressFrame:
        """A card at once."""


class StageCounts:
    """What a leg reports of itself: counts since it began, times since the last report."""

    def __init__(self) -> None:
        self.frames_in = 0
        self.frames_out = 0
        self.card_frames = 0
        self.state: LegState = "card"
        self.reason = "nothing_ready"
        self._ages: list[float] = []
        self._stage_times: dict[str, list[float]] = {}

    def went_out(self, frame: EgressFrame, age: float | None) -> None:
        """A frame was handed to the sender, `age` seconds after it arrived (None when none did)."""
        self.frames_out += 1
        self.card_frames += frame.kind == "card"
        self.state, self.reason = frame.kind, frame.reason
        if age is not None:
            self._ages.append(age)
        for stage, seconds in frame.stage_times.items():
            self._stage_times.setdefault(stage, []).append(seconds)

    def report(self, frames_dropped: int, codec_times: CodecTimes, *, fallback: bool) -> Report:
        """The report of the time since the last one."""
        ages, times = self._ages, self._stage_times
        self._ages, self._stage_times = [], {}
        return Report(
            state=self.state,
            reason=self.reason,
            frames_in=self.frames_in,
            frames_out=self.frames_out,
            frames_dropped=frames_dropped,
            card_frames=self.card_frames,
            stage_times={stage: float(np.median(seconds)) for stage, seconds in times.items()},
            frame_age=FrameAge(p50=_percentile(ages, 50), p95=_percentile(ages, 95)),
            codec_times=codec_times,
            fallback=fallback,
        )


class FaceStage:
    """Runs a pipeline on a thread and gives its egress frames to `send` on the event loop.

    Made and used on the event loop, but for `_work`. marking, deck: of the cards that it shows itself. watch:
    told of every picture that went out, with its age as in `StageCounts.went_out`.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        send: Callable[[EgressFrame], None],
        marking: Marking,
        watch: Callable[[EgressFrame, float | None], None] | None = None,
        deck: CardDeck | None = None,
    ) -> None:
        self._watched_by = watch
        self._pipeline = pipeline
        self._send = send
        self._slot = FrameSlot()
        self._faces: deque[tuple[WornFace, WearerCheck | None] | None] = deque()
        self._reason = ""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="face-stage", daemon=True)
        self._watchdog: asyncio.Task[None] | None = None
        self._own_cards = Compositor(marking, deck)  # the pipeline's belongs to the thread
        self._size = (640, 480)
        self._last_egress = time.monotonic()
        self._budget = FrameBudget()
        self.counts = StageCounts()

    @property
    def over_budget(self) -> bool:
        """Whether the face that was put on last turned out slower than the frames come."""
        return self._budget.over

    @property
    def frames_dropped(self) -> int:
        """Frames that a newer one replaced before the thread took them."""
        return self._slot.dropped

    def start(self) -> None:
        """Begin; the first thing that goes out is a card."""
        self._thread.start()
        self._watchdog = asyncio.create_task(self._watch())

    def take(self, frame: I420Frame, arrived: float) -> None:
        """A frame has arrived at `arrived` (monotonic seconds)."""
        self._size = (frame.width, frame.height)
        self.counts.frames_in += 1
        self._budget.arrived(arrived)
        self._slot.put(frame, arrived)

    def wear(self, face: WornFace, wearer: WearerCheck | None = None) -> None:
        """Put a face on, from the next frame the thread takes. wearer: as of the pipeline."""
        self._reason = ""
        self._budget.begin(time.monotonic())
        self._faces.append((face, wearer))

    def show_card(self, reason: str) -> None:
        """Show nothing but this card until a face is put on."""
        self._reason = reason

    def take_off(self, reason: str) -> None:
        """Show nothing but this card until a face is put on, and keep nothing of the one that was worn."""
        self.show_card(reason)
        self._faces.append(None)

    async def close(self) -> None:
        """End the thread and the watchdog; nothing goes out afterwards."""
        self._slot.close()
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.gather(self._watchdog, return_exceptions=True)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, JOIN_SECONDS)
            if self._thread.is_alive():
                logger.error("a stage did not end within %.0f s", JOIN_SECONDS)

    # -- the thread

    def _work(self) -> None:
        while not self._slot.closed:
            item = self._slot.take(IDLE_SECONDS)
            while self._faces:
                self._change(self._faces.popleft())
            if self._slot.closed:
                return
            begun = time.monotonic()
            egress, arrived = self._next(item)
            seconds = time.monotonic() - begun
            self._loop.call_soon_threadsafe(self._emit, egress, arrived, seconds)

    def _change(self, worn: tuple[WornFace, WearerCheck | None] | None) -> None:
        if worn is None:
            self._pipeline.take_off()
        else:
            self._pipeline.wear(*worn)

    def _next(self, item: tuple[I420Frame, float] | None) -> tuple[EgressFrame, float | None]:
        if self._reason:
            return self._pipeline.card(*self._size, time.monotonic(), self._reason), None
        if item is None:
            return self._pipeline.idle(time.monotonic()), None
        frame, arrived = item
        return self._pipeline.transform(frame, time.monotonic()), arrived

    # -- the event loop

    def _emit(self, egress: EgressFrame, arrived: float | None, seconds: float = 0.0) -> None:
        if self._slot.closed:
            return
        now = time.monotonic()
        self._last_egress = now
        if arrived is not None:
            self._budget.worked(now, seconds)
        self._send(egress)
        age = now - arrived if arrived is not None else None
        self.counts.went_out(egress, age)
        if self._watched_by is not None:
            self._watched_by(egress, age)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCHDOG_SECONDS)
            now = time.monotonic()
            if now - self._last_egress >= STUCK_SECONDS:
                self._emit(self._own_cards.card(*self._size, now, "late"), None)


def _percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else 0.0
