"""The search finds the camera after VP8 at the bitrates of calls, and nothing else."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from talchum.domain.frame import I420Frame, Image
from tests.browser import canary
from tests.browser.received import planes


def face_like(seed: int) -> Image:
    """Noise of the colours of skin, with soft and hard edges."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0.4, 1.0, (12, 16)).repeat(40, 0).repeat(40, 1)
    skin = np.array([222, 171, 140]) * coarse[..., None] + random.normal(0, 6, (480, 640, 3))
    return np.clip(skin, 0, 255).astype(np.uint8)


def after_vp8(images: list[Image], bits_per_second: int) -> list[I420Frame]:
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
    encoder.framerate, encoder.bit_rate = Fraction(30), bits_per_second
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    decoder = av.VideoCodecContext.create("vp8", "r")
    found = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        for packet in encoder.encode(frame):
            found += [planes(picture, number / 30) for picture in decoder.decode(packet)]
    return found


@pytest.mark.parametrize("bits_per_second", [250_000, 1_000_000])
def test_the_camera_is_found_after_vp8(bits_per_second: int) -> None:
    images = []
    for number in range(90):
        image = face_like(1)
        canary.paint(image, (300 + 60 * np.sin(number / 10), 200 + 20 * np.cos(number / 7)))
        images.append(image)
    frames = after_vp8(images, bits_per_second)
    assert len(frames) >= 80
    assert sum(canary.search(frame).found for frame in frames) / len(frames) >= 0.99


def test_a_picture_without_it_is_clean() -> None:
    frames = after_vp8([face_like(seed) for seed in range(20)], 1_000_000)
    assert not any(canary.search(frame).found for frame in frames)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_a_flat_picture_is_clean(value: int) -> None:
    frame = I420Frame(np.full(I420Frame.size_of(640, 480), value, np.uint8), 640, 480, 0.0)
    assert not canary.search(frame).found


def test_it_is_found_in_a_frame_of_half_the_size() -> None:
    image = face_like(1)
    canary.paint(image, (250, 250))
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(320, 240, format="yuv420p")
    assert canary.search(planes(frame, 0.0)).found


def test_a_painting_at_the_edge_is_cut_off() -> None:
    image = face_like(1)
    canary.paint(image, (2, 470))
    canary.paint(image, (-500, 100))
    assert image.shape == (480, 640, 3)
