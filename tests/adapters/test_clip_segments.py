"""Segments hold each frame of a clip once, wherever they are cut, and joined they are a clip again."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from talchum.adapters.clip_segments import (
    SegmentWriter,
    check_writable,
    join_segments,
    read_segment,
    segments_of,
)
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from talchum.domain.segments import Segment

CLIP = Path(__file__).parent.parent / "media" / "synthetic_clip.mp4"
BEEP = Path(__file__).parent.parent / "media" / "flash_beep.mp4"
RATE = Fraction(30)

Seen = list[tuple[float, str]]


def moving(index: int, width: int = 64, height: int = 48) -> I420Frame:
    """A stripe that moves, so that each picture refers to others."""
    frame = I420Frame(np.full(I420Frame.size_of(width, height), 128, np.uint8), width, height, index / 30)
    frame.y[:] = (np.arange(width) * 4 + index * 7) % 200 + 20
    return frame


def recorded(path: Path, frames: int, options: dict[str, str]) -> Path:
    """A recording as cameras and other programs make them. options: of x264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            picture = av.VideoFrame(64, 48, "yuv420p")
            source = moving(index)
            for plane, values in zip(picture.planes, (source.y, source.u, source.v), strict=True):
                rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
                rows[: plane.height, : plane.width] = values
            picture.pts, picture.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def as_seen(frame: I420Frame) -> tuple[float, str]:
    return frame.media_time, hashlib.sha256(frame.buffer.tobytes()).hexdigest()


def whole(path: Path) -> Seen:
    with ClipReader(path) as clip:
        return [as_seen(frame) for frame in clip.frames()]


def parts(path: Path, segment: Segment) -> tuple[Seen, Seen]:
    """The frames of a segment's pre-roll and its own."""
    seen: tuple[Seen, Seen] = ([], [])
    with ClipReader(path) as clip:
        for frame, own in read_segment(clip, segment):
            seen[own].append(as_seen(frame))
    return seen


def sound_of(clip: ClipReader) -> list[tuple[bytes, Fraction]]:
    """Coded sound and when it is heard."""
    packets = [sound.packet for sound in clip.sounds()]
    return [(bytes(packet), (packet.pts or 0) * Fraction(packet.time_base or 0)) for packet in packets]


def written(path: Path, segment: Segment, target: Path) -> Path:
    with ClipReader(path) as clip, SegmentWriter(target, clip.rate) as writer:
        for frame, own in read_segment(clip, segment):
            if own:
                writer.write(frame)
    return target


RECORDINGS = {
    "closed groups": ("mp4", {"g": "20", "bf": "3"}),
    "open groups": ("mp4", {"g": "20", "bf": "3", "x264-params": "open-gop=1:b-adapt=0"}),
    "no reordering": ("mp4", {"g": "20", "bf": "0"}),
    "matroska": ("mkv", {"g": "20"}),
    "a transport stream": ("ts", {"g": "20"}),
    "rare keyframes": ("mp4", {"g": "70", "sc_threshold": "0"}),
}


@pytest.mark.parametrize("kind", RECORDINGS)
def test_segments_hold_each_frame_once_as_the_whole_clip_has_it(tmp_path: Path, kind: str) -> None:
    form, options = RECORDINGS[kind]
    path = recorded(tmp_path / f"in.{form}", 150, options)
    expected = whole(path)
    segments = segments_of(path, 1.0)
    assert len(segments) > 1
    joined: Seen = []
    for segment in segments:
        before, own = parts(path, segment)
        assert len(own) == segment.frames
        joined += own
        first = expected.index(own[0])
        assert before == expected[max(0, first - 15) : first]
        assert len(before) == (15 if segment.number else 0)
    assert joined == expected


def test_a_file_that_cannot_be_searched_is_one_segment(tmp_path: Path) -> None:
    path = recorded(tmp_path / "in.h264", 60, {"g": "10"})
    [segment] = segments_of(path, 0.5)
    _before, own = parts(path, segment)
    assert len(own) == 60


@pytest.mark.parametrize("source", [CLIP, BEEP], ids=lambda path: path.stem)
def test_joined_segments_are_the_clip_with_its_sound(tmp_path: Path, source: Path) -> None:
    segments = segments_of(source, 1.0)
    files = [written(source, segment, tmp_path / f"{segment.number}") for segment in segments]
    target = tmp_path / "out.mp4"
    join_segments(source, files, target)
    assert whole(target) == [frame for file in files for frame in whole(file)]
    assert [time for time, _ in whole(target)] == pytest.approx([time for time, _ in whole(source)], abs=1e-4)
    with ClipReader(source) as before, ClipReader(target) as after:
        packets = [sound_of(clip) for clip in (before, after)]
        assert after.frame_count == before.frame_count
    assert packets[0] == packets[1] != []
    with av.open(str(target)) as container:
        decoded_at = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
    assert decoded_at == sorted(set(decoded_at))


def test_a_segments_file_begins_with_a_keyframe_and_is_the_same_each_time(tmp_path: Path) -> None:
    second = segments_of(CLIP, 1.0)[1]
    one, other = (written(CLIP, second, tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other
    with av.open(str(tmp_path / "one")) as container:
        assert next(packet for packet in container.demux(video=0)).is_keyframe


def test_segments_that_do_not_fit_together_leave_the_target_alone(tmp_path: Path) -> None:
    for name, width in (("small", 64), ("large", 128)):
        with SegmentWriter(tmp_path / name, RATE) as writer:
            for index in range(3):
                writer.write(moving(index, width=width))
    target = tmp_path / "out.mp4"
    target.write_bytes(b"what was there")
    with pytest.raises(MediaFileError, match="coded differently"):
        join_segments(CLIP, [tmp_path / "small", tmp_path / "large"], target)
    assert target.read_bytes() == b"what was there"
    assert {path.name for path in tmp_path.iterdir()} == {"small", "large", "out.mp4"}


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path / "part", RATE) as writer:
        writer.write(moving(0))
        with pytest.raises(MediaFileError, match="80x48"):
            writer.write(moving(1, width=80))


def test_where_nothing_can_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError) as refused:
        check_writable(tmp_path / "nowhere" / "out.mp4")
    assert refused.value.code == "media_file_unwritable"


def test_a_clip_that_ends_early_is_refused_before_the_work(tmp_path: Path) -> None:
    path = recorded(tmp_path / "in.mp4", 90, {"g": "20", "movflags": "faststart"})
    with (
        av.open(str(path), "r") as container,
        av.open(str(tmp_path / "fast.mp4"), "w", options={"movflags": "faststart"}) as fast,
    ):
        stream = fast.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                fast.mux(packet)
    data = (tmp_path / "fast.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaFileError):
        segments_of(tmp_path / "cut.mp4")
