"""Another head's proportions, one's own movements."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from talchum.vision.retargeting import Retargeting
from tests.vision.scenes import face_networks

pytestmark = pytest.mark.vision

Floats = NDArray[np.float32]
NOSE, UPPER_LIP, LOWER_LIP, CHIN = 1, 13, 14, 152


def vertices() -> Floats:
    return np.array(face_networks().topology.vertices)


def seen(shape: Floats, yaw: float = 0.0, scale: float = 6.0) -> Floats:
    """A head as its landmarks would be found, (478, 3) pixels, turned about the neck."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    mesh = (shape * (1, -1, -1)) @ turn.T * scale + (80, 80, 0)
    irises = [np.tile(mesh[list(corners)].mean(axis=0), (5, 1)) for corners in ((33, 133), (263, 362))]
    return np.array(np.concatenate([mesh, *irises]), np.float32)


def longer_nosed() -> Floats:
    shape = vertices()
    near = np.exp(-((shape - shape[NOSE]) ** 2).sum(axis=1) / (2 * 1.5**2))
    return np.asarray(shape + near[:, None] * (0, -0.6, 0.4), np.float32)


def at_rest(shape: Floats) -> Floats:
    """With lips shut, which those of the canonical head are not."""
    shape[LOWER_LIP] = shape[UPPER_LIP] - (0, 0.1, 0)
    return shape


def retargeting(strength: float = 1.0) -> Retargeting:
    return Retargeting(face_networks().topology, longer_nosed(), strength)


def settled(made: Retargeting, landmarks: Floats, frames: int = 60) -> Floats:
    for _ in range(frames):
        retargeted = made.retarget(landmarks)
    return retargeted


def test_a_feature_moves_to_where_the_identity_has_it() -> None:
    own = seen(vertices())
    moved = settled(retargeting(), own)
    assert moved[NOSE, 1] - own[NOSE, 1] > 0.3 * 6  # pixels, of 0.6 cm
    np.testing.assert_allclose(moved[CHIN], own[CHIN], atol=0.1)


def test_it_turns_with_the_head() -> None:
    own = seen(vertices(), yaw=0.6)
    moved = settled(retargeting(), own)
    towards = (moved[NOSE] - own[NOSE]) / 6
    assert towards[1] > 0.3
    assert abs(towards[0]) > 0.08  # the nose's tip also goes forward, which is aside in a turned head


def test_half_the_strength_moves_half_as_far() -> None:
    own = seen(vertices())
    whole, half = (settled(retargeting(strength), own) - own for strength in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, atol=0.02)


def test_who_has_the_proportions_already_is_left_alone_once_they_were_seen_at_rest() -> None:
    own = seen(at_rest(longer_nosed()))
    made = retargeting()
    first = made.retarget(own)
    later = settled(made, own, 400)
    assert np.abs(later - own).max() < 0.25 * np.abs(first - own).max() + 0.05


def test_lips_that_part_stay_as_far_apart() -> None:
    shape = vertices()
    shape[LOWER_LIP, 1] -= 1.0
    own = seen(shape)
    moved = settled(retargeting(), own)
    before, after = (one[LOWER_LIP, 1] - one[UPPER_LIP, 1] for one in (own, moved))
    assert after == pytest.approx(before, abs=0.9)


def test_a_face_that_never_rests_does_not_pass_its_smile_off_as_its_own_shape() -> None:
    smiling = vertices()
    for corner in (61, 291):
        smiling[corner, 1] += 0.9
    own = seen(smiling)
    made = retargeting()
    first = made.retarget(own)
    later = settled(made, own, 200)
    np.testing.assert_allclose(later[61], first[61], atol=0.35)


def test_irises_stay_in_their_eyes() -> None:
    own = seen(vertices())
    moved = settled(retargeting(), own) - own
    for corners, iris in (((33, 133), 468), ((263, 362), 473)):
        np.testing.assert_allclose(moved[iris], moved[list(corners)].mean(axis=0), atol=1e-3)
