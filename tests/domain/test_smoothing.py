from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.face import LANDMARKS, Points
from talchum.domain.smoothing import MAX_GAP, PLACE, FaceSmoother, OneEuroFilter, OneEuroSettings

RATE = 30
SETTINGS = st.builds(
    OneEuroSettings,
    min_cutoff=st.floats(0.1, 10),
    speed_cutoff=st.floats(0, 50),
    derivative_cutoff=st.floats(0.1, 20),
)
SIGNALS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.001, 0.4)), min_size=1, max_size=40)


def vector(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


@given(SETTINGS, SIGNALS)
def test_smoothed_value_never_leaves_the_range_of_what_came(
    settings: OneEuroSettings, signal: list[tuple[float, float]]
) -> None:
    smoother, now, came = OneEuroFilter(settings), 0.0, []
    for value, pause in signal:
        now += pause
        came.append(value)
        smoothed = smoother.step(vector(value), now)[0]
        assert min(came) - 1e-6 <= smoothed <= max(came) + 1e-6


@given(SETTINGS, st.floats(-1e3, 1e3))
def test_what_stands_still_stays(settings: OneEuroSettings, value: float) -> None:
    smoother = OneEuroFilter(settings)
    for index in range(10):
        assert smoother.step(vector(value), index / RATE)[0] == pytest.approx(value)


@given(SETTINGS, SIGNALS, st.floats(0.1, 10))
def test_unit_makes_size_irrelevant(
    settings: OneEuroSettings, signal: list[tuple[float, float]], scale: float
) -> None:
    small, large, now = OneEuroFilter(settings), OneEuroFilter(settings), 0.0
    for value, pause in signal:
        now += pause
        expected = small.step(vector(value), now, unit=1.0) * scale
        np.testing.assert_allclose(
            large.step(vector(value * scale), now, unit=scale), expected, rtol=1e-6, atol=1e-6
        )


@given(SETTINGS, st.sampled_from([0.0, -1.0, MAX_GAP + 0.01, math.inf]))
def test_time_that_does_not_grow_or_leaps_starts_anew(settings: OneEuroSettings, pause: float) -> None:
    smoother = OneEuroFilter(settings)
    smoother.step(vector(0), 5.0)
    assert smoother.step(vector(100), 5.0 + pause)[0] == 100


def test_settled_value_approaches_a_step() -> None:
    smoother = OneEuroFilter(PLACE)
    smoother.step(vector(0), 0)
    for index in range(1, 2 * RATE):
        value = smoother.step(vector(1), index / RATE)
    assert value[0] == pytest.approx(1, abs=1e-3)


def test_faster_motion_is_followed_more_closely() -> None:
    def last_lag(speed: float) -> float:
        smoother = OneEuroFilter(PLACE)
        for index in range(RATE):
            position = speed * index / RATE
            smoothed = float(smoother.step(vector(position), index / RATE)[0])
        return (position - smoothed) / speed

    assert last_lag(5) < last_lag(0.5) < last_lag(0.05)


def face(x: float, y: float, size: float, angle: float) -> Points:
    rng = np.random.default_rng(3)
    local = rng.normal(0, 1, (LANDMARKS, 3))
    cos, sin = math.cos(angle), math.sin(angle)
    local[:, :2] = local[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    return (local * size + (x, y, 0)).astype(np.float32)


def trembling(frames: int, noise: float) -> list[Points]:
    rng = np.random.default_rng(1)
    still = face(300, 200, 50, 0.1)
    return [(still + rng.normal(0, noise, still.shape)).astype(np.float32) for _ in range(frames)]


def test_first_landmarks_come_back_unchanged() -> None:
    landmarks = face(300, 200, 50, 0.3)
    np.testing.assert_allclose(FaceSmoother().smooth(landmarks, 0), landmarks, atol=1e-3)


def test_tremble_of_a_still_face_is_halved_at_least() -> None:
    smoother = FaceSmoother()
    raw = trembling(60, 0.3)
    smooth = [smoother.smooth(landmarks, index / RATE) for index, landmarks in enumerate(raw)]
    tremble = [np.diff(np.array(series[20:]), axis=0).std() for series in (raw, smooth)]
    assert tremble[1] < tremble[0] / 2


def test_moving_turning_growing_face_is_followed_without_swimming() -> None:
    smoother = FaceSmoother()
    worst = 0.0
    for index in range(60):
        t = index / RATE
        # across half the picture in a second, with a turn and a step nearer
        landmarks = face(200 + 200 * t, 200 + 40 * math.sin(4 * t), 50 + 10 * t, 0.5 * math.sin(3 * t))
        smooth = smoother.smooth(landmarks, t)
        worst = max(worst, float(np.abs(smooth - landmarks)[:, :2].mean()))
    assert worst < 1.5  # pixels, of a face some 200 wide


def test_face_keeps_its_shape_while_the_head_moves() -> None:
    smoother = FaceSmoother()
    for index in range(30):
        landmarks = face(200 + 8 * index, 200, 50, 0)
        smooth = smoother.smooth(landmarks, index / RATE)
    shapes = [points - points.mean(axis=0) for points in (landmarks, smooth)]
    np.testing.assert_allclose(shapes[1], shapes[0], atol=0.05)


def test_head_that_turns_through_half_a_circle_does_not_spin_back() -> None:
    smoother = FaceSmoother()
    for index in range(80):
        landmarks = face(300, 200, 50, 2 * math.pi * index / 80)
        smooth = smoother.smooth(landmarks, index / RATE)
        assert np.abs(smooth - landmarks)[:, :2].mean() < 5


def test_landmarks_all_in_one_point_come_back_as_they_are() -> None:
    landmarks = np.full((LANDMARKS, 3), 7, np.float32)
    np.testing.assert_array_equal(FaceSmoother().smooth(landmarks, 0), landmarks)
