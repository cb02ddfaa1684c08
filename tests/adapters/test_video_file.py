"""Clips on disk."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from talchum.adapters.video_file import ClipReader, ClipWriter, SoundPacket
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from talchum.vision.blending import image_to_frame

CLIP = Path(__file__).parent.parent / "media" / "synthetic_clip.mp4"
RATE = Fraction(25)


def picture(n: int, width: int = 96, height: int = 64) -> I420Frame:
    """Brighter to the right and downwards, so that every turn of it looks different."""
    rows, columns = np.indices((height, width))
    image = np.stack([columns * 2, rows * 3, np.full_like(rows, 40)], axis=2).clip(0, 255).astype(np.uint8)
    return image_to_frame(image, n / 25)


def write(path: Path, count: int = 10, width: int = 96, height: int = 64) -> Path:
    with ClipWriter(path, RATE) as clip:
        for n in range(count):
            clip.write(picture(n, width, height))
    return path


def with_sound(path: Path, codec: str, container: str) -> Path:
    """A clip with a tone, made with PyAV alone."""
    with av.open(str(path), "w", format=container) as clip:
        video = clip.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = clip.add_stream(codec, rate=48_000)
        assert isinstance(sound, AudioStream)
        for n in range(25):
            shown = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 9 * n, np.uint8), format="rgb24")
            clip.mux(video.encode(shown))
            tone = (np.sin(np.arange(1920) / 20) * 8000).astype(np.int16)
            block = av.AudioFrame.from_ndarray(
                np.stack([tone, tone]).T.reshape(1, -1), format="s16", layout="stereo"
            )
            block.sample_rate, block.pts = 48_000, 1920 * n
            clip.mux(sound.encode(block))
        clip.mux(video.encode(None))
        clip.mux(sound.encode(None))
    return path


def copy_of(source: Path, target: Path) -> None:
    with ClipReader(source) as clip, ClipWriter(target, clip.rate, clip.sound) as result:
        for part in clip:
            if isinstance(part, SoundPacket):
                result.write_sound(part)
            else:
                result.write(part)


def test_frames_come_back_as_they_were_written(tmp_path: Path) -> None:
    with ClipReader(write(tmp_path / "clip.mp4")) as clip:
        frames = list(clip.frames())
        assert clip.rate == RATE
        assert clip.frame_count == 10
        assert clip.sound is None
    assert [round(frame.media_time * 25) for frame in frames] == list(range(10))
    assert np.abs(frames[3].y.astype(int) - picture(3).y).mean() < 3


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (97, 64)])
def test_odd_sizes_are_cut_to_even_ones(tmp_path: Path, size: tuple[int, int]) -> None:
    with ClipReader(write(tmp_path / "clip.mp4", 3, *size)) as clip:
        frame = next(clip.frames())
    assert (frame.width, frame.height) == (96, 64)


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), 3), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)])
def test_rotation_of_a_phone_is_undone(tmp_path: Path, matrix: tuple[int, ...], turns: int) -> None:
    path = write(tmp_path / "turned.mp4")
    a, b, c, d = matrix
    # ISO/IEC 14496-12, 8.3.2: the track header's matrix, 16.16 fixed point but for the last column.
    plain = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    content = path.read_bytes()
    header = content.index(b"tkhd")
    path.write_bytes(content[:header] + content[header:].replace(plain, turned, 1))
    with ClipReader(path) as clip:
        frame = next(clip.frames())
    expected = np.rot90(picture(0).y, turns)
    assert frame.y.shape == expected.shape
    assert np.abs(frame.y.astype(int) - expected).mean() < 3


def test_sound_that_mp4_holds_is_copied(tmp_path: Path) -> None:
    copy_of(CLIP, tmp_path / "copy.mp4")
    sound = []
    for path in (CLIP, tmp_path / "copy.mp4"):
        with ClipReader(path) as clip:
            sound.append([bytes(part.packet) for part in clip if isinstance(part, SoundPacket)])
    assert sound[0] == sound[1] != []


def test_other_sound_becomes_aac(tmp_path: Path) -> None:
    copy_of(with_sound(tmp_path / "pcm.mkv", "pcm_s16le", "matroska"), tmp_path / "copy.mp4")
    with ClipReader(tmp_path / "copy.mp4") as clip:
        assert clip.sound is not None
        assert clip.sound.codec_context.name == "aac"
        assert clip.sound.duration is not None
        assert clip.sound.time_base is not None
        assert float(clip.sound.duration * clip.sound.time_base) == pytest.approx(1.0, abs=0.1)
        assert sum(isinstance(part, I420Frame) for part in clip) == 25


@pytest.mark.parametrize("content", [b"", b"not a clip" * 40, CLIP.read_bytes()[-4000:]])
def test_file_that_is_no_clip_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaFileError, match=r"broken\.mp4") as caught, ClipReader(path):
        pass
    assert caught.value.code == "media_file_unreadable"


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"nowhere\.mp4"):
        ClipReader(tmp_path / "nowhere.mp4")


def test_truncated_clip_is_an_error_and_not_a_short_clip(tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    whole = CLIP.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with ClipReader(path) as clip, pytest.raises(MediaFileError) as caught:
        list(clip)
    assert caught.value.code in {"media_file_unreadable", "media_file_truncated"}


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "tone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        block = av.AudioFrame.from_ndarray(np.zeros((2, 2048), np.float32), format="fltp", layout="stereo")
        block.sample_rate = 48_000
        container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    with pytest.raises(MediaFileError) as caught:
        ClipReader(path)
    assert caught.value.code == "media_file_no_video"


def test_nothing_is_left_of_a_clip_that_failed(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"what was there before")

    def fails_in_the_middle() -> None:
        with ClipWriter(target, RATE) as clip:
            clip.write(picture(0))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fails_in_the_middle()
    assert target.read_bytes() == b"what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"out\.mp4") as caught:
        ClipWriter(tmp_path / "no such folder" / "out.mp4", RATE)
    assert caught.value.code == "media_file_unwritable"


def test_size_change_in_mid_clip_is_an_error(tmp_path: Path) -> None:
    def turns_in_the_middle() -> None:
        with ClipWriter(tmp_path / "out.mp4", RATE) as clip:
            clip.write(picture(0))
            clip.write(picture(1, 64, 96))

    with pytest.raises(MediaFileError, match="expected 96x64"):
        turns_in_the_middle()
    assert not list(tmp_path.iterdir())


def test_frames_of_one_time_are_all_written(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "out.mp4", RATE) as clip:
        for _ in range(4):
            clip.write(picture(0))
    with ClipReader(tmp_path / "out.mp4") as clip:
        assert len(list(clip.frames())) == 4
