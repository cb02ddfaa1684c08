"""A file from elsewhere says what it shows, and never what else is to be read."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import av.error
import pytest

from talchum.adapters.media_source import open_media
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError
from tests.adapters.bombs import CLIPS
from tests.adapters.test_video_file import with_sound

CLIP = Path(__file__).parent.parent / "media" / "synthetic_clip.mp4"

CONCAT = "ffconcat version 1.0\nfile other.mp4\n"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
DESCRIPTION = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clip.mp4", CONCAT),
        ("clip.ffconcat", CONCAT),
        ("clip.mp4", PLAYLIST.format("other.mp4")),
        ("clip.m3u8", PLAYLIST.format("other.mp4")),
        ("clip.sdp", DESCRIPTION),
    ],
)
def test_a_file_that_names_others_is_no_video(tmp_path: Path, name: str, text: str) -> None:
    shutil.copy(CLIP, tmp_path / "other.mp4")  # it would be found
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(MediaFileError) as refused:
        ClipReader(path)
    assert refused.value.code == "media_file_unreadable"


def test_no_address_that_a_file_names_is_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        path = tmp_path / "clip.m3u8"
        path.write_text(PLAYLIST.format(f"http://127.0.0.1:{listener.getsockname()[1]}/x.ts"))
        with pytest.raises(MediaFileError):
            ClipReader(path)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "concat:a|b.mp4"
    shutil.copy(CLIP, path)
    with open_media(path) as container:
        assert container.streams.video


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "aac"), ("matroska", "flac"), ("mpegts", "mp2"), ("avi", "mp3"), ("mov", "pcm_s16le")],
)
def test_what_people_have_is_opened(tmp_path: Path, container: str, codec: str) -> None:
    with ClipReader(with_sound(tmp_path / "clip", codec, container)) as clip:
        assert len(list(clip.frames())) == 25


def test_pictures_larger_than_any_screen_are_refused_by_the_header_of_their_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 8000, 6000, "yuv420p"
        for packet in stream.encode(av.VideoFrame(8000, 6000, "yuv420p")) + stream.encode(None):
            container.mux(packet)
    with pytest.raises(MediaFileError) as refused:
        ClipReader(path)
    assert refused.value.code == "media_file_too_large"
    assert "8000x6000" in refused.value.message


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(av.error.FileNotFoundError):
        open_media(tmp_path / "nothing.mp4")


@pytest.mark.parametrize("name", CLIPS)
def test_a_crafted_video_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "clip"
    path.write_bytes(CLIPS[name]())
    with pytest.raises(MediaFileError), ClipReader(path) as reader:
        list(reader.frames())
