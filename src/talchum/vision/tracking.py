"""Follows the performer's face from frame to frame, and notices a second one.

Landmarks of one frame say where to look in the next, so the detector is needed only to begin with, after a
loss, and five times a second to see whether somebody else has come into the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from talchum.domain.errors import FrameError
from talchum.domain.face import (
    Box,
    Detection,
    FaceRegion,
    Points,
    TrackedFace,
    box_of_landmarks,
    covered_share,
    region_of_detection,
    region_of_landmarks,
)
from talchum.domain.frame import I420Frame
from talchum.domain.smoothing import FaceSmoother
from talchum.vision.cropping import Window
from talchum.vision.detection import FaceDetector, check_frame, whole
from talchum.vision.landmarks import LandmarkNetwork

MIN_LANDMARK_SCORE = 0.5
DETECTION_INTERVAL = 0.2  # seconds of media time between two looks at the whole picture
MIN_FACE_SIDE = 16.0  # pixels; below it landmarks mean nothing

# The landmark network takes lettering or a dark shirt for a face as readily as the detector does from afar
# (up to 0.74). From near the detector gave such things 0.67 at most and faces 0.71 at least: real clips, as
# they are, dim with noise, blurred, against the light, half covered by a hand.
SURE_SCORE = 0.7
_NEAR_SCALE = 2.5  # side of the near look, in boxes
_UNSEEN_LIMIT = (
    1.0  # seconds that a face is followed which the detector does not see: from the side it may not
)
_OTHER_HOLD = (
    0.6  # seconds that another face counts after it was last seen, so that the card does not flicker
)

_SAME_FACE_COVER = 0.5
_ROUNDING = 0.001  # seconds; media times are rounded to ticks of their stream
# a region that would hardly change stays: a crop that trembles makes landmarks tremble
_STILL_SHIFT = 0.015
_STILL_GROWTH = 0.03
_STILL_TURN = 0.02

TrackReason = Literal["", "no_face", "second_face"]


@dataclass(frozen=True, slots=True, eq=False)
class TrackResult:
    """What the tracker knows of one frame.

    face: the performer's, None when lost. face_count: faces in the picture, as of the last look at all of it.
    reason: "" when there is exactly one face, else why the face may not be shown.
    """

    face: TrackedFace | None
    face_count: int
    reason: TrackReason


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a frame: which part of it, turned how often by a quarter counter-clockwise."""

    window: Window
    quarter_turns: int = 0


@dataclass(frozen=True, slots=True)
class _Other:
    """A face that is not the tracked one, and when it was last seen."""

    box: Box
    seen: float


