"""Follows the performer's face from frame to frame, and notices a second one.

Landmarks of one frame say where to look in the next, so the detector is needed only to begin with, after a
loss, and five times a second to see whether somebody else has come into the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
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
from talchum.vision.networks import network_path
from talchum.vision.runtime import open_session

MIN_LANDMARK_SCORE = 0.5
DETECTION_INTERVAL = 0.2  # seconds of media time between two looks at the whole picture
MIN_FACE_SIDE = 16.0  # pixels; below it landmarks mean nothing

_SAME_FACE_COVER = 0.5
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
class _Search:
    """One way of looking at a frame for faces that a look at all of it does not see."""

    window: Window
    quarter_turns: int = 0


class FaceTracker:
    """Follows one face through one stream; for use by one thread."""

    def __init__(self, detector: FaceDetector, landmark_network: LandmarkNetwork) -> None:
        self._detector = detector
        self._landmark_network = landmark_network
        self._frame_size = (0, 0)
        self._region: FaceRegion | None = None
        self._smoother = FaceSmoother()
        self._face_count = 0
        self._next_look = -math.inf
        self._last_time = -math.inf
        self._searches: tuple[_Search, ...] = ()
        self._next_search = 0

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
            self._face_count = 0
            return TrackResult(None, 0, "no_face")
        raw, score = located
        self._region = _steadied(self._region, region_of_landmarks(raw))
        if frame.media_time >= self._next_look:
            self._count_faces(frame, box_of_landmarks(raw))
        landmarks = self._smoother.smooth(raw, frame.media_time)
        face = TrackedFace(landmarks, score, frame.media_time)
        return TrackResult(face, self._face_count, "" if self._face_count == 1 else "second_face")

    def _begin_anew(self, frame: I420Frame) -> None:
        self._frame_size = (frame.width, frame.height)
        self._region = None
        self._next_look = -math.inf
        self._searches = searches(frame)
        self._next_search = 0

    def _follow(self, frame: I420Frame) -> tuple[Points, float] | None:
        return None if self._region is None else self._locate(frame, self._region)

    def _acquire(self, frame: I420Frame) -> tuple[Points, float] | None:
        """Find the largest face; every frame without one also looks in one further way, in turn."""
        self._smoother = FaceSmoother()
        self._next_look = -math.inf
        found = self._detector.detect(frame) or self._search(frame)
        for detection in sorted(found, key=_height, reverse=True):
            rough = self._locate(frame, region_of_detection(detection))
            if rough is None:
                continue
            # a second look from where the landmarks are: the detector's box is coarse
            exact = self._locate(frame, region_of_landmarks(rough[0]))
            if exact is not None:
                return exact
        return None

    def _search(self, frame: I420Frame) -> list[Detection]:
        search = self._searches[self._next_search]
        self._next_search = (self._next_search + 1) % len(self._searches)
        return self._detector.detect(frame, search.window, search.quarter_turns)

    def _locate(self, frame: I420Frame, region: FaceRegion) -> tuple[Points, float] | None:
        if not MIN_FACE_SIDE <= region.side <= 4 * max(frame.width, frame.height):
            return None
        landmarks, score = self._landmark_network.locate(frame, region)
        if score < MIN_LANDMARK_SCORE or not _is_plausible(landmarks, frame):
            return None
        return landmarks, score

    def _count_faces(self, frame: I420Frame, tracked: Box) -> None:
        """Count the tracked face and every other one that the landmark network also takes for a face."""
        self._next_look = frame.media_time + DETECTION_INTERVAL
        self._face_count = 1
        for detection in [*self._detector.detect(frame), *self._search(frame)]:
            if covered_share(detection.box, tracked) >= _SAME_FACE_COVER:
                continue
            if self._locate(frame, region_of_detection(detection)) is not None:
                self._face_count += 1


def load_tracker(networks_directory: Path, *, threads: int = 1) -> FaceTracker:
    """A tracker over the verified network files; slow, NetworkFileError as `network_path` and
    `open_session`.
    """
    detection, landmarks = (
        open_session(network_path(name, networks_directory), threads=threads)
        for name in ("face_detection_short_range", "face_landmarks_attention")
    )
    return FaceTracker(FaceDetector(detection), LandmarkNetwork(landmarks))


def searches(frame: I420Frame) -> tuple[_Search, ...]:
    """The further ways to look at frames of this size: squares of it, nearer by turns, and the picture on its
    sides.
    """
    near = squares(frame.width, frame.height, min(frame.width, frame.height))
    nearer = squares(frame.width, frame.height, min(frame.width, frame.height) // 2)
    sides = tuple(_Search(whole(frame), turns) for turns in (1, 3))
    return (*(_Search(w) for w in near), *sides, *(_Search(w) for w in nearer))


def squares(width: int, height: int, side: int) -> tuple[Window, ...]:
    """Squares of a side that overlap by at least a third and together cover the picture, the middle ones
    first.
    """
    side = max(2, side // 2 * 2)
    windows = [Window(x, y, side, side) for y in _starts(height, side) for x in _starts(width, side)]

    def off_centre(window: Window) -> float:
        return abs(window.left + side / 2 - width / 2) + abs(window.top + side / 2 - height / 2)

    return tuple(sorted(windows, key=off_centre))


def _starts(length: int, side: int) -> list[int]:
    """Even starts of the intervals of a side that cover a length."""
    spare = length - side
    steps = math.ceil(spare / (side * 2 / 3))
    return [round(spare * i / steps) // 2 * 2 for i in range(steps + 1)] if steps > 0 else [0]


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
