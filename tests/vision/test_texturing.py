"""A still before it is bent."""

from __future__ import annotations

import numpy as np

from talchum.vision.texturing import fill_behind_edge

SIDE = 200
SKIN, BEHIND = (150, 110, 150), (120, 128, 128)
TRIANGLES = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
CORNERS = np.array([[40, 40], [160, 40], [40, 160], [160, 160]], np.float32)


def still(skin_from: int) -> np.ndarray:
    """A face over the square of CORNERS whose left edge shows what is behind up to column `skin_from`."""
    yuv = np.empty((SIDE, SIDE, 3), np.uint8)
    yuv[:] = BEHIND
    yuv[:, skin_from:] = SKIN
    return yuv


def test_background_inside_the_mesh_becomes_skin() -> None:
    filled = fill_behind_edge(still(45), CORNERS, TRIANGLES)
    assert np.abs(filled[100, 40:50].astype(int) - SKIN).max() <= 6


def test_skin_stays_as_it_was() -> None:
    before = still(20)
    filled = fill_behind_edge(before, CORNERS, TRIANGLES)
    np.testing.assert_array_equal(filled[60:140, 60:140], before[60:140, 60:140])


def test_shadow_of_skins_own_colour_stays() -> None:
    before = still(20)
    before[:, :60, 0] = 110
    filled = fill_behind_edge(before, CORNERS, TRIANGLES)
    np.testing.assert_array_equal(filled[100, 45:55], before[100, 45:55])


def test_mesh_without_an_inside_is_left_alone() -> None:
    before = still(45)
    np.testing.assert_array_equal(fill_behind_edge(before, np.zeros((4, 2), np.float32), TRIANGLES), before)