class FaceTracker:
    """Follows one face through one stream; for use by one thread."""

    def __init__(self, detector: FaceDetector, landmark_network: LandmarkNetwork) -> None:
        self._detector = detector
        self._landmark_network = landmark_network
        self._frame_size = (0, 0)
        self._last_time = -math.inf
        self._region: FaceRegion | None = None
        self._smoother = FaceSmoother()
        self._others: tuple[_Other, ...] = ()
        self._looks: tuple[Look, ...] = ()
        self._look = 0
        self._look_interval = DETECTION_INTERVAL
        self._next_look = -math.inf
        self._seen = -math.inf
        self._searches: tuple[Look, ...] = ()
        self._search = 0

    def update(self, frame: I420Frame) -> TrackResult:
        """Follow the face into this frame.

        A frame of another size, or one whose time lies before the last one's, begins anew. FrameError for a
        frame that is too small or has no time.
        """
        check_frame(frame)
        if not math.isfinite(frame.media_time):
            raise FrameError(f"got a media time of {frame.media_time}, expected a finite number")
        if (frame.width, frame.height) != self._frame_size or frame.media_time < self._last_time:
            self._begin_anew(frame)
        self._last_time = frame.media_time

        located = self._follow(frame) or self._acquire(frame)
        if located is None:
            self._region = None
            return TrackResult(None, 0, "no_face")
        raw, score = located
        self._region = _steadied(self._region, region_of_landmarks(raw))
        face = TrackedFace(self._smoother.smooth(raw, frame.media_time), score, frame.media_time)
        face_count = 1 + len(self._others)
        return TrackResult(face, face_count, "" if face_count == 1 else "second_face")

    def _begin_anew(self, frame: I420Frame) -> None:
        self._frame_size = (frame.width, frame.height)
        self._region = None
        self._others = ()
        self._looks, self._searches = looks(frame), searches(frame)
        # the whole picture is every other look where there are squares
        self._look_interval = DETECTION_INTERVAL / min(2, len(self._looks))
        self._look = self._search = 0

    def _follow(self, frame: I420Frame) -> tuple[Points, float] | None:
        """Locate the face where it last was; look around for others as often as it is due."""
        if self._region is None:
            return None
        located = self._locate(frame, self._region)
        if located is None:
            return None
        if frame.media_time >= self._next_look - _ROUNDING:
            # from when it was due, not from when the frame came, else a round takes longer than its interval
            self._next_look = max(self._next_look + self._look_interval, frame.media_time)
            self._look_around(frame, box_of_landmarks(located[0]))
        return located if frame.media_time - self._seen <= _UNSEEN_LIMIT else None

    def _acquire(self, frame: I420Frame) -> tuple[Points, float] | None:
        """Find the largest face; every frame without one also looks in one further way, in turn."""
        self._smoother = FaceSmoother()
        self._region = None
        search = self._searches[self._search]
        self._search = (self._search + 1) % len(self._searches)
        for look in (self._looks[0], search):
            found = self._detector.detect(frame, look.window, look.quarter_turns)
            for detection in sorted(found, key=_height, reverse=True):
                located = self._begin_with(frame, detection, look.quarter_turns)
                if located is not None:
                    self._take_note(frame, box_of_landmarks(located[0]), found, look.quarter_turns)
                    self._look = 1 % len(self._looks)
                    self._next_look = frame.media_time  # the squares are due from the next frame on
                    return located
        return None

    def _begin_with(
        self, frame: I420Frame, detection: Detection, quarter_turns: int
    ) -> tuple[Points, float] | None:
        """Locate a face that was just detected."""
        rough = self._confirm(frame, detection, quarter_turns)
        # a second time from where the landmarks are: the detector's box is coarse
        return None if rough is None else self._locate(frame, region_of_landmarks(rough[0]))

    def _look_around(self, frame: I420Frame, tracked: Box) -> None:
        """Look in the next way for every face but the tracked one, and whether that one is seen at all."""
        look = self._looks[self._look]
        self._look = (self._look + 1) % len(self._looks)
        found = self._detector.detect(frame, look.window, look.quarter_turns)
        self._take_note(frame, tracked, found, look.quarter_turns)
        unseen = frame.media_time - self._seen
        if unseen > DETECTION_INTERVAL and self._near_score(frame, tracked, self._turns()) > 0:
            self._seen = frame.media_time

    def _take_note(
        self, frame: I420Frame, tracked: Box, found: Sequence[Detection], quarter_turns: int
    ) -> None:
        """Tell the tracked face from others among detections, and forget others not seen for long."""
        now = frame.media_time
        others = [
            other
            for other in self._others
            if now - other.seen <= _OTHER_HOLD and covered_share(other.box, tracked) < _SAME_FACE_COVER
        ]
        for detection in found:
            if covered_share(detection.box, tracked) >= _SAME_FACE_COVER:
                self._seen = now
            elif self._confirm(frame, detection, quarter_turns) is not None:
                others = [other for other in others if covered_share(detection.box, other.box) == 0]
                others.append(_Other(detection.box, now))
        self._others = tuple(others)

    def _turns(self) -> int:
        """The quarter turns that bring the tracked face upright, as near as they can."""
        return 0 if self._region is None else round(self._region.angle / (math.pi / 2)) % 4

    def _confirm(
        self, frame: I420Frame, detection: Detection, quarter_turns: int
    ) -> tuple[Points, float] | None:
        """The landmarks of a detection that is a face from near too."""
        if self._near_score(frame, detection.box, quarter_turns) < SURE_SCORE:
            return None
        return self._locate(frame, region_of_detection(detection))

    def _near_score(self, frame: I420Frame, box: Box, quarter_turns: int) -> float:
        """How sure the detector is of the face in a box when it looks from near; 0 when it sees none."""
        seen = self._detector.detect(frame, window_around(frame, box, _NEAR_SCALE), quarter_turns)
        return max(
            (other.score for other in seen if covered_share(other.box, box) >= _SAME_FACE_COVER), default=0.0
        )

    def _locate(self, frame: I420Frame, region: FaceRegion) -> tuple[Points, float] | None:
        if not MIN_FACE_SIDE <= region.side <= 4 * max(frame.width, frame.height):
            return None
        landmarks, score = self._landmark_network.locate(frame, region)
        if score < MIN_LANDMARK_SCORE or not _is_plausible(landmarks, frame):
            return None
        return landmarks, score


