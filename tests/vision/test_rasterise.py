"""Triangles into a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.vision.rasterise import MAX_GRID_SIDE, Grid, extend_edges, rasterise

# With y down, a triangle that faces the camera runs clockwise in numbers: negative area.
FACING = np.array([[0, 2, 1], [1, 2, 3]], np.int32)
SQUARE = np.array([[1, 1, 0], [8, 1, 0], [1, 8, 0], [8, 8, 0]], np.float32)


def test_square_of_two_triangles_interpolates_its_corners() -> None:
    values, coverage = rasterise(SQUARE, SQUARE[:, :2].copy(), FACING, 10, 10)
    assert coverage[1:9, 1:9].all()
    assert coverage.sum() == 64
    rows, columns = np.indices((10, 10))
    np.testing.assert_allclose(values[1:9, 1:9, 0], columns[1:9, 1:9], atol=1e-4)
    np.testing.assert_allclose(values[1:9, 1:9, 1], rows[1:9, 1:9], atol=1e-4)


def test_triangle_turned_away_is_not_drawn() -> None:
    _, coverage = rasterise(SQUARE, SQUARE, np.ascontiguousarray(FACING[:, ::-1]), 10, 10)
    assert not coverage.any()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_nearer_surface_wins_in_any_order(order: tuple[int, int]) -> None:
    far, near = SQUARE + np.array([0, 0, 5], np.float32), SQUARE.copy()
    points = np.concatenate([far, near]).astype(np.float32)
    shade = np.repeat(np.array([[1.0], [2.0]], np.float32), 4, axis=0)
    layers = [FACING, FACING + 4]
    triangles = np.concatenate([layers[n] for n in order]).astype(np.int32)
    values, coverage = rasterise(points, shade, triangles, 10, 10)
    assert (values[coverage == 1] == 2.0).all()


def test_triangles_outside_the_grid_are_cut_off() -> None:
    points = SQUARE * np.array([4, 4, 1], np.float32) - np.array([20, 20, 0], np.float32)
    _, coverage = rasterise(points, SQUARE, FACING, 10, 10)
    assert coverage.all()


def test_degenerate_triangle_draws_nothing() -> None:
    points = np.array([[1, 1, 0], [4, 4, 0], [8, 8, 0], [8, 8, 0]], np.float32)
    _, coverage = rasterise(points, points, FACING, 10, 10)
    assert not coverage.any()


def test_slope_goes_on_past_the_edge() -> None:
    values, coverage = rasterise(SQUARE, SQUARE[:, :1].copy(), FACING, 12, 12)
    extend_edges(values, coverage, rings=2)
    np.testing.assert_allclose(values[4, 9:11, 0], [9.0, 10.0], atol=0.05)
    assert values[4, 11, 0] == 0.0


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(2, 2000), st.integers(2, 2000))
def test_grid_spans_its_rectangle(x: int, y: int, width: int, height: int) -> None:
    grid = Grid.over(x, y, width, height)
    assert grid.step_x >= 0.99
    assert grid.step_y >= 0.99
    assert max(grid.columns, grid.rows) <= MAX_GRID_SIDE
    assert grid.columns * grid.step_x == pytest.approx(width)
    assert grid.rows * grid.step_y == pytest.approx(height)


def test_nodes_lie_in_the_middle_of_their_steps() -> None:
    grid = Grid.over(100, 40, 480, 320)
    corner = np.array([[100.0, 40.0, 6.0], [580.0, 360.0, 0.0]], np.float32)
    placed = grid.place(corner)
    np.testing.assert_allclose(placed[0, :2], -0.5, atol=1e-3)
    np.testing.assert_allclose(placed[1, :2], [grid.columns - 0.5, grid.rows - 0.5], atol=1e-3)
    assert placed[0, 2] == pytest.approx(6.0 / grid.step_x)
