"""Pictures are refused by their headers, and those of identities are decoded."""

from __future__ import annotations

from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.adapters.image_file import MAX_IMAGE_SIDE, decode_image, image_size
from talchum.domain.errors import MediaFileError
from tests.adapters.bombs import IMAGES, png, webp_lossless, webp_lossy


def encoded(extension: str, channels: int, *options: int) -> bytes:
    picture = np.random.default_rng(0).integers(0, 255, (33, 60, channels), np.uint8)
    done, data = cv2.imencode(extension, picture, list(options))
    assert done
    return bytes(data)


LOSSLESS = (cv2.IMWRITE_WEBP_QUALITY, 101)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("extension", "options"), [(".webp", ()), (".webp", LOSSLESS), (".png", ())])
def test_webp_and_png_are_decoded(extension: str, options: tuple[int, ...], channels: int) -> None:
    raw = encoded(extension, channels, *options)
    assert image_size(raw) == (60, 33)
    assert decode_image(raw).shape == (33, 60, channels)


@pytest.mark.parametrize("name", IMAGES)
def test_what_claims_too_much_is_refused(name: str) -> None:
    with pytest.raises(MediaFileError) as refused:
        decode_image(IMAGES[name]())
    assert refused.value.code == "image_refused"


def test_nothing_is_decoded_that_is_larger_than_a_texture(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(cv2, "imdecode", lambda raw, _how: decoded.append(raw))
    side = MAX_IMAGE_SIDE + 1
    for raw in (png(side, 1), png(1, side), webp_lossy(side, 1), webp_lossless(1, side), encoded(".jpg", 3)):
        with pytest.raises(MediaFileError):
            decode_image(raw)
    assert not decoded


@pytest.mark.parametrize("extension", [".webp", ".png"])
def test_a_grey_picture_or_one_of_16_bits_is_refused(extension: str) -> None:
    deep = cv2.imencode(".png", np.zeros((20, 20, 3), np.uint16))[1].tobytes()
    grey = cv2.imencode(".png", np.zeros((20, 20), np.uint8))[1].tobytes()
    for raw in (deep, grey, encoded(extension, 3)[:60]):
        with pytest.raises(MediaFileError):
            decode_image(raw)


@given(
    st.sampled_from([".webp", ".png"]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=9),
)
def test_a_damaged_picture_is_decoded_or_refused(extension: str, damage: list[tuple[int, int]]) -> None:
    raw = bytearray(encoded(extension, 4))
    for place, value in damage:
        raw[place] = value
    with suppress(MediaFileError):
        assert max(decode_image(bytes(raw)).shape) <= MAX_IMAGE_SIDE
