"""A stamp is read again after what a call does to pictures, and never where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame
from talchum.domain.stamp import MIN_WIDTH, WRAP_SECONDS, paint_stamp, read_stamp, strip_rows


def stamped(width: int, height: int, now: float, seed: int = 0) -> I420Frame:
    noise = np.random.default_rng(seed).integers(0, 255, I420Frame.size_of(width, height), dtype=np.uint8)
    frame = I420Frame(noise, width, height, 0.0)
    paint_stamp(frame, now)
    return frame


def strip(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rows a receiver copies: the middle of the strip."""
    rows = strip_rows(luma.shape[0])
    return luma[rows // 4 : max(rows // 4 + 1, rows * 3 // 4)]


@given(st.floats(0, 1e6), st.floats(0, 900))
@settings(deadline=None)
def test_the_age_comes_back(now: float, age: float) -> None:
    read = read_stamp(strip(stamped(640, 480, now).y), now + age)
    assert read is not None
    assert min(abs(read - age), WRAP_SECONDS - abs(read - age)) < 0.002


@given(
    now=st.floats(0, 1e5),
    width=st.sampled_from([240, 320, 480, 640, 960, 1280]),
    to=st.sampled_from([160, 240, 480, 640, 960, 1280]),
    noise=st.integers(0, 25),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_it_survives_scaling_and_noise(now: float, width: int, to: int, noise: int, seed: int) -> None:
    luma = stamped(width, width * 3 // 4, now, seed).y
    scaled = cv2.resize(luma, (to, to * 3 // 4), interpolation=cv2.INTER_AREA).astype(np.float64)
    scaled += np.random.default_rng(seed).normal(0, noise, scaled.shape)
    age = read_stamp(strip(np.clip(scaled, 0, 255).astype(np.uint8)), now + 0.1)
    assert age is not None
    assert abs(age - 0.1) < 0.002


@pytest.mark.parametrize("quality", [15, 40, 80])
def test_it_survives_a_lossy_encoder(quality: int) -> None:
    luma = stamped(640, 480, 12.345).y
    _, data = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    age = read_stamp(strip(decoded), 12.4)
    assert age is not None
    assert age == pytest.approx(0.055, abs=0.002)


@given(st.integers(0, 10_000))
@settings(max_examples=200, deadline=None)
def test_noise_is_hardly_ever_taken_for_a_stamp(seed: int) -> None:
    luma = np.random.default_rng(seed).integers(0, 255, (16, 640), dtype=np.uint8)
    assert read_stamp(luma, 1.0) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_no_stamp(level: int) -> None:
    assert read_stamp(np.full((16, 640), level, np.uint8), 1.0) is None


def test_a_covered_block_is_noticed_not_misread() -> None:
    frame = stamped(640, 480, 12.345)
    frame.y[:, 200:420] = 128
    assert read_stamp(strip(frame.y), 12.4) is None


def test_a_picture_too_narrow_stays_as_it_is() -> None:
    size = I420Frame.size_of(MIN_WIDTH - 2, 90)
    frame = I420Frame(np.full(size, 7, np.uint8), MIN_WIDTH - 2, 90, 0.0)
    paint_stamp(frame, 1.0)
    assert (frame.buffer == 7).all()
    assert read_stamp(frame.y, 1.0) is None


def test_the_rest_of_the_picture_is_untouched() -> None:
    plain = np.full(I420Frame.size_of(640, 480), 99, np.uint8)
    frame = I420Frame(plain, 640, 480, 0.0)
    paint_stamp(frame, 5.0)
    assert (frame.y[strip_rows(480) :] == 99).all()
    assert (frame.u[(strip_rows(480) + 1) // 2 :] == 99).all()
