"""A face as it is found, located and followed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]  # (N, 2) or (N, 3) pixels of the frame
Box = tuple[float, float, float, float]  # left, top, right, bottom, pixels of the frame

MESH_LANDMARKS = 468
LANDMARKS = 478  # the mesh and 5 + 5 of the irises

# a crop for the landmark network is the face's box, 1.5 times as large (mediapipe/modules/face_landmark)
_REGION_SCALE = 1.5
_RIGHT_EYE_OUTER, _LEFT_EYE_OUTER = 33, 263  # the performer's own right and left


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face somewhere in a frame.

    box: pixels, may reach over the frame's edge. score: 0..1.
    keypoints: float32 (6, 2) pixels: right eye, left eye, nose, mouth, right ear, left ear (the person's own
    sides).
    """

    box: Box
    keypoints: Points
    score: float


@dataclass(frozen=True, slots=True)
class FaceRegion:
    """A turned square around a face: what the landmark network looks at.

    x, y: centre, pixels. side: pixels. angle: radians, clockwise as seen, of the line between the eyes.
    """

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A face followed through time.

    landmarks: float32 (478, 3) pixels of the frame: x to the right, y down, z smaller = nearer, at the scale
    of x.
    score: 0..1, how sure the network is that there is a face. media_time: of the frame, seconds.
    """

    landmarks: Points
    score: float
    media_time: float


def region_of_detection(detection: Detection) -> FaceRegion:
    """The region around a detected face, level with its eyes."""
    left, top, right, bottom = detection.box
    (x0, y0), (x1, y1) = detection.keypoints[0], detection.keypoints[1]
    side = max(right - left, bottom - top) * _REGION_SCALE
    return FaceRegion((left + right) / 2, (top + bottom) / 2, side, math.atan2(y1 - y0, x1 - x0))


def region_of_landmarks(landmarks: Points) -> FaceRegion:
    """The region around located landmarks, level with the outer corners of the eyes."""
    (x0, y0), (x1, y1) = landmarks[_RIGHT_EYE_OUTER, :2], landmarks[_LEFT_EYE_OUTER, :2]
    angle = math.atan2(float(y1 - y0), float(x1 - x0))
    cos, sin = math.cos(angle), math.sin(angle)
    mesh = landmarks[:MESH_LANDMARKS]
    along = mesh[:, 0] * cos + mesh[:, 1] * sin
    across = mesh[:, 1] * cos - mesh[:, 0] * sin
    left, right, top, bottom = (
        float(along.min()),
        float(along.max()),
        float(across.min()),
        float(across.max()),
    )
    u, v = (left + right) / 2, (top + bottom) / 2
    side = max(right - left, bottom - top) * _REGION_SCALE
    return FaceRegion(u * cos - v * sin, u * sin + v * cos, side, angle)


def box_of_landmarks(landmarks: Points) -> Box:
    """The upright rectangle around the mesh."""
    left, top = landmarks[:MESH_LANDMARKS, :2].min(axis=0)
    right, bottom = landmarks[:MESH_LANDMARKS, :2].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def covered_share(a: Box, b: Box) -> float:
    """How much of the smaller box the other one covers, 0..1.

    Unlike intersection over union it stays high for one face seen once with and once without its forehead.
    """
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    if width <= 0 or height <= 0 or smaller <= 0:
        return 0.0
    return width * height / smaller
