"""A clip is played in order, in real time and again, and a broken one is named."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from talchum.adapters.clip_player import VOICE_SAMPLES, ClipPlayer, open_clip
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from tests.adapters.clips import make_clip


class Audience:
    """Whoever watches; `enough` is set after so many frames."""

    def __init__(self, frames: int) -> None:
        self.frames: list[I420Frame] = []
        self.voice: list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]] = []
        self.enough = threading.Event()
        self._wanted = frames

    def see(self, frame: I420Frame) -> None:
        self.frames.append(frame)
        if len(self.frames) >= self._wanted:
            self.enough.set()

    def hear(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
        self.voice.append(samples)


def play(path: Path, frames: int) -> Audience:
    audience = Audience(frames)
    player = ClipPlayer(open_clip(path), audience.see, audience.hear)
    player.start()
    assert audience.enough.wait(20)
    player.close()
    return audience


def test_a_clip_is_what_it_says(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "clip.mp4"))
    assert (clip.width, clip.height, clip.fps, clip.voice) == (320, 240, 30.0, True)


def test_frames_come_in_order_and_the_clip_begins_again(tmp_path: Path) -> None:
    audience = play(make_clip(tmp_path / "clip.mp4", frames=8), 20)
    levels = [round(float(frame.y.mean())) for frame in audience.frames[:20]]
    assert levels[:8] == sorted(levels[:8])
    assert levels[8:16] == pytest.approx(levels[:8], abs=2)


def test_sound_comes_with_it_at_48_khz(tmp_path: Path) -> None:
    audience = play(make_clip(tmp_path / "clip.mp4", frames=12), 12)
    assert {len(samples) for samples in audience.voice[:5]} == {VOICE_SAMPLES}
    assert max(int(np.abs(samples).max()) for samples in audience.voice) > 5000


def test_a_silent_clip_has_no_voice(tmp_path: Path) -> None:
    audience = play(make_clip(tmp_path / "clip.mp4", voice=False), 4)
    assert audience.voice == []


def test_after_close_nothing_is_called(tmp_path: Path) -> None:
    audience = play(make_clip(tmp_path / "clip.mp4"), 3)
    count = len(audience.frames)
    assert not any(thread.name == "clip-player" for thread in threading.enumerate())
    assert len(audience.frames) == count


def test_a_truncated_clip_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "clip.mkv", frames=30)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert len(play(cut, 20).frames) >= 20


@pytest.mark.parametrize("content", [b"", b"this is no clip", b"\x00" * 4096])
def test_what_is_no_clip_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaFileError, match=r"broken\.mp4") as refused:
        open_clip(path)
    assert refused.value.code == "media_file_invalid"


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    import av

    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        audio = container.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), "s16", "mono")
        frame.sample_rate = 48_000
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    with pytest.raises(MediaFileError, match="without video"):
        open_clip(path)
