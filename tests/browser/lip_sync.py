"""How far voice and picture lie apart at somebody, by flash and beep.

The camera flashes when the microphone beeps, but a browser's fake devices start at moments of their own. So
both are compared with what the sender's own page saw and heard of them: the delay of the picture minus that
of the sound.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.browser.camera import FLASH_EVERY, FLASH_FRAMES, FRAMES

LONGEST_DELAY = 0.9  # seconds; flashes are a second apart


@dataclass(frozen=True, slots=True)
class View:
    """One presented frame: wall clock in seconds, the number read from it, brightness 0 to 255."""

    at: float
    number: int
    brightness: float

    @property
    def flashes(self) -> bool:
        """Whether the border is white."""
        return self.brightness > 126 and self.number % FLASH_EVERY < FLASH_FRAMES


def views(samples: Sequence[Sequence[float]]) -> list[View]:
    """What the probe recorded of a video element."""
    return [View(at / 1000, int(number), brightness) for at, number, brightness, _ in samples]


def skews(
    sent_views: Sequence[View],
    sent_beeps: Sequence[float],
    seen_views: Sequence[View],
    heard_beeps: Sequence[float],
) -> list[float]:
    """Seconds by which the picture is late against the sound, one for each flash that was seen and heard."""
    found = []
    for seen in first_of_each_flash(seen_views):
        shown = moment_shown(sent_views, seen.number, seen.at)
        sound = nearest_delay(sent_beeps, heard_beeps, seen.at)
        if shown is not None and sound is not None:
            found.append(seen.at - shown - sound)
    return found


def first_of_each_flash(seen: Sequence[View]) -> list[View]:
    """The frames in which a flash begins, as far as they were presented."""
    return [
        view
        for before, view in pairwise(seen)
        if view.flashes and before.number // FLASH_EVERY != view.number // FLASH_EVERY
    ]


def moment_shown(sent: Sequence[View], number: int, until: float) -> float | None:
    """When the sender's own page showed the frame of this number last before `until`.

    A frame that the sender's page skipped is put between its neighbours; None when it is too long ago.
    """
    last = bisect_right([view.at for view in sent], until)
    for index in range(last - 1, 0, -1):
        after, before = sent[index], sent[index - 1]
        if until - before.at > LONGEST_DELAY:
            return None
        if after.number == number:
            return after.at
        span = (after.number - before.number) % FRAMES
        ahead = (number - before.number) % FRAMES
        if 0 < ahead < span < FLASH_EVERY:
            return before.at + (after.at - before.at) * ahead / span
    return None


def nearest_delay(sent: Sequence[float], heard: Sequence[float], near: float) -> float | None:
    """The delay of the beep heard nearest to a moment, None when there is none within half a second."""
    candidates = [moment for moment in heard if abs(moment - near) <= 0.5]
    if not candidates:
        return None
    moment = min(candidates, key=lambda heard_at: abs(heard_at - near))
    sources = [source for source in sent if -0.05 <= moment - source <= LONGEST_DELAY]
    return moment - sources[-1] if sources else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share (0 to 1) of the values lies; values must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
