"""The head at rest: its own proportions, whatever way it was held and whatever else it did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from talchum.domain.face import Points
from talchum.training.moment import Moment
from talchum.training.neutral_shape import neutral_shape
from talchum.vision.conditioning import STABLE, Reference, head_pose, without_pose
from tests.training.performances import dataset
from tests.vision.scenes import face_networks

pytestmark = pytest.mark.vision


def held(mesh: Points, yaw: float, pitch: float, scale: float) -> Points:
    """A mesh in centimetres, y up, as landmarks of a picture: y down, smaller z nearer, irises added."""
    turn_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    placed = (mesh * (1, -1, -1)) @ (turn_y @ turn_x).T * scale + (80, 85, 3)
    return np.concatenate([placed, placed[:10]]).astype(np.float32)


def wide_head() -> Points:
    """The canonical head, but for a wider jaw: bone is as it was."""
    vertices = np.array(face_networks().topology.vertices)
    jaw = np.setdiff1d(np.flatnonzero(vertices[:, 1] < -3), STABLE)
    vertices[jaw, 0] *= 1.2
    return vertices


def moment(landmarks: Points, still: Points) -> Moment:
    blank = np.zeros((1, 1, 3), np.uint8)
    return replace(
        dataset().learned[0], landmarks=landmarks, reference=Reference(blank, still[:468, :2] * np.float32(2))
    )


@pytest.mark.parametrize(("yaw", "pitch", "scale"), [(0, 0, 7.3), (0.5, -0.2, 4.0), (-0.4, 0.3, 12.0)])
def test_pose_and_size_are_taken_away(yaw: float, pitch: float, scale: float) -> None:
    head = wide_head()
    topology, landmarks = face_networks().topology, held(head, yaw, pitch, scale)
    found = without_pose(landmarks, head_pose(landmarks, topology), topology)
    np.testing.assert_allclose(found, head, atol=1e-3)


def test_moments_at_rest_make_the_shape_and_a_yawn_does_not() -> None:
    head, topology = wide_head(), face_networks().topology
    yawning = head.copy()
    yawning[head[:, 1] < -3, 1] -= 3
    still = held(head, 0, 0, 7)
    at_rest = [moment(held(head, 0.02 * i, 0, 7), still) for i in range(2)]
    others = [moment(held(yawning, 0.03 * i, 0, 7), still) for i in range(18)]
    found = neutral_shape([*others, *at_rest], topology)
    assert (found.shape, found.dtype) == ((468, 3), np.dtype(np.float32))
    np.testing.assert_allclose(found, head, atol=1e-3)


def test_the_projects_own_clip_has_a_head_of_human_size() -> None:
    topology = face_networks().topology
    found = neutral_shape(dataset().learned, topology)
    sizes = np.ptp(found, axis=0) / np.ptp(topology.vertices, axis=0)
    assert np.all(np.abs(sizes - 1) < 0.3)
    assert np.corrcoef(found[:, 2], topology.vertices[:, 2])[0, 1] > 0.9
