"""A preview is a small H.264 clip of the pictures it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talchum.adapters import preview_clip as module
from talchum.adapters.preview_clip import MAX_PREVIEW_BYTES, preview_clip
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import Image
from talchum.vision.blending import frame_to_image


def moving(count: int, noise: int) -> list[Image]:
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 200, 320).astype(np.int16)[None, :, None] * np.ones((320, 1, 3), np.int16)
    grains = rng.integers(-noise, noise + 1, (count, 320, 320, 3), np.int16)
    return [np.clip(np.roll(ramp, 3 * i, 1) + grains[i], 0, 255).astype(np.uint8) for i in range(count)]


def test_three_seconds_come_back_as_they_were(tmp_path: Path) -> None:
    images = moving(45, noise=2)
    encoded = preview_clip(images, 15)
    assert encoded[4:8] == b"ftyp"
    assert len(encoded) <= MAX_PREVIEW_BYTES
    (tmp_path / "preview.mp4").write_bytes(encoded)
    with ClipReader(tmp_path / "preview.mp4") as clip:
        frames = list(clip.frames())
    assert len(frames) == 45
    assert frames[-1].media_time == pytest.approx(44 / 15, abs=0.01)
    difference = frame_to_image(frames[20]).astype(int) - images[20]
    assert float(np.abs(difference).mean()) < 4


def test_the_same_pictures_are_the_same_bytes_whatever_else_there_is_in_memory() -> None:
    images, coded = moving(45, noise=2), set()
    for size in (1, 400_000, 3_000_000):
        other = [np.full(size, fill, np.uint8) for fill in (7, 77, 177)]
        coded.add(preview_clip(images, 15))
        del other
    assert len(coded) == 1


def test_pictures_of_an_odd_size_are_refused() -> None:
    with pytest.raises(MediaFileError) as refused:
        preview_clip([np.zeros((31, 31, 3), np.uint8)], 15)
    assert refused.value.code == "media_file_unwritable"


def test_pictures_that_are_hard_to_code_lose_quality_rather_than_break_the_limit() -> None:
    assert len(preview_clip(moving(20, noise=24), 15)) <= MAX_PREVIEW_BYTES


def test_what_fits_at_no_quality_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PREVIEW_BYTES", 200)
    with pytest.raises(MediaFileError) as refused:
        preview_clip(moving(3, noise=2), 15)
    assert refused.value.code == "media_file_too_large"
