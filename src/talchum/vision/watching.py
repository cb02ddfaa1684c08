"""Looks at somebody who enrols: how their head is held, what their face does, and whose it is."""

from __future__ import annotations

import math

import numpy as np

from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import FaceSight, Sighting
from talchum.vision.conditioning import head_pose, head_region, without_pose
from talchum.vision.recognition import FaceRecogniser
from talchum.vision.topology import FaceTopology
from talchum.vision.tracking import FaceTracker

LOOK_SECONDS = 0.25
"""How often it is looked whose face it is."""

_LIGHT_STEP = 8  # pixels
_LIPS, _CORNERS = (13, 14), (61, 291)
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))  # upper, lower, corners


class EnrolmentWatcher:
    """Measures one stream, frame by frame; for one thread."""

    def __init__(self, tracker: FaceTracker, recogniser: FaceRecogniser, topology: FaceTopology) -> None:
        self._tracker = tracker
        self._recogniser = recogniser
        self._topology = topology
        self._looked = -math.inf

    def see(self, frame: I420Frame) -> tuple[Sighting, Points | None]:
        """What the frame shows, and the landmarks (478, 3) of its face, None without one."""
        found = self._tracker.update(frame)
        light = float(frame.y[::_LIGHT_STEP, ::_LIGHT_STEP].mean())
        if found.face is None:
            return Sighting(frame.media_time, found.face_count, None, light), None
        landmarks = found.face.landmarks
        sight = self._measured(frame, landmarks)
        faces = max(1, found.face_count) if found.reason != "second_face" else max(2, found.face_count)
        return Sighting(frame.media_time, faces, sight, light), landmarks

    def _measured(self, frame: I420Frame, landmarks: Points) -> FaceSight:
        pose = head_pose(landmarks, self._topology)
        yaw, pitch, roll = angles_of(pose[1])
        shape = without_pose(landmarks, pose, self._topology)
        region = head_region(landmarks, self._topology)
        embedding, years = None, None
        if not 0 <= frame.media_time - self._looked < LOOK_SECONDS:
            self._looked = frame.media_time
            found = self._recogniser.recognise(frame, landmarks)
            embedding, years = found.embedding, found.years
        return FaceSight(
            yaw,
            pitch,
            roll,
            eyes=max(_opening(landmarks, *eye) for eye in _LIDS),
            gap=_distance(shape, *_LIPS),
            mouth=_distance(shape, *_CORNERS),
            x=region.x / frame.height,
            y=region.y / frame.height,
            size=region.side / frame.height,
            embedding=embedding,
            years=years,
        )


def angles_of(turn: Points) -> tuple[float, float, float]:
    """Yaw, pitch and roll of a head's turn (3, 3), degrees; positive as in `FaceSight`."""
    x, y, z = (float(v) for v in turn @ np.array([0, 0, -1], np.float32))  # where the face looks
    right = turn @ np.array([1, 0, 0], np.float32)
    yaw, pitch = math.atan2(x, -z), math.atan2(y, math.hypot(x, z))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(right[1], right[0]))


def _opening(landmarks: Points, upper: int, lower: int, one: int, other: int) -> float:
    return _distance(landmarks[:, :2], upper, lower) / max(_distance(landmarks[:, :2], one, other), 1e-6)


def _distance(points: Points, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one] - points[other]))
