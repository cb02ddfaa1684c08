"""Pores and hairs of the still come back at full size, and nothing else of it does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame
from talchum.vision.blending import image_to_frame
from talchum.vision.conditioning import REFERENCE_SIDE, SIDE, Drawing, Geometry
from talchum.vision.detail import DETAIL_SIDE, FLAT, StillDetail, detail_share, enlarged, times_for

Bytes = NDArray[np.uint8]
INSIDE = np.full((SIDE, SIDE), 255, np.uint8)
FACE = np.pad(np.full((DETAIL_SIDE - 2,) * 2, 255, np.uint8), 1)
CLOSED = np.zeros_like(FACE)
EVEN = np.full((DETAIL_SIDE, DETAIL_SIDE), 150, np.uint8)


def still(luma: Bytes) -> I420Frame:
    return image_to_frame(np.dstack([luma] * 3), 0.0)


def straight(facing: float = 1.0, inside: Bytes = INSIDE) -> Drawing:
    """The still drawn onto the square as it is."""
    normals = np.zeros((SIDE, SIDE, 3), np.float32)
    normals[..., 2] = -facing
    axis = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) * np.float32(REFERENCE_SIDE / SIDE)
    return Drawing(inside, normals, np.dstack(np.meshgrid(axis, axis)), normals[..., :0])


def geometry(opened: Bytes | None = None, inside: Bytes = INSIDE) -> Geometry:
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    return Geometry(np.zeros((8, SIDE, SIDE), np.uint8), inside, nothing if opened is None else opened, ())


def test_an_even_still_has_no_detail() -> None:
    assert np.all(StillDetail.of(still(EVEN), FACE, CLOSED).planes[-1] == FLAT)


def test_a_hair_is_detail_and_a_shadow_is_not() -> None:
    luma = EVEN.copy()
    luma[:, 300:302] = 60
    luma[:, 500:] = np.linspace(150, 90, DETAIL_SIDE - 500).astype(np.uint8)
    detail = StillDetail.of(still(luma), FACE, CLOSED).planes[-1]
    assert detail[320, 301] < FLAT - 60
    assert abs(int(detail[320, 570]) - FLAT) < 6


def test_where_a_still_was_cut_is_no_detail() -> None:
    luma, face = EVEN.copy(), FACE.copy()
    luma[:, :200], face[:, :200] = 20, 0
    luma[:, 205:208] = 90  # a sideburn
    plane = StillDetail.of(still(luma), face, CLOSED).planes[-1].astype(int)
    assert np.abs(plane[:, 200:] - FLAT).max() <= 6


@pytest.mark.parametrize("times", [2, 3])
def test_detail_falls_where_the_still_shows_it(times: int) -> None:
    luma = EVEN.copy()
    luma[:, 320:324] = 110
    painted = np.full((SIDE, SIDE), 100, np.uint8)
    large = enlarged(painted, times, StillDetail.of(still(luma), FACE, CLOSED), straight(), geometry())
    assert large.shape == (times * SIDE, times * SIDE)
    line = round(322 / DETAIL_SIDE * large.shape[1])
    assert large[large.shape[0] // 2, line] < 92
    assert abs(int(large[large.shape[0] // 2, line - 20 * times]) - 100) <= 1


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_was_painted_fine_gives_way_to_the_still_and_what_is_coarse_stays(
    times: int,
) -> None:
    painted = np.full((SIDE, SIDE), 100, np.uint8)
    painted[::2] = 110
    painted[:, 80:] += 40
    large = enlarged(painted, times, StillDetail.of(still(EVEN), FACE, CLOSED), straight(), geometry())
    left, right = large[:, 40 * times : 60 * times], large[:, 100 * times : 120 * times]
    middle = slice(20 * times, 140 * times)
    assert np.ptp(left[middle]) <= 2
    assert abs(float(right[middle].mean()) - float(left[middle].mean()) - 40) < 1


def test_the_painted_inside_of_an_opening_stays_as_it_is() -> None:
    opened = np.zeros((SIDE, SIDE), np.uint8)
    opened[60:70, 40:60] = 255
    painted = np.full((SIDE, SIDE), 100, np.uint8)
    painted[::2] = 110
    large = enlarged(painted, 1, StillDetail.of(still(EVEN), FACE, CLOSED), straight(), geometry(opened))
    np.testing.assert_array_equal(large[60:70, 40:60], painted[60:70, 40:60])


def test_a_dark_mouth_of_the_still_leaves_no_halo_on_the_skin_around_it() -> None:
    luma, mouth = EVEN.copy(), CLOSED.copy()
    luma[300:340, 280:360] = 30
    mouth[300:340, 280:360] = 255
    plane = StillDetail.of(still(luma), FACE, mouth).planes[-1]
    assert np.all(np.abs(plane[345:360, 280:360].astype(int) - FLAT) <= 1)


def test_a_square_is_as_large_as_the_frame_shows_it_and_no_larger_than_pays() -> None:
    assert [times_for(side) for side in (80, 170, 180, 540, 550, 2000)] == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("facing", [0.0, 0.2])
def test_skin_that_is_seen_from_the_side_gets_none(facing: float) -> None:
    assert detail_share(straight(facing), geometry()).max() == 0


def test_eyes_and_mouth_get_none_and_the_cheek_all() -> None:
    opened = np.zeros((SIDE, SIDE), np.uint8)
    opened[60:70, 40:60] = 255
    share = detail_share(straight(), geometry(opened))
    assert share[60:70, 40:60].max() == 0
    assert share[120, 120] == 255


def test_nothing_beyond_the_face_changes() -> None:
    inside = INSIDE.copy()
    inside[:, 80:] = 0
    share = detail_share(straight(inside=inside), geometry(inside=inside))
    assert share[:, 82:].max() == 0
