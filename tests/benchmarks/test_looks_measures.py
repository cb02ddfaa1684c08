"""The judge is judged first: each figure moves with what it is named after, and with nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import looks_measures as measures

Floats = NDArray[np.float32]
RING = tuple(range(0, 36))


def face(eyes: float = 0.3, mouth: float = 0.0) -> Floats:
    """A mesh that is nothing but a ring and the points the measures ask for, 100 pixels between the eyes."""
    points = np.full((478, 2), 200.0, np.float32)
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    points[:36] = np.stack([200 + 120 * np.cos(turn), 200 + 150 * np.sin(turn)], axis=1)
    for (upper, lower, left, right), x in (((159, 145, 33, 133), 150), ((386, 374, 263, 362), 250)):
        side = -1 if x == 150 else 1
        points[left], points[right] = (x, 160), (x - side * 30, 160)
        points[upper], points[lower] = (x - side * 15, 160 - 15 * eyes), (x - side * 15, 160 + 15 * eyes)
    points[61], points[291] = (170, 270), (230, 270)
    points[13], points[14] = (200, 270 - 30 * mouth), (200, 270 + 30 * mouth)
    return points


def test_openings_are_heights_over_widths() -> None:
    assert measures.eye_opening(face(eyes=0.3)) == pytest.approx(0.3, abs=1e-5)
    assert measures.mouth_opening(face(mouth=0.5)) == pytest.approx(0.5, abs=1e-5)


def test_an_error_is_told_in_interocular_distances_of_the_performer() -> None:
    moved = face() + np.array([0, 5], np.float32)
    assert measures.interocular_distance(face()) == pytest.approx(100)
    assert measures.landmark_error(moved, face()) == pytest.approx(0.05)


def test_what_hardly_moves_correlates_with_nothing() -> None:
    blinks = [0.3, 0.1, 0.3, 0.25, 0.05]
    assert measures.correlation(blinks, [value * 2 for value in blinks]) == pytest.approx(1)
    assert measures.correlation(blinks, [0.3] * 5) is None


def test_a_drift_is_not_jitter_and_noise_is() -> None:
    rng = np.random.default_rng(0)
    drifting = np.stack([face() + np.float32(0.2 * index) for index in range(20)])
    noisy = np.stack([face() + rng.normal(0, 0.2, (478, 2)).astype(np.float32) for _ in range(20)])
    assert measures.landmark_jitter(drifting) < 1e-5
    assert measures.landmark_jitter(noisy) > 1e-3


def test_flicker_of_the_texture_is_measured_where_the_face_is() -> None:
    rng = np.random.default_rng(0)
    where = np.zeros((64, 64), bool)
    where[:32] = True
    images = []
    for _ in range(40):
        image = np.full((64, 64, 3), 120.0)
        image += rng.normal(0, 3, (64, 64, 1))
        image[32:] += rng.normal(0, 40)
        images.append(np.clip(np.round(image), 0, 255).astype(np.uint8))
    assert measures.texture_jitter(images, where) == pytest.approx(3, rel=0.15)


def test_a_seam_is_the_step_across_the_edge() -> None:
    image = np.full((400, 400, 3), 100, np.uint8)
    ring = face()[list(RING)]
    assert measures.seam(image, ring) == pytest.approx(0)
    cv2.fillPoly(image, [np.round(ring).astype(np.int32)], (140, 140, 140))
    assert measures.seam(image, ring) == pytest.approx(40, abs=6)


def test_blur_takes_sharpness_away() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (64, 64, 3), np.uint8)
    where = np.ones((64, 64), bool)
    blurred = np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.uint8)
    assert measures.sharpness(blurred, where) < 0.2 * measures.sharpness(image, where)


def test_the_mask_of_a_face_ends_inside_its_ring() -> None:
    mask = measures.mesh_mask(face(), RING, (400, 400))
    assert mask[200, 200]
    assert not mask[200, 200 + 118]
    assert not mask[0, 0]


def test_likeness_of_pictures_is_counted_where_told() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (64, 64, 3), np.uint8)
    other = image.copy()
    other[:, 32:] = 0
    left = np.zeros((64, 64), bool)
    left[8:56, 8:24] = True
    assert measures.ssim(image, other, left) == pytest.approx(1)
    assert measures.psnr(image, other, ~left) < 15
    shifted = np.clip(image.astype(int) + 10, 0, 255).astype(np.uint8)
    assert measures.psnr(image, shifted, left) == pytest.approx(28.3, abs=0.5)
