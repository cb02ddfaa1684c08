"""What a network is shown: a square that follows the head, the bent still, light, and the own eyes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from talchum.domain.face import FaceRegion, Points
from talchum.vision.conditioning import (
    PLANES,
    REFERENCE_SIDE,
    SIDE,
    Geometry,
    GeometryPainter,
    blurred_light,
    cut_reference,
    head_region,
    into_square,
    normals,
    with_colours,
)
from talchum.vision.cropping import cut_region, region_to_frame
from tests.vision.scenes import clip, face_networks, portrait_identity, tracked

pytestmark = pytest.mark.vision

UPPER_LIP, LOWER_LIP, NOSE_TIP, PUPIL = 13, 14, 4, 468


def square_of(index: int) -> tuple[FaceRegion, Points]:
    landmarks = tracked()[index].landmarks
    region = head_region(landmarks, face_networks().topology)
    return region, into_square(landmarks, region, SIDE)


def painted(index: int) -> Geometry:
    identity = portrait_identity()
    assert identity.texture is not None
    topology = face_networks().topology
    reference = cut_reference(identity.texture, identity.texture_points, topology)
    return GeometryPainter(topology).paint(square_of(index)[1], reference)


@pytest.mark.parametrize("index", [0, 8, 16, 23])
def test_the_whole_mesh_lies_in_the_square(index: int) -> None:
    _, landmarks = square_of(index)
    assert landmarks[:, :2].min() > 0
    assert landmarks[:, :2].max() < SIDE
    width = float(np.ptp(landmarks[:468, 0]))
    assert 0.5 * SIDE < width < 0.85 * SIDE


def test_an_open_mouth_does_not_move_the_square() -> None:
    landmarks = tracked()[0].landmarks.copy()
    before = head_region(landmarks, face_networks().topology)
    landmarks[[LOWER_LIP, 17, 152, 175, 199, 200], 1] += 40
    assert head_region(landmarks, face_networks().topology) == before


@pytest.mark.parametrize("turn", [0.0, 0.4, -1.2, math.pi])
def test_a_turned_shifted_and_larger_head_lies_in_its_square_as_before(turn: float) -> None:
    landmarks = tracked()[0].landmarks
    _, before = square_of(0)
    cos, sin = 1.7 * math.cos(turn), 1.7 * math.sin(turn)
    moved = landmarks.copy()
    moved[:, :2] = landmarks[:, :2] @ np.array([[cos, sin], [-sin, cos]], np.float32) + (80, -30)
    moved[:, 2] *= 1.7
    after = into_square(moved, head_region(moved, face_networks().topology), SIDE)
    np.testing.assert_allclose(after, before, atol=0.02)


def test_the_square_of_the_landmarks_is_the_square_that_is_cut() -> None:
    region, landmarks = square_of(5)
    back = landmarks[:, :2] @ region_to_frame(region, SIDE)[:, :2].T + region_to_frame(region, SIDE)[:, 2]
    np.testing.assert_allclose(back, tracked()[5].landmarks[:, :2], atol=0.02)


def test_a_reference_is_cut_as_a_head_is() -> None:
    identity = portrait_identity()
    assert identity.texture is not None
    reference = cut_reference(identity.texture, identity.texture_points, face_networks().topology)
    assert reference.image.shape == (REFERENCE_SIDE, REFERENCE_SIDE, 3)
    assert reference.points.shape == (468, 2)
    x, y = np.floor(reference.points[NOSE_TIP]).astype(int)
    assert reference.image[y, x, 1] > reference.image[y, x, 0]  # the green skin of the painted identity


def test_planes_show_the_still_where_the_mesh_is_and_nothing_elsewhere() -> None:
    geometry = painted(0)
    inside = geometry.inside > 0
    still = geometry.planes[:3].transpose(1, 2, 0)
    assert still[inside][:, 1].mean() > 60
    assert still[~inside].max() == 0
    assert geometry.planes[4:7, ~inside].max() == 0
    np.testing.assert_array_equal(geometry.planes[3], geometry.inside)


def test_the_performers_own_eyes_and_nothing_of_the_skin_show() -> None:
    region, landmarks = square_of(3)
    own = cut_region(clip()[3], region, SIDE)
    planes = with_colours(painted(3), own)
    assert planes.shape == (PLANES, SIDE, SIDE)
    x, y = np.floor(landmarks[PUPIL, :2]).astype(int)
    np.testing.assert_array_equal(planes[11:14, y, x], own[y, x])
    x, y = np.floor(landmarks[NOSE_TIP, :2]).astype(int)
    assert planes[11:14, y, x].max() == 0
    assert np.count_nonzero(planes[11:14].any(axis=0)) < 0.05 * SIDE * SIDE


def test_light_knows_the_colour_but_not_the_face() -> None:
    geometry, (region, _) = painted(0), square_of(0)
    own = cut_region(clip()[0], region, SIDE)
    light = blurred_light(own, geometry.inside)
    core = cv2.erode(geometry.inside, np.ones((31, 31), np.uint8)) > 0
    np.testing.assert_allclose(light[core].mean(0), own[core].mean(0), atol=12)
    sharpness = [float(cv2.Laplacian(image, cv2.CV_32F)[core].std()) for image in (own, light)]
    assert sharpness[1] < sharpness[0] / 5


def test_normals_are_one_long_and_the_nose_looks_at_the_camera() -> None:
    mesh = np.ascontiguousarray(square_of(0)[1][:468], np.float32)
    found = normals(mesh, np.array(face_networks().topology.triangles))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    facing = np.sign(found[:, 2])
    assert abs(float(facing.mean())) > 0.7, "nearly all of a frontal mesh looks one way"
