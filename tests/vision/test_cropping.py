from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from talchum.domain.errors import FrameError
from talchum.domain.face import FaceRegion
from talchum.domain.frame import I420Frame
from talchum.vision.cropping import Window, cut_region, letterbox, region_to_frame


def plain(width: int, height: int, luma: int = 16, u: int = 128, v: int = 128) -> I420Frame:
    frame = I420Frame(np.empty(I420Frame.size_of(width, height), np.uint8), width, height, 0.0)
    frame.y[:], frame.u[:], frame.v[:] = luma, u, v
    return frame


def dot(width: int, height: int, x: float, y: float, radius: float = 6) -> I420Frame:
    """A soft white dot on black."""
    frame = plain(width, height)
    ys, xs = np.mgrid[:height, :width] + 0.5
    frame.y[:] = 16 + 219 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * radius**2))
    return frame


def centre_of_light(image: np.ndarray) -> tuple[float, float]:
    light = image.astype(np.float64).sum(axis=2)
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return float((light * xs).sum() / light.sum()), float((light * ys).sum() / light.sum())


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), (640, 480), (480, 640), (641, 479), (64, 64), (33, 1000)]
)
def test_place_in_the_letterbox_leads_back_to_the_frame(width: int, height: int) -> None:
    x, y = width * 0.4, height * 0.6
    box = letterbox(
        dot(width, height, x, y, radius=max(width, height) / 60), Window(0, 0, width, height), 128
    )
    found = np.array(centre_of_light(box.image))
    back = box.to_frame[:, :2] @ found + box.to_frame[:, 2]
    np.testing.assert_allclose(back, [x, y], atol=max(width, height) / 128)


def test_place_in_a_windows_letterbox_leads_back_to_the_frame() -> None:
    box = letterbox(dot(1280, 720, 700, 300, radius=8), Window(560, 120, 360, 360), 128)
    back = box.to_frame[:, :2] @ centre_of_light(box.image) + box.to_frame[:, 2]
    np.testing.assert_allclose(back, [700, 300], atol=1)


def test_bars_beside_the_picture_are_black() -> None:
    box = letterbox(plain(640, 320, luma=235), Window(0, 0, 640, 320), 128)
    assert not box.image[:30].any()
    assert not box.image[-30:].any()
    assert (box.image[34:94] == 255).all()


@pytest.mark.parametrize("rgb", [(200, 40, 30), (20, 120, 200)])
def test_colour_survives_both_ways_of_cutting(rgb: tuple[int, int, int]) -> None:
    picture = np.full((120, 160, 3), rgb, np.uint8)
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    frame = I420Frame(np.asarray(planes, np.uint8).reshape(-1), 160, 120, 0.0)
    boxed = letterbox(frame, Window(0, 0, 160, 120), 64).image[32, 32]
    cut = cut_region(frame, FaceRegion(80, 60, 50, 0.3), 64)[32, 32]
    np.testing.assert_allclose(boxed, rgb, atol=4)
    np.testing.assert_allclose(cut, rgb, atol=4)


@pytest.mark.parametrize("side", [100.0, 250.0, 700.0, 1500.0])
@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
def test_place_in_a_cut_region_leads_back_to_the_frame(side: float, angle: float) -> None:
    x, y = 610.0, 380.0
    region = FaceRegion(640, 360, side, angle)
    image = cut_region(dot(1280, 720, x, y, radius=side / 50), region, 192)
    to_frame = region_to_frame(region, 192)
    back = to_frame[:, :2] @ centre_of_light(image) + to_frame[:, 2]
    np.testing.assert_allclose(back, [x, y], atol=side / 192 * 0.6 + 0.2)


def test_what_was_turned_stands_upright_in_the_cut() -> None:
    region = FaceRegion(100, 100, 80, math.pi / 2)  # a head that lies on its left ear
    image = cut_region(dot(200, 200, 130, 100), region, 64)
    x, y = centre_of_light(image)
    assert x == pytest.approx(32, abs=1)
    assert y < 16  # to the right of the centre in the frame is above it for the head


def test_edge_is_repeated_beyond_the_frame() -> None:
    image = cut_region(plain(64, 64, luma=235), FaceRegion(0, 0, 100, 0.2), 64)
    assert (image > 250).all()


@pytest.mark.parametrize("centre", [(-5000.0, 50.0), (50.0, 9000.0)])
def test_region_far_outside_is_all_edge(centre: tuple[float, float]) -> None:
    image = cut_region(plain(64, 64, luma=235), FaceRegion(*centre, 1000, 0), 64)
    assert image.shape == (64, 64, 3)
    assert (image > 250).all()


def test_shrinking_by_four_averages_the_cameras_noise_away() -> None:
    frame = plain(800, 800)
    frame.y[:] = np.random.default_rng(2).integers(60, 180, (800, 800))
    assert cut_region(frame, FaceRegion(400, 400, 768, 0), 192).std() < frame.y.std() / 3


@pytest.mark.parametrize(
    "region",
    [
        FaceRegion(math.nan, 0, 10, 0),
        FaceRegion(0, 0, math.inf, 0),
        FaceRegion(0, 0, 0, 0),
        FaceRegion(0, 0, -3, 0),
    ],
)
def test_region_that_is_no_square_is_refused(region: FaceRegion) -> None:
    with pytest.raises(FrameError, match="face region"):
        cut_region(plain(64, 64), region, 64)
