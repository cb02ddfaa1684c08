from __future__ import annotations

import numpy as np
import pytest

from talchum.domain.frame import I420Frame
from talchum.vision.tiles import TILE_HEIGHT, TILE_WIDTH, Tiles


def plain(width: int, height: int, luma: int) -> I420Frame:
    buffer = np.full(I420Frame.size_of(width, height), 90, np.uint8)
    buffer[: width * height] = luma
    return I420Frame(buffer, width, height, 0.0)


def test_pictures_stand_side_by_side_pixel_by_pixel() -> None:
    tiles, noise = Tiles(2), np.random.default_rng(1)
    picture = I420Frame(
        noise.integers(0, 255, I420Frame.size_of(640, 480), np.uint8), TILE_WIDTH, TILE_HEIGHT, 0.0
    )
    tiles.put(1, picture)
    for canvas, plane in ((tiles.frame.y, picture.y), (tiles.frame.u, picture.u), (tiles.frame.v, picture.v)):
        assert (canvas[:, canvas.shape[1] // 2 :] == plane).all()
    assert (tiles.frame.y[:, :TILE_WIDTH] == 16).all(), "nothing was put here"
    assert (tiles.frame.u[:, : TILE_WIDTH // 2] == 128).all()


@pytest.mark.parametrize(
    ("width", "height", "rows", "columns"),
    [
        (1280, 720, 360, 640),
        (480, 640, 480, 360),
        (320, 240, 480, 640),
        (333, 99, 190, 640),
        (2, 480, 480, 2),
    ],
)
def test_a_picture_of_another_shape_is_shown_whole(width: int, height: int, rows: int, columns: int) -> None:
    tiles = Tiles(1)
    tiles.put(0, plain(width, height, 200))
    shown = tiles.frame.y == 200
    assert abs(int(shown.any(axis=1).sum()) - rows) <= 2
    assert abs(int(shown.any(axis=0).sum()) - columns) <= 2
    assert ((tiles.frame.y == 16) | shown).all()


def test_nothing_is_left_of_a_picture_of_another_shape() -> None:
    tiles = Tiles(1)
    tiles.put(0, plain(640, 480, 200))
    tiles.put(0, plain(1280, 720, 60))
    assert (tiles.frame.y != 200).all()
