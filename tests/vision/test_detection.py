from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.errors import FrameError
from talchum.domain.face import covered_share
from talchum.domain.frame import I420Frame
from talchum.vision.cropping import Window
from talchum.vision.detection import FaceDetector, anchors, decode, merge
from tests.vision.network_doubles import DetectionDouble
from tests.vision.scenes import clip, face_networks


def grey(width: int, height: int) -> I420Frame:
    return I420Frame(np.full(I420Frame.size_of(width, height), 128, np.uint8), width, height, 0.0)


def answers(*rows: tuple[float, ...], logit: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    boxes, logits = np.zeros((896, 16), np.float32), np.full(896, -9, np.float32)
    for index, row in enumerate(rows):
        boxes[index, : len(row)] = row
        logits[index] = logit
    return boxes, logits


def points(x: float, y: float, side: float) -> np.ndarray:
    corners = [(x - side / 2, y - side / 2), (x + side / 2, y + side / 2)]
    return np.array([*corners, *[(x, y)] * 6], np.float32)


def test_anchors_are_the_centres_of_both_grids() -> None:
    centres = anchors()
    assert centres.shape == (896, 2)
    np.testing.assert_allclose(centres[0], [1 / 32, 1 / 32])
    np.testing.assert_allclose(centres[2], [3 / 32, 1 / 32])  # along the row first
    np.testing.assert_allclose(centres[-1], [15 / 16, 15 / 16])
    assert len(np.unique(centres[:512], axis=0)) == 256
    assert len(np.unique(centres[512:], axis=0)) == 64


def test_answer_is_read_relative_to_its_anchor() -> None:
    found, scores = decode(*answers((12.8, 25.6, 64, 32, 1.28, 2.56)), anchors())
    centre = anchors()[0] + np.array([0.1, 0.2])
    np.testing.assert_allclose(found[0, 0], np.subtract(centre, (0.25, 0.125)), atol=1e-6)
    np.testing.assert_allclose(found[0, 1], np.add(centre, (0.25, 0.125)), atol=1e-6)
    np.testing.assert_allclose(found[0, 2], anchors()[0] + [0.01, 0.02], atol=1e-6)
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-3)))


def test_answers_below_the_score_are_left_out() -> None:
    found, scores = decode(*answers((0, 0, 10, 10), logit=-0.01), anchors())
    assert found.shape == (0, 8, 2)
    assert scores.shape == (0,)


@pytest.mark.parametrize("row", [(np.nan, 0, 10, 10), (0, np.inf, 10, 10), (0, 0, -10, 10), (0, 0, 10, 0)])
def test_answers_that_are_no_box_are_left_out(row: tuple[float, ...]) -> None:
    found, _ = decode(*answers(row), anchors())
    assert len(found) == 0


@pytest.mark.parametrize("logit", [np.nan, -np.inf])
def test_score_that_is_no_number_is_no_face(logit: float) -> None:
    found, _ = decode(*answers((0, 0, 10, 10), logit=logit), anchors())
    assert len(found) == 0


def test_overlapping_answers_are_averaged_by_score() -> None:
    merged, scores = merge(
        np.stack([points(0.5, 0.5, 0.2), points(0.52, 0.5, 0.2)]), np.array([0.9, 0.3], np.float32)
    )
    assert len(merged) == 1
    np.testing.assert_allclose(merged[0], points(0.505, 0.5, 0.2), atol=1e-6)
    assert scores[0] == pytest.approx(0.9)


def test_faces_side_by_side_stay_two() -> None:
    merged, _ = merge(
        np.stack([points(0.3, 0.5, 0.2), points(0.52, 0.5, 0.2)]), np.array([0.9, 0.8], np.float32)
    )
    assert len(merged) == 2


def test_nothing_merges_to_nothing() -> None:
    merged, scores = merge(np.zeros((0, 8, 2), np.float32), np.zeros(0, np.float32))
    assert (len(merged), len(scores)) == (0, 0)


