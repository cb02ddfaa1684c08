"""Media files opened for reading with FFmpeg: files alone, of formats that carry what they show.

FFmpeg guesses a format from the content, and some (playlists, `concat`) only name other files or addresses. A
file from elsewhere must not choose what else is read here.
"""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from talchum.domain.frame import MAX_FRAME_SIDE

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "flv",
    "ogg",
    "asf",
    "ivf",
    "h264",
    "hevc",
    "mpegvideo",
    "nut",
    "yuv4mpegpipe",
    "wav",
    "mp3",
    "flac",
)
"""As FFmpeg names them."""

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(FORMATS),
    # of codecs: FFmpeg decodes a first picture of some to see what they are, before anybody was asked
    "max_pixels": str(MAX_FRAME_SIDE**2),
}

_NO_CODEC = "none"


def open_media(path: Path) -> InputContainer:
    """A file of one of `FORMATS`. Raises av.error.FFmpegError, OSError."""
    return av.open(f"file:{path}", options=dict(_OPTIONS))


def claimed_sizes(path: Path) -> list[tuple[int, int]]:
    """Width and height of each video stream by the file's header alone; 0 where it says none.

    Nothing is decoded. Raises av.error.FFmpegError, OSError.
    """
    options = {**_OPTIONS, "codec_whitelist": _NO_CODEC}
    with av.open(f"file:{path}", options=options) as container:
        return [(video.width, video.height) for video in container.streams.video]
