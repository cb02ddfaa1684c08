"""Media files opened for reading with FFmpeg: files alone, of formats that carry what they show.

FFmpeg guesses a format from the content, and some (playlists, `concat`) only name other files or addresses. A
file from elsewhere must not choose what else is read here.
"""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

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

_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}


def open_media(path: Path) -> InputContainer:
    """A file of one of `FORMATS`. Raises av.error.FFmpegError, OSError."""
    return av.open(f"file:{path}", options=dict(_OPTIONS))
