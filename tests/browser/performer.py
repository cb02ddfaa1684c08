"""The performer of the tests: the project's synthetic clip, with the canary where every engine covers it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import TalchumError
from talchum.domain.frame import Image
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory, network_path
from talchum.vision.runtime import open_session
from talchum.vision.tracking import FaceTracker
from tests.browser.camera import HEIGHT, RATE, WIDTH, Camera, Point, make_camera
from tests.browser.received import planes

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"

# Vertices of the canonical mesh: between the brows and above, the tip of the nose, its two sides, two cheeks.
FOREHEAD_LOW, FOREHEAD_HIGH, NOSE = 9, 151, 1
RIGHT_EDGE, LEFT_EDGE, RIGHT_CHEEK, LEFT_CHEEK = 234, 454, 50, 280


def canary_camera(directory: Path) -> Camera:
    """The performer with a canary on forehead and cheek."""
    pictures = read_pictures(CLIP)
    return make_camera(directory, pictures, [places(landmarks) for landmarks in follow(pictures)])


def plain_camera(directory: Path, name: str, frames: range) -> Camera:
    """The performer as they are, in some frames of the clip: for pictures that people look at."""
    clip = read_pictures(CLIP)
    pictures = [clip[number] for number in frames]
    return make_camera(directory, pictures, [[]] * len(pictures), name, marks=False)


def read_pictures(path: Path) -> list[Image]:
    """Every picture of a clip, 640x480 RGB."""
    with av.open(str(path)) as container:
        return [
            np.asarray(frame.reformat(WIDTH, HEIGHT, format="rgb24").to_ndarray(), np.uint8)
            for frame in container.decode(video=0)
        ]


def follow(pictures: Sequence[Image]) -> list[NDArray[np.float32]]:
    """The (478, 3) landmarks of the one face in each picture; TalchumError when a picture shows none."""
    networks = default_networks_directory()
    tracker = FaceTracker(
        FaceDetector(open_session(network_path("face_detection_short_range", networks))),
        LandmarkNetwork(open_session(network_path("face_landmarks_attention", networks))),
    )
    found = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        face = tracker.update(planes(frame, number / RATE)).face
        if face is None:
            raise TalchumError(f"got no face in picture {number} of the test clip, expected one in each")
        found.append(face.landmarks)
    return found


def places(landmarks: NDArray[np.float32]) -> list[Point]:
    """Where the canary goes: low on the forehead, and on the cheek that is turned to the camera."""
    points = landmarks[:, :2]
    forehead = (points[FOREHEAD_LOW] + points[FOREHEAD_HIGH]) / 2
    right_side = abs(points[NOSE, 0] - points[RIGHT_EDGE, 0])
    left_side = abs(points[NOSE, 0] - points[LEFT_EDGE, 0])
    cheek = points[RIGHT_CHEEK if right_side > left_side else LEFT_CHEEK]
    return [(float(x), float(y)) for x, y in (forehead, cheek)]
