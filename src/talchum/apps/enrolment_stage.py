"""The thread that watches somebody enrol: looks at each frame, judges, and records."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from talchum.adapters.frame_slot import FrameSlot
from talchum.adapters.memory_clip import MemoryClip
from talchum.domain.acts import Plan
from talchum.domain.consent import AgeCheck, Challenge
from talchum.domain.enrolment import Ended, Enrolment, Event
from talchum.domain.errors import TalchumError
from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import Embedding, FaceSight, Sighting

logger = logging.getLogger(__name__)

CLIP_RATE = 15
"""Pictures a second that are kept to learn from."""

IDLE_SECONDS = 0.1
SILENT_SECONDS = 3.0
"""Without a frame for this long it is over."""


class Watcher(Protocol):
    """What is asked of `talchum.vision.watching.EnrolmentWatcher`."""

    def see(self, frame: I420Frame) -> tuple[Sighting, Points | None]:
        """What a frame shows, and the landmarks of its face."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What a passed enrolment leaves. clip: MP4. still, landmarks: a frame of the face at rest."""

    challenge: Challenge
    age: AgeCheck
    face: Embedding
    clip: bytes
    seconds: float
    still: I420Frame
    landmarks: Points


class EnrolmentStage:
    """Judges frames on a thread of its own; `tell` and `over` are called on the event loop.

    tell: what happened with the frame that was seen last. over: once, with what was recorded when it passed.
    """

    def __init__(
        self,
        watcher: Watcher,
        plan: Plan,
        rng: random.Random,
        tell: Callable[[list[Event]], None],
        over: Callable[[str, Recorded | None], None],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._watcher = watcher
        self._tell = tell
        self._over = over
        self._now = now
        self._slot = FrameSlot()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="enrolment", daemon=True)
        self._began = int(now())
        self._clip = MemoryClip(CLIP_RATE)
        self._kept = -1.0
        self._still: tuple[FaceSight, I420Frame, Points] | None = None
        self.enrolment = Enrolment(plan, rng)

    def start(self) -> None:
        """Begin; frames that come before are not looked at."""
        self._thread.start()

    def take(self, frame: I420Frame, arrived: float) -> None:
        """A frame has arrived at `arrived` (monotonic seconds)."""
        self._slot.put(frame, arrived)

    async def close(self) -> None:
        """End the thread; what was recorded and not given to `over` is gone."""
        self._slot.close()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    # -- the thread

    def _work(self) -> None:
        try:
            end, recorded = self._watch()
        except TalchumError as error:
            logger.warning("an enrolment failed: %s", error.code)
            end, recorded = error.code, None
        except Exception:
            logger.exception("an enrolment failed")
            end, recorded = "stage_failed", None
        if not self._slot.closed:
            self._loop.call_soon_threadsafe(self._over, end, recorded)

    def _watch(self) -> tuple[str, Recorded | None]:
        last = time.monotonic()
        while not self._slot.closed:
            item = self._slot.take(IDLE_SECONDS)
            if item is None:
                if time.monotonic() - last > SILENT_SECONDS:
                    return "interrupted", None
                continue
            last = time.monotonic()
            frame, _ = item
            events = self._see(frame)
            self._loop.call_soon_threadsafe(self._tell, events)
            for event in events:
                if isinstance(event, Ended):
                    return event.end, self._recorded() if event.end == "passed" else None
        return "interrupted", None

    def _see(self, frame: I420Frame) -> list[Event]:
        sighting, landmarks = self._watcher.see(frame)
        events = self.enrolment.see(sighting)
        if not self.enrolment.begun:
            self._look_for_still(frame, sighting.face, landmarks)
        elif self.enrolment.prompt != "hand-on-cheek":  # nobody is to learn a hand
            self._keep(frame)
        return events

    def _look_for_still(self, frame: I420Frame, face: FaceSight | None, landmarks: Points | None) -> None:
        """Keep the frame at rest whose eyes are open widest, which is in no blink."""
        if self.enrolment.hint or face is None or landmarks is None:
            return
        if self._still is None or face.eyes > self._still[0].eyes:
            self._still = (face, frame, landmarks)

    def _keep(self, frame: I420Frame) -> None:
        if frame.media_time - self._kept >= 0.95 / CLIP_RATE:
            self._kept = frame.media_time
            self._clip.write(frame)

    def _recorded(self) -> Recorded:
        reference, enrolment = self.enrolment.reference, self.enrolment
        assert reference is not None
        assert self._still is not None
        _, still, landmarks = self._still
        return Recorded(
            enrolment.challenge(self._began, int(self._now())),
            enrolment.age(),
            reference,
            self._clip.finish(),
            self._clip.seconds,
            still,
            landmarks,
        )
