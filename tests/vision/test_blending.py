"""Patches over frames, in I420."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talchum.domain.errors import FrameError
from talchum.domain.frame import I420Frame
from talchum.vision.blending import (
    Patch,
    Rectangle,
    blend,
    frame_to_image,
    image_to_frame,
    rectangle_around,
)


def noise(width: int, height: int, seed: int = 0) -> I420Frame:
    values = np.random.default_rng(seed).integers(16, 236, I420Frame.size_of(width, height), np.uint8)
    return I420Frame(values, width, height, 0.0)


def flat_patch(area: Rectangle, alpha: int, y: int = 50, u: int = 60, v: int = 70) -> Patch:
    luma, chroma = (area.height, area.width), area.chroma_shape
    return Patch(
        area,
        np.full(luma, y, np.uint8),
        np.full(chroma, u, np.uint8),
        np.full(chroma, v, np.uint8),
        np.full(luma, alpha, np.uint8),
    )


def test_opaque_patch_replaces_and_everything_else_stays() -> None:
    frame, area = noise(64, 48), Rectangle(10, 8, 20, 16)
    picture = blend(frame, flat_patch(area, 255))
    assert (picture.y[8:24, 10:30] == 50).all()
    assert (picture.u[4:12, 5:15] == 60).all()
    assert (picture.v[4:12, 5:15] == 70).all()
    outside = np.ones((48, 64), np.bool_)
    outside[8:24, 10:30] = False
    np.testing.assert_array_equal(picture.y[outside], frame.y[outside])


def test_transparent_patch_changes_nothing() -> None:
    frame = noise(64, 48)
    np.testing.assert_array_equal(blend(frame, flat_patch(Rectangle(10, 8, 20, 16), 0)).buffer, frame.buffer)


def test_half_alpha_lies_in_the_middle() -> None:
    frame = I420Frame(np.full(I420Frame.size_of(32, 32), 150, np.uint8), 32, 32, 0.0)
    picture = blend(frame, flat_patch(Rectangle(0, 0, 32, 32), 128))
    assert abs(int(picture.y[5, 5]) - 100) <= 1
    assert abs(int(picture.u[5, 5]) - 105) <= 1


def test_odd_frame_up_to_its_last_row_and_column() -> None:
    frame = noise(33, 31)
    picture = blend(frame, flat_patch(Rectangle(20, 20, 13, 11), 255))
    assert (picture.y[20:, 20:] == 50).all()
    assert (picture.u[10:, 10:] == 60).all()


def test_frame_is_not_written() -> None:
    frame = noise(32, 32)
    frame.buffer.flags.writeable = False
    assert blend(frame, flat_patch(Rectangle(0, 0, 32, 32), 255)).y[0, 0] == 50


@pytest.mark.parametrize("area", [Rectangle(-2, 0, 8, 8), Rectangle(0, 26, 8, 8), Rectangle(30, 0, 8, 8)])
def test_patch_over_the_edge_is_an_error(area: Rectangle) -> None:
    with pytest.raises(FrameError, match="expected it inside 32x32"):
        blend(noise(32, 32), flat_patch(area, 255))


def test_patch_whose_planes_do_not_fit_is_an_error() -> None:
    right = flat_patch(Rectangle(0, 0, 8, 8), 255)
    for planes in ((right.y[:4], right.u, right.alpha), (right.y, right.u[:2], right.alpha)):
        with pytest.raises(FrameError, match="patch planes"):
            Patch(right.rectangle, planes[0], planes[1], right.v, planes[2])
    with pytest.raises(FrameError, match="patch planes"):
        flat_patch(Rectangle(1, 0, 8, 8), 255)


coordinates = st.floats(-300, 900, width=32)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=6),
    st.integers(4, 700),
    st.integers(4, 700),
)
def test_rectangle_holds_every_point_on_the_frame(
    points: list[tuple[float, float]], width: int, height: int
) -> None:
    array = np.array(points, np.float32)
    try:
        area = rectangle_around(array, 2.0, width, height)
    except FrameError:
        inside = (array >= 0).all(1) & (array < [width, height]).all(1)
        assert not inside.any()
        return
    assert area.x % 2 == area.y % 2 == 0
    assert area.x + area.width <= width
    assert area.y + area.height <= height
    for x, y in points:
        if 0 <= x < width and 0 <= y < height:
            assert area.x <= x < area.x + area.width
            assert area.y <= y < area.y + area.height


def test_points_that_are_not_numbers_are_an_error() -> None:
    with pytest.raises(FrameError, match="not finite"):
        rectangle_around(np.full((3, 2), np.nan, np.float32), 1.0, 64, 64)


@pytest.mark.parametrize("size", [(64, 48), (33, 31), (1, 1)])
def test_flat_colours_survive_conversion_both_ways(size: tuple[int, int]) -> None:
    image = np.empty((size[1], size[0], 3), np.uint8)
    image[:] = (200, 90, 40)
    back = frame_to_image(image_to_frame(image, 2.5))
    assert np.abs(back.astype(int) - image).max() <= 2
    assert image_to_frame(image, 2.5).media_time == 2.5


def test_white_and_black_are_limited_range() -> None:
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, 4:] = 255
    frame = image_to_frame(image, 0.0)
    assert (frame.y[:, :4] == 16).all()
    assert (frame.y[:, 4:] == 235).all()
    assert (frame.u == 128).all()
