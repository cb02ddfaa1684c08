from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from talchum.domain.errors import FrameError
from talchum.domain.face import FaceRegion, region_of_detection
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from tests.vision.scenes import clip, face_networks
from tests.vision.test_detection import grey, turned_frame


class LandmarkDouble:
    """Puts every landmark at the same place of the crop."""

    def __init__(self, x: float, y: float, z: float, score: float = 0.9) -> None:
        self.landmarks = np.tile(np.array([x, y, z], np.float32), (478, 1))
        self.score = score
        self.images: list[np.ndarray] = []

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> list[Any]:
        """The same answer to every image."""
        self.images.append(input_feed["image"])
        return [self.landmarks, np.array([self.score], np.float32)]


def test_places_in_the_crop_become_places_in_the_frame() -> None:
    network = LandmarkNetwork(LandmarkDouble(96, 0, 19.2))
    landmarks, score = network.locate(grey(640, 480), FaceRegion(300, 200, 384, 0))
    assert landmarks.shape == (478, 3)
    np.testing.assert_allclose(landmarks[0], [300, 8, 38.4], atol=1e-3)
    assert score == pytest.approx(0.9)


def test_turned_region_turns_the_landmarks_back() -> None:
    network = LandmarkNetwork(LandmarkDouble(192, 96, 0))
    landmarks, _ = network.locate(grey(640, 480), FaceRegion(300, 200, 100, np.pi / 2))
    np.testing.assert_allclose(landmarks[0, :2], [300, 250], atol=1e-3)


def test_network_sees_rgb_between_zero_and_one() -> None:
    double = LandmarkDouble(0, 0, 0)
    frame = grey(64, 64)
    frame.y[:] = 235
    LandmarkNetwork(double).locate(frame, FaceRegion(32, 32, 40, 0))
    (image,) = double.images
    assert image.shape == (1, 3, 192, 192)
    assert image.min() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("x", "score"), [(np.nan, 0.9), (np.inf, 0.9), (5.0, np.nan)])
def test_answer_that_is_no_number_has_no_score(x: float, score: float) -> None:
    network = LandmarkNetwork(LandmarkDouble(x, 0, 0, score))
    assert network.locate(grey(64, 64), FaceRegion(32, 32, 40, 0))[1] == 0


def test_region_without_a_side_is_refused() -> None:
    with pytest.raises(FrameError):
        LandmarkNetwork(LandmarkDouble(0, 0, 0)).locate(grey(64, 64), FaceRegion(32, 32, 0, 0))


@pytest.mark.vision
def test_landmarks_of_the_clips_face_are_where_they_belong() -> None:
    networks, frame = face_networks(), clip(1)[0]
    (found,) = FaceDetector(networks.detector).detect(frame)
    landmarks, score = LandmarkNetwork(networks.landmarks).locate(frame, region_of_detection(found))
    assert score > 0.9
    right_iris, left_iris, nose = landmarks[468], landmarks[473], landmarks[1]
    assert np.linalg.norm(right_iris[:2] - found.keypoints[0]) < 15
    assert np.linalg.norm(left_iris[:2] - found.keypoints[1]) < 15
    assert right_iris[0] < nose[0] < left_iris[0]
    assert nose[2] < landmarks[234, 2]  # the nose is nearer than the cheek's edge
    assert nose[2] < landmarks[454, 2]


@pytest.mark.vision
def test_picture_on_its_side_has_the_same_landmarks_turned() -> None:
    networks, frame = face_networks(), clip(1)[0]
    detector, network = FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks)
    upright, _ = network.locate(frame, region_of_detection(detector.detect(frame)[0]))
    side = turned_frame(frame, 1)
    turned, score = network.locate(side, region_of_detection(detector.detect(side, quarter_turns=3)[0]))
    assert score > 0.9
    expected = np.column_stack([upright[:, 1], frame.width - upright[:, 0]])
    assert np.linalg.norm(turned[:, :2] - expected, axis=1).mean() < 3


@pytest.mark.vision
def test_nothing_but_grey_is_no_face() -> None:
    network = LandmarkNetwork(face_networks().landmarks)
    assert network.locate(grey(640, 480), FaceRegion(320, 240, 300, 0))[1] < 0.5
