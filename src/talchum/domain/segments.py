"""Where a long recording is cut so that its parts can be transformed apart from each other.

A segment begins at a keyframe of the recording. What comes before it is shown to its pipeline as a short
pre-roll whose results are thrown away, so that light and motion have settled when it begins; its outcome
depends on the recording alone, not on who transforms the other segments or when.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

SEGMENT_SECONDS = 10
PRE_ROLL_SECONDS = Fraction(1, 2)
"""Longer than a lost face is held, and twice the time in which light is smoothed."""


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """One picture of a recording as it lies in the file.

    shown_at: in ticks, None when the file does not say.
    """

    shown_at: int | None
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a recording; times in ticks of its picture.

    number: from 0. frames: about how many pictures it has. start, end: it holds pictures shown at `start` or
    later and before `end`, None for no bound. warm_from: where the pre-roll begins, None without one.
    decode_from: the keyframe by which all of these can be decoded, None for the beginning of the file.
    """

    number: int
    frames: int
    start: int | None = None
    end: int | None = None
    warm_from: int | None = None
    decode_from: int | None = None

    def holds(self, shown_at: int) -> bool:
        """Whether a picture is part of it, rather than of its pre-roll or of another segment."""
        return (self.start is None or shown_at >= self.start) and (self.end is None or shown_at < self.end)


def plan_segments(
    pictures: Sequence[CodedPicture], tick: Fraction, least_seconds: Fraction | float = SEGMENT_SECONDS
) -> list[Segment]:
    """Cut a recording at keyframes, no part shorter than `least_seconds` unless the whole is.

    pictures: in the order of the file. tick: seconds. A recording whose pictures do not all say when they are
    shown, or say it twice, is one segment.
    """
    times = sorted(picture.shown_at for picture in pictures if picture.shown_at is not None)
    if len(set(times)) < len(pictures):
        return [Segment(0, len(pictures))]
    keyframes = sorted(p.shown_at for p in pictures if p.keyframe and p.shown_at is not None)
    cuts = _cuts(times, keyframes, least_seconds / tick)
    warm_ticks = round(PRE_ROLL_SECONDS / tick)
    segments = []
    for number, (start, end) in enumerate(zip([None, *cuts], [*cuts, None], strict=True)):
        first = 0 if start is None else bisect_left(times, start)
        last = len(times) if end is None else bisect_left(times, end)
        warm_from = None if start is None else start - warm_ticks
        decode_from = None if warm_from is None else _keyframe_before(keyframes, warm_from)
        segments.append(Segment(number, last - first, start, end, warm_from, decode_from))
    return segments


def decoding_times(shown_at: Sequence[int]) -> list[int]:
    """When to decode coded pictures that are given in decoding order, each at the latest when it is shown.

    Rises strictly; all times are in one unit, and no two pictures are shown at once.
    """
    in_order = sorted(shown_at)
    rank = {time: index for index, time in enumerate(in_order)}
    delay = max((index - rank[time] for index, time in enumerate(shown_at)), default=0)
    lead = in_order[delay] - in_order[0] if delay else 0
    return [in_order[i] - lead if i < delay else in_order[i - delay] for i in range(len(in_order))]


def _cuts(times: Sequence[int], keyframes: Sequence[int], least: Fraction | float) -> list[int]:
    cuts: list[int] = []
    if not times:
        return cuts
    last = times[0]
    for keyframe in keyframes:
        if keyframe - last >= least and times[-1] - keyframe >= least:
            cuts.append(keyframe)
            last = keyframe
    return cuts


def _keyframe_before(keyframes: Sequence[int], time: int) -> int | None:
    index = bisect_right(keyframes, time)
    return keyframes[index - 1] if index else None
