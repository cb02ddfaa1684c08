"""A clip that never lies on a disk is read like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talchum.adapters.memory_clip import MemoryClip
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from tests.vision.scenes import at_time, clip, resized


def read(directory: Path, data: bytes) -> list[I420Frame]:
    path = directory / "clip.mp4"
    path.write_bytes(data)
    with ClipReader(path) as reader:
        return list(reader.frames())


def test_pictures_come_back_at_their_times(tmp_path: Path) -> None:
    frames = [at_time(frame, 100 + number / 15) for number, frame in enumerate(clip(10))]
    memory = MemoryClip(15)
    for frame in frames:
        memory.write(frame)
    assert memory.seconds == pytest.approx(9 / 15, abs=0.01)
    back = read(tmp_path, memory.finish())
    assert len(back) == 10
    for frame, same in zip(frames, back, strict=True):
        assert same.media_time - back[0].media_time == pytest.approx(frame.media_time - 100, abs=0.01)
        assert np.abs(same.y.astype(int) - frame.y).mean() < 3


def test_a_camera_that_changes_its_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    memory = MemoryClip(15)
    memory.write(at_time(clip(1)[0], 0.0))
    memory.write(resized(clip(1)[0], 320, 240, 0.1))
    first, second = read(tmp_path, memory.finish())
    assert (first.width, first.height) == (second.width, second.height)
    assert np.abs(second.y.astype(int) - first.y).mean() < 6


def test_a_clip_of_nothing_is_none() -> None:
    with pytest.raises(MediaFileError):
        MemoryClip(15).finish()