def test_detection_is_in_pixels_of_the_frame() -> None:
    detector = FaceDetector(DetectionDouble([(0.5, 0.5, 0.25, 0.25, 0.9)]))
    (found,) = detector.detect(grey(1280, 720))
    assert found.box == pytest.approx((480, 200, 800, 520), abs=1)
    assert found.keypoints[0] == pytest.approx((576, 296), abs=1)
    assert found.score == pytest.approx(0.9, abs=1e-4)


def test_detection_in_a_window_is_in_pixels_of_the_frame() -> None:
    detector = FaceDetector(DetectionDouble([(0.25, 0.75, 0.5, 0.5, 0.9)]))
    (found,) = detector.detect(grey(1280, 720), Window(640, 100, 400, 400))
    assert found.box == pytest.approx((640, 300, 840, 500), abs=1)


@pytest.mark.parametrize(
    ("turns", "seen", "box"),
    [
        (1, (0.125, 0.875), (0, 0, 128, 128)),
        (2, (0.875, 0.125), (0, 384, 128, 512)),
        (3, (0.125, 0.875), (384, 384, 512, 512)),
    ],
)
def test_detection_in_a_turned_picture_is_in_pixels_of_the_frame(
    turns: int, seen: tuple[float, float], box: tuple[float, float, float, float]
) -> None:
    detector = FaceDetector(DetectionDouble([(*seen, 0.25, 0.25, 0.9)]))
    (found,) = detector.detect(grey(512, 512), quarter_turns=turns)
    assert found.box == pytest.approx(box, abs=1)


def test_network_sees_rgb_between_minus_one_and_one() -> None:
    double = DetectionDouble([])
    frame = grey(128, 128)
    frame.y[:] = 235
    FaceDetector(double).detect(frame)
    (image,) = double.images
    assert image.shape == (1, 3, 128, 128)
    assert image.max() == pytest.approx(1, abs=0.01)
    frame.y[:] = 16
    FaceDetector(double).detect(frame)
    assert double.images[1].min() == pytest.approx(-1, abs=0.01)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (31, 480), (640, 8)])
def test_frame_too_small_for_a_face_is_refused(width: int, height: int) -> None:
    with pytest.raises(FrameError, match="at least 32") as refused:
        FaceDetector(DetectionDouble([])).detect(grey(width, height))
    assert refused.value.code == "frame_too_small"


@pytest.mark.vision
def test_face_of_the_clip_is_found_upright_and_on_its_sides() -> None:
    detector = FaceDetector(face_networks().detector)
    frame = clip(1)[0]
    (upright,) = detector.detect(frame)
    right_eye, left_eye, nose, mouth = upright.keypoints[:4]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_eye[1] < nose[1] < mouth[1]
    for turns in (1, 3):
        turned = turned_frame(frame, turns)
        (found,) = detector.detect(turned, quarter_turns=4 - turns)
        x, y = found.keypoints[2]
        # where the nose went when the picture was turned
        expected = {1: (nose[1], frame.width - nose[0]), 3: (frame.height - nose[1], nose[0])}[turns]
        assert (x, y) == pytest.approx(expected, abs=8)


@pytest.mark.vision
def test_room_without_people_has_no_face() -> None:
    detector = FaceDetector(face_networks().detector)
    assert detector.detect(grey(640, 480)) == []


@pytest.mark.vision
def test_window_shows_the_same_face_as_the_whole_frame() -> None:
    detector = FaceDetector(face_networks().detector)
    frame = clip(1)[0]
    (whole,) = detector.detect(frame)
    (near,) = detector.detect(frame, Window(80, 0, 480, 480))
    assert covered_share(whole.box, near.box) > 0.9


def turned_frame(frame: I420Frame, turns: int) -> I420Frame:
    planes = [np.rot90(plane, turns) for plane in (frame.y, frame.u, frame.v)]
    height, width = planes[0].shape
    return I420Frame(np.concatenate([plane.ravel() for plane in planes]), width, height, frame.media_time)
