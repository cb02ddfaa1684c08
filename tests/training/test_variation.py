"""What was seen once is bent, lit and seen anew, and what belongs together stays together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from talchum.training.dataset import as_batch
from talchum.training.moment import Moment
from talchum.training.variation import (
    Variation,
    head_shift,
    relit,
    with_other_eyes,
    with_other_face,
    worse_seen,
)
from talchum.vision.conditioning import SIDE
from tests.training.performances import dataset
from tests.vision.scenes import face_networks

pytestmark = pytest.mark.vision


def moment() -> Moment:
    return dataset().learned[0]


def variation() -> Variation:
    return Variation(face_networks().topology)


def test_another_light_falls_on_the_picture_and_on_what_the_network_is_shown_of_it() -> None:
    lit = relit(moment(), np.random.default_rng(1))
    assert lit.geometry is moment().geometry
    before, after = as_batch([moment()]), as_batch([lit])
    np.testing.assert_array_equal(before.planes[:, :8], after.planes[:, :8])
    assert np.abs(before.picture - after.picture).mean() > 0.02
    assert np.abs(before.planes[:, 8:11] - after.planes[:, 8:11]).mean() > 0.02


def test_faces_become_as_bright_as_others_are_whatever_they_were() -> None:
    inside = moment().geometry.inside > 0
    dark = replace(moment(), picture=(moment().picture * 0.3).astype(np.uint8))
    for one in (moment(), dark):
        lit = [relit(one, np.random.default_rng(seed)).picture[inside].mean() for seed in range(30)]
        assert min(lit) < 90
        assert max(lit) > 150


def test_other_eyes_are_shown_and_the_own_ones_are_to_be_painted() -> None:
    other = with_other_eyes(moment(), np.random.default_rng(3))
    opened = moment().geometry.opened > 0
    np.testing.assert_array_equal(other.picture, moment().picture)
    np.testing.assert_array_equal(other.shown[~opened], moment().shown[~opened])
    assert np.abs(other.shown[opened].astype(int) - moment().shown[opened]).mean() > 2


def test_another_face_is_shown_around_the_same_eyes_and_the_own_one_is_to_be_painted() -> None:
    other = with_other_face(moment(), np.random.default_rng(3))
    opened = moment().geometry.opened > 0
    np.testing.assert_array_equal(other.picture, moment().picture)
    np.testing.assert_array_equal(other.shown[opened], moment().shown[opened])
    before, after = as_batch([moment()]), as_batch([other])
    assert 0.005 < np.abs(before.planes[:, 8:11] - after.planes[:, 8:11]).mean() < 0.1


def test_a_worse_camera_changes_what_is_shown_and_not_what_is_to_be_painted() -> None:
    worse = worse_seen(moment(), np.random.default_rng(1))
    np.testing.assert_array_equal(worse.picture, moment().picture)
    assert np.abs(worse.shown.astype(int) - worse.picture).mean() > 0.5


def test_a_bent_picture_shows_each_point_where_its_landmark_went() -> None:
    for seed in range(5):
        bent = variation().reshaped(moment(), np.random.default_rng(seed))
        for landmark in (1, 33, 263, 61, 291, 152):
            (x0, y0), (x1, y1) = (one.landmarks[landmark, :2] for one in (moment(), bent))
            before = moment().picture[int(y0) - 1 : int(y0) + 2, int(x0) - 1 : int(x0) + 2].mean(axis=(0, 1))
            after = bent.picture[int(y1) - 1 : int(y1) + 2, int(x1) - 1 : int(x1) + 2].mean(axis=(0, 1))
            assert np.abs(before - after).max() < 45, (seed, landmark)


def test_the_planes_of_a_bent_head_are_those_of_its_landmarks() -> None:
    bent = variation().reshaped(moment(), np.random.default_rng(3))
    x, y = bent.landmarks[:468, 0], bent.landmarks[:468, 1]
    rows, columns = np.nonzero(bent.geometry.inside)
    assert abs(columns.min() - max(0, x.min())) < 2
    assert abs(columns.max() - min(SIDE, x.max())) < 2
    assert abs(rows.min() - max(0, y.min())) < 2
    assert abs(rows.max() - min(SIDE, y.max())) < 2


def test_heads_differ_by_some_millimetres_and_alike_on_both_sides() -> None:
    vertices = face_networks().topology.vertices
    shifts = np.stack([head_shift(vertices, np.random.default_rng(seed)) for seed in range(40)])
    assert 0.15 < np.sqrt((shifts**2).sum(axis=2).mean()) < 1.2  # centimetres
    corners = shifts[:, [33, 263]]  # outer corners of the eyes
    np.testing.assert_allclose(corners[:, 0, 1:], corners[:, 1, 1:], atol=0.05)
    np.testing.assert_allclose(corners[:, 0, 0], -corners[:, 1, 0], atol=0.05)


def test_irises_stay_in_their_eyes() -> None:
    shift = head_shift(face_networks().topology.vertices, np.random.default_rng(2))
    for corners, iris in (((33, 133), 468), ((263, 362), 473)):
        expected = np.tile(shift[list(corners)].mean(axis=0), (5, 1))
        np.testing.assert_allclose(shift[iris : iris + 5], expected, atol=1e-5)


def test_the_same_seed_makes_the_same_moment() -> None:
    one, other = (variation().of(moment(), np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.picture, other.picture)
    np.testing.assert_array_equal(one.shown, other.shown)
    np.testing.assert_array_equal(one.landmarks, other.landmarks)
