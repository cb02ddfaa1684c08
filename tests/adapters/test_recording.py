"""What arrived can be seen and heard again."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from talchum.adapters.recording import Recording
from talchum.domain.errors import MediaFileError
from tests.adapters.peers import picture


def test_frames_and_voice_are_in_the_file_at_their_time(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    recording = Recording(path)
    tone = (np.sin(np.arange(480) / 48_000 * 2 * np.pi * 440) * 9000).astype(np.int16)[:, None]
    recording.add_voice(tone, 48_000, 99.9)
    for index in range(30):
        recording.add_frame(picture(320, 240, level=40 + index), 100 + index / 30)
        recording.add_voice(tone, 48_000, 100 + index / 30)
    recording.close()
    with av.open(str(path)) as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    assert len(times) == 30
    assert times[-1] == pytest.approx(29 / 30, abs=0.02)
    with av.open(str(path)) as container:
        loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0))
    assert loudest > 0.1


def test_a_change_of_size_goes_on_in_the_first(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    recording = Recording(path)
    for index in range(10):
        recording.add_frame(picture(*((320, 240) if index < 5 else (640, 480))), index / 30)
    recording.close()
    with av.open(str(path)) as container:
        sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
    assert sizes == {(320, 240)}


def test_nothing_received_is_an_empty_recording_not_a_failure(tmp_path: Path) -> None:
    Recording(tmp_path / "call.mp4").close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"call\.mp4"):
        Recording(tmp_path / "missing" / "call.mp4")
