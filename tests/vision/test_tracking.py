from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import FrameError
from talchum.domain.face import box_of_landmarks, covered_share
from talchum.domain.frame import I420Frame
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.detection import FaceDetector
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.tracking import (
    DETECTION_INTERVAL,
    FaceTracker,
    looks,
    searches,
    squares,
    window_around,
)
from tests.vision.network_doubles import DetectionDouble
from tests.vision.scenes import clip, face_networks
from tests.vision.test_detection import grey, turned_frame

RATE = 30
SIZES = st.tuples(st.integers(32, 2000), st.integers(32, 2000))


def tracker() -> FaceTracker:
    networks = face_networks()
    return FaceTracker(FaceDetector(networks.detector), LandmarkNetwork(networks.landmarks))


def at(frame: I420Frame, media_time: float) -> I420Frame:
    return I420Frame(frame.buffer, frame.width, frame.height, media_time)


def beside(left: I420Frame, right: I420Frame, media_time: float) -> I420Frame:
    """Two pictures as one."""
    planes = [np.hstack(pair) for pair in ((left.y, right.y), (left.u, right.u), (left.v, right.v))]
    return I420Frame(
        np.concatenate([plane.ravel() for plane in planes]), left.width + right.width, left.height, media_time
    )


def shrunk_into(frame: I420Frame, scale: float, place: tuple[int, int], size: tuple[int, int]) -> I420Frame:
    """The picture at a fraction of its size, somewhere in a grey one."""
    small = cv2.resize(frame_to_image(frame), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    image[place[1] : place[1] + small.shape[0], place[0] : place[0] + small.shape[1]] = small
    return image_to_frame(image, frame.media_time)


@pytest.mark.vision
def test_performer_of_the_clip_is_followed_and_never_counted_twice() -> None:
    followed = tracker()
    for frame in clip(36):
        result = followed.update(frame)
        assert (result.face_count, result.reason) == (1, "")
        assert result.face is not None
        assert result.face.landmarks.shape == (478, 3)
        assert result.face.landmarks.dtype == np.float32
        assert result.face.score > 0.5
        assert result.face.media_time == frame.media_time


@pytest.mark.vision
def test_landmarks_move_smoothly_with_the_performer() -> None:
    followed = tracker()
    faces = [followed.update(frame).face for frame in clip(24)]
    places = [face.landmarks[:, :2] for face in faces if face is not None]
    steps = [np.linalg.norm(after - before, axis=1).mean() for before, after in pairwise(places)]
    assert max(steps) < 8  # pixels a frame, of a face 240 wide


@pytest.mark.vision
def test_second_face_is_noticed_within_200_ms_of_media_time() -> None:
    followed = tracker()
    empty = grey(640, 480)
    appears = 10
    noticed = []
    for index, frame in enumerate(clip(24)):
        other = clip(24)[-1 - index] if index >= appears else empty
        result = followed.update(beside(frame, other, index / RATE))
        if result.reason == "second_face":
            noticed.append(index)
            assert result.face_count == 2
    assert noticed
    assert appears <= noticed[0] <= appears + DETECTION_INTERVAL * RATE
    assert noticed == list(range(noticed[0], 24))


@pytest.mark.vision
def test_second_face_in_the_very_first_frame_is_noticed_at_once() -> None:
    frame = clip(1)[0]
    assert tracker().update(beside(frame, frame, 0.0)).reason == "second_face"


@pytest.mark.vision
def test_performer_alone_again_is_noticed_within_a_second() -> None:
    followed, frame = tracker(), clip(1)[0]
    for index in range(RATE):
        both = index < 6
        result = followed.update(beside(frame, frame if both else grey(640, 480), index / RATE))
        assert result.reason == "second_face" or not both
    assert (result.face_count, result.reason) == (1, "")


@pytest.mark.vision
def test_second_face_far_behind_is_noticed_too() -> None:
    followed, frame = tracker(), clip(1)[0]
    near = frame_to_image(frame)
    background = np.full((720, 1280, 3), 90, np.uint8)
    background[240:720, 0:640] = near
    small = cv2.resize(near, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    background[40 : 40 + small.shape[0], 900 : 900 + small.shape[1]] = small
    both = image_to_frame(background, 0.0)
    reasons = [followed.update(at(both, index / RATE)).reason for index in range(RATE)]
    noticed = reasons.index("second_face")
    assert noticed <= 2 * DETECTION_INTERVAL * RATE
    assert set(reasons[noticed:]) == {"second_face"}


@pytest.mark.vision
def test_room_without_people_has_no_face() -> None:
    followed = tracker()
    for index in range(20):
        result = followed.update(at(grey(640, 480), index / RATE))
        assert (result.face, result.face_count, result.reason) == (None, 0, "no_face")


@pytest.mark.vision
def test_face_that_leaves_is_lost_at_once_and_found_again_at_once() -> None:
    followed = tracker()
    frames = clip(12)
    reasons = []
    for index, frame in enumerate(frames):
        shown = at(grey(640, 480), frame.media_time) if 4 <= index < 8 else frame
        reasons.append(followed.update(shown).reason)
    assert reasons == [""] * 4 + ["no_face"] * 4 + [""] * 4


@pytest.mark.vision
def test_face_that_leaps_across_the_picture_is_found_in_the_same_frame() -> None:
    followed, frame = tracker(), clip(1)[0]
    empty = grey(640, 480)
    first = followed.update(beside(frame, empty, 0.0)).face
    second = followed.update(beside(empty, frame, 1 / RATE)).face
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(second.landmarks[:, 0] - first.landmarks[:, 0], 640, atol=12)


@pytest.mark.vision
@pytest.mark.parametrize("size", [(480, 480), (320, 240), (321, 241)])
def test_size_change_in_mid_stream_begins_anew(size: tuple[int, int]) -> None:
    followed = tracker()
    frames = clip(6)
    for frame in frames[:3]:
        followed.update(frame)
    for frame in frames[3:]:
        image = frame_to_image(frame)
        if size == (480, 480):
            image = image[:, 80:560]
        resized = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        result = followed.update(image_to_frame(resized, frame.media_time))
        assert result.reason == ""
        assert result.face is not None
        left, top, right, bottom = box_of_landmarks(result.face.landmarks)
        assert 0 < left < right < size[0]
        assert 0 < top < bottom < size[1] + 10


@pytest.mark.vision
@pytest.mark.parametrize("turns", [1, 3])
def test_phone_turned_in_mid_stream(turns: int) -> None:
    followed = tracker()
    frames = clip(12)
    for frame in frames[:3]:
        upright = followed.update(frame).face
    assert upright is not None
    found = [followed.update(turned_frame(frame, turns)) for frame in frames[3:]]
    assert found[-1].reason == ""
    assert found[-1].face is not None
    box = box_of_landmarks(found[-1].face.landmarks)
    left, top, right, bottom = box_of_landmarks(upright.landmarks)
    expected = {1: (top, 640 - right, bottom, 640 - left), 3: (480 - bottom, left, 480 - top, right)}[turns]
    assert covered_share(box, expected) > 0.8


@pytest.mark.vision
def test_face_on_its_side_is_kept_beyond_the_detectors_doubt() -> None:
    followed, frame = tracker(), turned_frame(clip(1)[0], 1)
    reasons = [followed.update(at(frame, index / RATE)).reason for index in range(2 * RATE)]
    assert reasons.index("") < len(searches(frame))
    assert set(reasons[reasons.index("") :]) == {""}


@pytest.mark.vision
@pytest.mark.parametrize("scale", [0.5, 0.3])
def test_small_face_in_a_large_picture_is_found_in_its_turn(scale: float) -> None:
    frame = shrunk_into(clip(1)[0], scale, (700, 300), (1280, 720))
    followed = tracker()
    reasons = [followed.update(at(frame, index / RATE)).reason for index in range(len(searches(frame)))]
    assert "" in reasons
    assert set(reasons[reasons.index("") :]) == {""}


@pytest.mark.vision
def test_two_streams_over_the_same_networks_do_not_disturb_each_other() -> None:
    alone, together, other = tracker(), tracker(), tracker()
    for frame in clip(8):
        expected = alone.update(frame).face
        found = together.update(frame).face
        other.update(turned_frame(frame, 2))
        assert expected is not None
        assert found is not None
        np.testing.assert_array_equal(found.landmarks, expected.landmarks)


@pytest.mark.vision
def test_time_that_goes_back_begins_anew() -> None:
    followed, frame = tracker(), clip(1)[0]
    followed.update(at(frame, 50.0))
    result = followed.update(at(frame, 0.0))
    assert result.reason == ""
    assert result.face is not None
    assert result.face.media_time == 0


class CalmLandmarks:
    """A face that fills the crop as the detector's region would have it; its score is what the test says."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        self.landmarks = np.zeros((478, 3), np.float32)
        self.landmarks[:, :2] = 96 + rng.uniform(-64, 64, (478, 2))
        self.landmarks[0, :2], self.landmarks[1, :2] = (32, 32), (160, 160)
        self.landmarks[33, :2], self.landmarks[263, :2] = (64, 80), (128, 80)
        self.scores: list[float] = []
        self.calls = 0

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> list[Any]:
        """The same landmarks in every crop, with the next score."""
        self.calls += 1
        score = self.scores.pop(0) if self.scores else 1.0
        return [self.landmarks, np.array([score], np.float32)]


FACE = (0.5, 0.5, 0.4, 0.4, 0.9)


def doubled(*seen: list[tuple[float, ...]]) -> tuple[FaceTracker, DetectionDouble, CalmLandmarks]:
    detection, landmarks = DetectionDouble(*seen), CalmLandmarks()  # type: ignore[arg-type]
    return FaceTracker(FaceDetector(detection), LandmarkNetwork(landmarks)), detection, landmarks


def test_detector_rests_while_a_face_is_followed() -> None:
    followed, detection, landmarks = doubled([FACE])
    square = grey(640, 640)  # one look shows all of it
    assert len(looks(square)) == 1
    followed.update(square)
    begun, located = len(detection.images), landmarks.calls
    for index in range(1, RATE + 1):
        assert followed.update(at(square, index / RATE)).reason == ""
    assert len(detection.images) - begun == 1 + 5  # the first comes with the second frame
    assert landmarks.calls - located == RATE


def test_no_frame_of_a_followed_face_takes_more_than_one_look() -> None:
    by_turns: list[list[tuple[float, ...]]] = [[], [FACE]]  # a square, the whole picture
    followed, detection, _ = doubled([FACE], [FACE], *by_turns * 8)
    frame = grey(1280, 720)
    followed.update(frame)
    for index in range(1, RATE):
        before = len(detection.images)
        followed.update(at(frame, index / RATE))
        assert len(detection.images) - before <= 1


def test_face_lost_by_the_landmark_network_is_detected_in_the_same_frame() -> None:
    followed, detection, landmarks = doubled([FACE])
    followed.update(grey(640, 640))
    before = len(detection.images)
    landmarks.scores = [0.2]
    assert followed.update(at(grey(640, 640), 1 / RATE)).reason == ""
    assert len(detection.images) > before


def test_doubtful_detection_is_no_face_unless_it_looks_like_one_from_near() -> None:
    doubtful = (0.5, 0.5, 0.4, 0.4, 0.55)
    followed, _, landmarks = doubled([doubtful])
    assert followed.update(grey(640, 640)).reason == "no_face"
    assert landmarks.calls == 0
    sure_from_near, _, _ = doubled([doubtful], [FACE])
    assert sure_from_near.update(grey(640, 640)).reason == ""


@pytest.mark.parametrize("score", [0.55, 0.75])
def test_second_face_that_is_none_from_near_does_not_count(score: float) -> None:
    lettering = (0.85, 0.85, 0.1, 0.1, score)
    followed, _, _ = doubled([FACE, lettering], [FACE], [])
    assert followed.update(grey(640, 640)).face_count == 1


def test_thing_that_the_detector_no_longer_takes_for_a_face_is_dropped_after_a_second() -> None:
    followed, _, _ = doubled([FACE], [FACE], [])
    reasons = [followed.update(at(grey(640, 640), index / RATE)).reason for index in range(2 * RATE)]
    assert "no_face" in reasons
    assert RATE - 1 <= reasons.index("no_face") <= RATE + 2


@pytest.mark.parametrize("x", [math.nan, math.inf])
def test_landmarks_that_are_no_numbers_are_no_face(x: float) -> None:
    followed, _, landmarks = doubled([FACE])
    landmarks.landmarks[7, 0] = x
    assert followed.update(grey(640, 640)).reason == "no_face"


def test_landmarks_all_in_one_point_are_no_face() -> None:
    followed, _, landmarks = doubled([FACE])
    landmarks.landmarks[:] = 50
    assert followed.update(grey(640, 640)).reason == "no_face"


@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 31)])
def test_frame_too_small_is_refused_and_the_face_not_forgotten(width: int, height: int) -> None:
    followed, _, _ = doubled([FACE])
    followed.update(grey(640, 640))
    with pytest.raises(FrameError) as refused:
        followed.update(at(grey(width, height), 0.1))
    assert refused.value.code == "frame_too_small"
    assert followed.update(at(grey(640, 640), 0.2)).reason == ""


@pytest.mark.parametrize("media_time", [math.nan, math.inf, -math.inf])
def test_frame_without_a_time_is_refused(media_time: float) -> None:
    followed, _, _ = doubled([FACE])
    with pytest.raises(FrameError, match="media time"):
        followed.update(at(grey(64, 64), media_time))


@given(SIZES, st.floats(0.3, 1), st.floats(0.5, 0.9))
def test_squares_cover_the_picture_and_stay_within_it(
    size: tuple[int, int], fraction: float, stride: int
) -> None:
    width, height = size
    side = max(2, int(min(size) * fraction))
    seen = np.zeros((height // 2, width // 2), bool)
    for window in squares(width, height, side, stride):
        assert window.left % 2 == window.top % 2 == 0
        assert 0 <= window.left <= width - window.width
        assert 0 <= window.top <= height - window.height
        seen[
            window.top // 2 : (window.top + window.height) // 2,
            window.left // 2 : (window.left + window.width) // 2,
        ] = True
    # but for a last odd pixel, or two
    assert seen[: max(1, height // 2 - 2), : max(1, width // 2 - 2)].all()


@given(SIZES, st.tuples(*[st.floats(-3000, 3000)] * 2), st.floats(0.1, 3000), st.floats(1, 4))
def test_window_around_any_box_lies_within_the_picture(
    size: tuple[int, int], corner: tuple[float, float], side: float, scale: float
) -> None:
    frame = grey(*size)
    window = window_around(frame, (*corner, corner[0] + side, corner[1] + side), scale)
    assert window.left % 2 == window.top % 2 == 0
    assert 0 <= window.left < window.left + window.width <= frame.width
    assert 0 <= window.top < window.top + window.height <= frame.height


def test_wide_picture_is_looked_at_whole_and_in_two_squares_by_turns() -> None:
    found = looks(grey(1280, 720))
    assert [(look.window.width, look.window.height) for look in found] == [(1280, 720), (720, 720)] * 2
    assert {look.window.left for look in found[1::2]} == {0, 560}
