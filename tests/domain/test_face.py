from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.face import (
    LANDMARKS,
    Box,
    Detection,
    Points,
    box_of_landmarks,
    covered_share,
    region_of_detection,
    region_of_landmarks,
)

SIDES = st.floats(1, 500)
PLACES = st.floats(-500, 500)
BOXES = st.tuples(PLACES, PLACES, SIDES, SIDES).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


def face(
    angle: float, centre: tuple[float, float] = (100.0, 80.0), width: float = 60, height: float = 80
) -> Points:
    """Landmarks that span a turned rectangle, the eyes' outer corners on a line along it."""
    rng = np.random.default_rng(5)
    local = rng.uniform(-0.5, 0.5, (LANDMARKS, 2)) * (width, height)
    local[0], local[1] = (-width / 2, -height / 2), (width / 2, height / 2)
    local[33], local[263] = (-width / 4, -10), (width / 4, -10)
    cos, sin = math.cos(angle), math.sin(angle)
    xy = local @ np.array([[cos, sin], [-sin, cos]]) + centre
    return np.column_stack([xy, np.zeros(LANDMARKS)]).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0, math.pi / 2])
def test_region_of_landmarks_is_level_with_the_eyes_and_half_as_large_again(angle: float) -> None:
    region = region_of_landmarks(face(angle))
    assert (region.x, region.y) == pytest.approx((100, 80), abs=1e-2)
    assert region.side == pytest.approx(120, abs=1e-2)
    assert math.remainder(region.angle - angle, 2 * math.pi) == pytest.approx(0, abs=1e-4)


def test_region_of_a_detection_follows_its_box_and_eyes() -> None:
    keypoints = np.array([[10, 20], [30, 40], [0, 0], [0, 0], [0, 0], [0, 0]], np.float32)
    region = region_of_detection(Detection((0, 10, 40, 70), keypoints, 0.9))
    assert (region.x, region.y, region.side) == (20, 40, 90)
    assert region.angle == pytest.approx(math.pi / 4)


def test_box_of_landmarks_leaves_the_irises_out() -> None:
    landmarks = face(0)
    landmarks[470] = 9999
    assert box_of_landmarks(landmarks) == pytest.approx((70, 40, 130, 120))


def test_box_within_another_is_covered_whole() -> None:
    assert covered_share((0, 0, 100, 100), (20, 30, 40, 50)) == 1


def test_boxes_side_by_side_share_nothing() -> None:
    assert covered_share((0, 0, 10, 10), (10, 0, 20, 10)) == 0


def test_empty_box_shares_nothing() -> None:
    assert covered_share((0, 0, 10, 10), (5, 5, 5, 9)) == 0


@given(BOXES, BOXES)
def test_covered_share_is_a_share_either_way(a: Box, b: Box) -> None:
    share = covered_share(a, b)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(covered_share(b, a))


@given(BOXES)
def test_box_covers_itself(box: Box) -> None:
    assert covered_share(box, box) == pytest.approx(1)
