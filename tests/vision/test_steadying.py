"""Noise on a still face goes, a movement passes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talchum.vision.steadying import Steadier

Floats = NDArray[np.float32]


def painted(level: float, noise: float = 0.0, seed: int = 0) -> Floats:
    values = np.full((16, 16, 5), level) + np.random.default_rng(seed).normal(0, noise or 1e-9, (16, 16, 5))
    return values.astype(np.float32)


def test_noise_on_a_still_face_is_mostly_gone() -> None:
    steadier = Steadier()
    seen = np.stack([steadier.steady(painted(100, 0.6, seed), seed / 30) for seed in range(30)])
    assert np.diff(seen[10:], axis=0).std() < 0.3 * np.sqrt(2) * 0.6


def test_what_moves_passes_whole() -> None:
    steadier = Steadier()
    steadier.steady(painted(100), 0.0)
    np.testing.assert_array_equal(steadier.steady(painted(120), 1 / 30), painted(120))


def test_a_slow_change_arrives() -> None:
    steadier = Steadier()
    for index in range(60):
        seen = steadier.steady(painted(100 if index < 10 else 101.5), index / 30)
    np.testing.assert_allclose(seen, painted(101.5), atol=0.05)


def test_a_pixel_that_moves_does_not_carry_still_ones_with_it() -> None:
    steadier = Steadier()
    steadier.steady(painted(100), 0.0)
    now = painted(101)
    now[3, 4] = 200
    seen = steadier.steady(now, 1 / 30)
    assert seen[3, 4, 0] == 200
    assert seen[8, 8, 0] < 100.5


def test_after_a_gap_or_a_step_back_in_time_nothing_is_remembered() -> None:
    for later in (1.0, -0.5):
        steadier = Steadier()
        steadier.steady(painted(100), 0.0)
        np.testing.assert_array_equal(steadier.steady(painted(101), later), painted(101))


def test_a_square_of_another_shape_begins_anew() -> None:
    steadier = Steadier()
    steadier.steady(painted(100), 0.0)
    small = np.ones((4, 4, 5), np.float32)
    np.testing.assert_array_equal(steadier.steady(small, 1 / 30), small)