def looks(frame: I420Frame) -> tuple[Look, ...]:
    """What it takes to see everybody: the whole picture, and in between squares of it for smaller faces.

    Measured with synthetic faces: the whole picture shows those from 0.25 of the height at 16:9 (0.2 at 4:3),
    the squares those from 0.15. Squares overlap by two ninths: a face on a seam is whole in one or large
    enough for the first look.
    """
    side = min(frame.width, frame.height)
    tiles = squares(frame.width, frame.height, side, 7 / 9)
    if len(tiles) == 1:
        return (Look(whole(frame)),)
    return tuple(look for tile in tiles for look in (Look(whole(frame)), Look(tile)))


def searches(frame: I420Frame) -> tuple[Look, ...]:
    """The further ways to look for a lost face: nearer by turns, and with the picture lying on its sides."""
    side = min(frame.width, frame.height)
    sides = tuple(Look(whole(frame), turns) for turns in (1, 3))
    nearer = tuple(Look(tile) for tile in squares(frame.width, frame.height, side // 2, 2 / 3))
    return (*looks(frame)[1::2], *sides, *nearer)


def squares(width: int, height: int, side: int, stride: float) -> tuple[Window, ...]:
    """Squares of a side that together cover the picture, at most `stride` sides apart, the middle ones
    first.
    """
    side = max(2, side // 2 * 2)
    tops, lefts = starts(height, side, stride), starts(width, side, stride)
    windows = [Window(left, top, side, side) for top in tops for left in lefts]

    def off_centre(window: Window) -> float:
        return abs(window.left + side / 2 - width / 2) + abs(window.top + side / 2 - height / 2)

    return tuple(sorted(windows, key=off_centre))


def starts(length: int, side: int, stride: float) -> list[int]:
    """Even starts of intervals of a side that cover a length (but for an odd last pixel)."""
    spare = length - side
    steps = math.ceil(spare / (side * stride))
    return [round(spare * i / steps) // 2 * 2 for i in range(steps + 1)] if steps > 0 else [0]


def window_around(frame: I420Frame, box: Box, scale: float) -> Window:
    """The part of the frame in a square around the middle of a box, `scale` times its longer side."""
    reach = max(box[2] - box[0], box[3] - box[1]) * scale / 2
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    left = min(max(0, int(x - reach) // 2 * 2), (frame.width - 1) // 2 * 2)
    top = min(max(0, int(y - reach) // 2 * 2), (frame.height - 1) // 2 * 2)
    right, bottom = min(frame.width, int(x + reach)), min(frame.height, int(y + reach))
    return Window(left, top, max(1, right - left), max(1, bottom - top))


def _steadied(before: FaceRegion | None, now: FaceRegion) -> FaceRegion:
    """The region before, unless the new one differs by more than a still face's does."""
    if before is None:
        return now
    shift = math.hypot(now.x - before.x, now.y - before.y) / before.side
    growth = abs(now.side / before.side - 1)
    turn = abs(math.remainder(now.angle - before.angle, 2 * math.pi))
    return before if shift < _STILL_SHIFT and growth < _STILL_GROWTH and turn < _STILL_TURN else now


def _is_plausible(landmarks: Points, frame: I420Frame) -> bool:
    """Whether the landmarks span a face of some size whose middle lies in the picture."""
    left, top, right, bottom = box_of_landmarks(landmarks)
    if min(right - left, bottom - top) < MIN_FACE_SIDE / 2:
        return False
    return 0 <= (left + right) / 2 <= frame.width and 0 <= (top + bottom) / 2 <= frame.height


def _height(detection: Detection) -> float:
    return detection.box[3] - detection.box[1]
