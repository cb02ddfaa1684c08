"""Eyes and mouth are the performer's in what they do and the worn face's in how bright they are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame
from talchum.vision.blending import Patch, Rectangle, image_to_frame
from talchum.vision.conditioning import SIDE, Box, Geometry
from talchum.vision.openings import ONE, Opening, openings

Bytes = NDArray[np.uint8]
BOX = Box(40, 60, 64, 72)
INSIDE = np.s_[BOX.top : BOX.bottom, BOX.left : BOX.right]
NOWHERE = Box(0, 0, 0, 0)
BOTH = frozenset({"eyes", "mouth"})
AS_IT_IS = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def opened(mouth: bool = False) -> Geometry:
    """One eye, or a mouth in its place."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[INSIDE] = 255
    boxes = (NOWHERE, NOWHERE, BOX) if mouth else (BOX, NOWHERE, NOWHERE)
    return Geometry(np.zeros((8, SIDE, SIDE), np.uint8), mask, mask, boxes)


def picture(level: int) -> Bytes:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def luma(level: float) -> Bytes:
    """That of a grey picture, in limited range."""
    return np.full((SIDE, SIDE), round(16 + level * 219 / 255), np.uint8)


def opening(painted: Bytes, own: Bytes, mouth: bool = False) -> Opening:
    one = openings(painted, own, opened(mouth), BOTH)[2 if mouth else 0]
    assert one.coloured is mouth
    return one


def inner(one: Opening) -> Bytes:
    """The gain inside the opening."""
    top, left = BOX.top - one.box.top, BOX.left - one.box.left
    return one.gain[top : top + BOX.bottom - BOX.top, left : left + BOX.right - BOX.left]


def patch(area: Rectangle, level: float = 130, chroma: int = 150) -> Patch:
    y = np.full((area.height, area.width), luma(level)[0, 0], np.uint8)
    u, v = (np.full(area.chroma_shape, chroma, np.uint8) for _ in range(2))
    return Patch(area, y, u, v, np.full_like(y, 255))


WHOLE = Rectangle(0, 0, SIDE, SIDE)


def test_an_eye_that_is_as_bright_as_the_performers_gets_no_gain() -> None:
    assert np.all(np.abs(inner(opening(luma(120), picture(120))).astype(int) - ONE) <= 2)


def test_a_brighter_eye_is_the_performers_with_more_light() -> None:
    own = picture(100)
    frame = image_to_frame(own, 0.0)
    frame.y[64:68, 50:56] = 40  # their iris
    laid = patch(WHOLE)
    opening(luma(130), own).lay(laid, frame, AS_IT_IS)
    assert laid.y[66, 53] < 60
    assert abs(int(laid.y[66, 44]) - int(luma(130)[0, 0])) <= 3


def test_skin_stays_as_it_was_painted() -> None:
    laid = patch(WHOLE)
    opening(luma(130), picture(60), mouth=True).lay(laid, image_to_frame(picture(60), 0.0), AS_IT_IS)
    for plane, pixels in ((laid.y, 1), (laid.u, 2), (laid.v, 2)):
        changed = np.argwhere(plane != plane[-1, -1]) * pixels
        assert changed.min(axis=0).tolist() >= [BOX.top - 5, BOX.left - 5]
        assert changed.max(axis=0).tolist() <= [BOX.bottom + 5, BOX.right + 5]


def test_darkness_is_not_lifted_until_its_noise_shows() -> None:
    assert opening(luma(250), picture(2)).gain.max() <= 1.3 * ONE + 1


def test_the_skin_around_an_eye_does_not_change_how_bright_it_is() -> None:
    own = picture(100)
    own[BOX.bottom :] = 250
    assert np.all(np.abs(inner(opening(luma(100), own)).astype(int) - ONE) <= 2)


def test_teeth_have_the_performers_colour_and_eyes_the_worn_faces() -> None:
    for mouth, expected in ((True, 128), (False, 150)):
        laid = patch(WHOLE)
        opening(luma(130), picture(100), mouth).lay(laid, image_to_frame(picture(100), 0.0), AS_IT_IS)
        for chroma in (laid.u, laid.v):
            assert abs(int(chroma[33, 26]) - expected) <= 1
            assert chroma[50, 50] == 150


def test_an_opening_lies_where_the_square_lies_on_the_frame() -> None:
    own = I420Frame(np.full(I420Frame.size_of(640, 480), 128, np.uint8), 640, 480, 0.0)
    own.y[:] = 20
    placed = np.array([[2, 0, 101], [0, 2, 50]], np.float32)
    laid = patch(Rectangle(100, 100, 400, 200))
    opening(luma(130), picture(100)).lay(laid, own, placed)
    rows, columns = np.nonzero(laid.y < 100)
    assert abs(float(rows.mean()) + 100 - (50 + 2 * 65.5)) < 1.5
    assert abs(float(columns.mean()) + 100 - (101 + 2 * 51.5)) < 1.5


@pytest.mark.parametrize(
    ("shift", "lies"), [((-500, 0), False), ((0, 900), False), ((61, 77), False), ((60, 52), True)]
)
def test_an_opening_that_leaves_the_patch_is_laid_as_far_as_it_goes(
    shift: tuple[int, int], lies: bool
) -> None:
    own = image_to_frame(picture(20), 0.0)
    area = Rectangle(20, 30, 100, 90)
    laid = patch(area)
    placed = AS_IT_IS.copy()
    placed[:, 2] = shift
    opening(luma(130), picture(100), mouth=True).lay(laid, own, placed)
    darker = np.argwhere(laid.y < luma(130)[0, 0])
    assert bool(len(darker)) is lies
    if lies:
        top, left = (darker.min(axis=0) + np.array([area.y, area.x])).tolist()
        assert abs(top - (BOX.top + shift[1])) <= 5
        assert abs(left - (BOX.left + shift[0])) <= 5


@pytest.mark.parametrize(("allowed", "left"), [({"eyes"}, [False, False]), ({"mouth"}, [True]), (set(), [])])
def test_where_an_identity_has_no_opening_nothing_of_the_performer_comes_through(
    allowed: set[str], left: list[bool]
) -> None:
    found = openings(luma(130), picture(100), opened(), frozenset(allowed))
    assert [one.coloured for one in found] == left
