from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from building.attention_operations import ATTENTION_CONVERSIONS
from building.errors import BuildError
from tests.building.graphs import constant, operation, run, variable


def matrix_options(**changes: Any) -> dict[str, Any]:
    return {
        "subset_idxs": [0, 1, 2, 3],
        "left_rotation_idx": 0,
        "right_rotation_idx": 1,
        "scale_x": 1.5,
        "scale_y": 1.5,
        "output_width": 16,
        "output_height": 16,
        "target_rotation_radians": 0.0,
    } | changes


def turned_rectangle(angle: float, centre: tuple[float, float], width: float, height: float) -> Any:
    """Left, right, top and bottom middle of a turned rectangle as landmarks, (1, 4, 3)."""
    along = np.array([math.cos(angle), math.sin(angle)]) * width / 2
    across = np.array([-math.sin(angle), math.cos(angle)]) * height / 2
    points = [-along, along, -across, across]
    landmarks = np.zeros((1, 4, 3), np.float32)
    landmarks[0, :, :2] = np.array(points) + centre
    return landmarks


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2])
def test_matrix_carries_the_cut_outs_corners_to_the_scaled_turned_rectangle(angle: float) -> None:
    landmarks = turned_rectangle(angle, (20, 30), 10, 6)
    step = operation("Landmarks2TransformMatrix", (0,), 1, custom=matrix_options())
    matrix = run([variable(1, 4, 3), variable(1, 4, 4)], [step], landmarks, ATTENTION_CONVERSIONS)[0]
    middle = matrix @ [8, 8, 0, 1]
    right_edge = matrix @ [16, 8, 0, 1]
    bottom_edge = matrix @ [8, 16, 0, 1]
    np.testing.assert_allclose(middle[:2], [20, 30], atol=1e-4)
    along, across = [math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]
    np.testing.assert_allclose((right_edge - middle)[:2], np.array(along) * 7.5, atol=1e-4)
    np.testing.assert_allclose((bottom_edge - middle)[:2], np.array(across) * 4.5, atol=1e-4)


def test_matrix_with_a_target_rotation_is_refused() -> None:
    step = operation("Landmarks2TransformMatrix", (0,), 1, custom=matrix_options(target_rotation_radians=0.1))
    with pytest.raises(BuildError, match="target rotation"):
        run(
            [variable(1, 4, 3), variable(1, 4, 4)],
            [step],
            np.ones((1, 4, 3), np.float32),
            ATTENTION_CONVERSIONS,
        )


def shift(x: float, y: float) -> np.ndarray:
    matrix = np.eye(4, dtype=np.float32)[None].copy()
    matrix[0, :2, 3] = (x, y)
    return matrix


def test_cut_out_with_a_whole_shift_copies_pixels() -> None:
    step = operation("TransformTensorBilinear", (0, 1), 2, custom={"output_height": 2, "output_width": 2})
    value = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
    tensors = [variable(1, 4, 4, 2), constant(shift(1, 2)), variable(1, 2, 2, 2)]
    np.testing.assert_allclose(
        run(tensors, [step], value, ATTENTION_CONVERSIONS), value[:, 2:4, 1:3], atol=1e-4
    )


def test_cut_out_is_zero_beyond_the_map() -> None:
    step = operation("TransformTensorBilinear", (0, 1), 2, custom={"output_height": 2, "output_width": 2})
    tensors = [variable(1, 4, 4, 1), constant(shift(50, 0)), variable(1, 2, 2, 1)]
    assert not run(tensors, [step], np.ones((1, 4, 4, 1), np.float32), ATTENTION_CONVERSIONS).any()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_landmarks_are_moved_in_the_picture_and_keep_their_depth(dimensions: int) -> None:
    matrix = shift(5, -1)
    matrix[0, :2, :2] = [[0, -2], [2, 0]]  # a quarter turn, twice as large
    step = operation("TransformLandmarks", (0, 1), 2)
    value = np.array([[[1, 0, 9], [0, 1, 8]]], np.float32)[..., :dimensions]
    tensors = [variable(1, 2, dimensions), constant(matrix), variable(1, 2, dimensions)]
    expected = np.array([[[5, 1, 9], [3, -1, 8]]], np.float32)[..., :dimensions]
    np.testing.assert_allclose(run(tensors, [step], value, ATTENTION_CONVERSIONS), expected, atol=1e-5)
