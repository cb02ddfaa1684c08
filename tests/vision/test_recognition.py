"""The same face is told from another, wherever it is in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.domain.sighting import alike
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.cropping import region_to_frame
from talchum.vision.networks import default_networks_directory
from talchum.vision.recognition import (
    _LANDMARKS,
    _PLACES,
    EMBEDDING_SIZE,
    INPUT_SIDE,
    FaceRecogniser,
    recognition_region,
)
from tests.vision.scenes import clip, tracked

pytestmark = pytest.mark.vision


@pytest.fixture(scope="module")
def recogniser() -> FaceRecogniser:
    return FaceRecogniser.load(default_networks_directory())


def test_eyes_nose_and_mouth_come_to_lie_where_the_network_learned_them() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]], np.float32) * 150
    landmarks = np.zeros((478, 3), np.float32)
    for pair, place in zip(_LANDMARKS, _PLACES, strict=True):
        landmarks[list(pair), :2] = turn @ (place - np.float32(0.5)) + np.array([300, 200], np.float32)
    to_frame = region_to_frame(recognition_region(landmarks), INPUT_SIDE)
    for pair, place in zip(_LANDMARKS, _PLACES, strict=True):
        where = to_frame[:, :2] @ (place * INPUT_SIDE) + to_frame[:, 2]
        np.testing.assert_allclose(where, landmarks[pair[0], :2], atol=0.1)


def moved(frame: I420Frame, landmarks: Points, angle: float) -> tuple[I420Frame, Points]:
    turn = cv2.getRotationMatrix2D((frame.width / 2, frame.height / 2), angle, 0.8).astype(np.float32)
    image = cv2.warpAffine(frame_to_image(frame), turn, (frame.width, frame.height))
    points = landmarks.copy()
    points[:, :2] = landmarks[:, :2] @ turn[:, :2].T + turn[:, 2]
    return image_to_frame(np.asarray(image, np.uint8), frame.media_time), points


def test_face_that_is_turned_and_smaller_stays_the_same_face(recogniser: FaceRecogniser) -> None:
    frame = clip(1)[0]
    landmarks = tracked(1)[0].landmarks
    straight = recogniser.recognise(frame, landmarks)
    turned = recogniser.recognise(*moved(frame, landmarks, 25))
    assert straight.embedding.shape == (EMBEDDING_SIZE,)
    assert np.linalg.norm(straight.embedding) == pytest.approx(1, abs=1e-4)
    assert alike(straight.embedding, turned.embedding) > 0.9
    assert 10 < straight.years < 60


def test_a_blank_picture_is_nobody_like_the_face(recogniser: FaceRecogniser) -> None:
    frame = clip(1)[0]
    landmarks = tracked(1)[0].landmarks
    blank = image_to_frame(np.full((frame.height, frame.width, 3), 128, np.uint8), 0.0)
    face, nothing = (recogniser.recognise(one, landmarks).embedding for one in (frame, blank))
    assert alike(face, nothing) < 0.5
