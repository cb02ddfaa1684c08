"""A clip that is coded in memory and never lies on a disk as it is, by PyAV."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import av.error
import cv2
import numpy as np
from av.video.stream import VideoStream

from talchum.adapters.video_file import TIME_BASE, add_picture_stream, cause, coded_picture
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame, Plane

_CRF = "16"


class MemoryClip:
    """H.264 in MP4 of the first frame's size; a later one of another size is scaled to it.

    rate: pictures a second, about. Every method raises MediaFileError (`media_file_unwritable`).
    """

    def __init__(self, rate: int) -> None:
        self._buffer = io.BytesIO()
        self._rate = Fraction(rate)
        self._video: VideoStream | None = None
        self._first = 0.0
        self._last_pts = -1
        try:
            self._container = av.open(self._buffer, "w", format="mp4")
        except (av.error.FFmpegError, OSError) as error:
            raise _unwritable(error) from error

    @property
    def seconds(self) -> float:
        """From the first to the last picture."""
        return max(0.0, float(self._last_pts * TIME_BASE))

    def write(self, frame: I420Frame) -> None:
        """Append a picture, in the order of their times."""
        try:
            if self._video is None:
                self._first = frame.media_time
                size = (frame.width & ~1, frame.height & ~1)
                self._video = add_picture_stream(self._container, self._rate, size, {"crf": _CRF})
            width, height = self._video.width, self._video.height
            if (frame.width & ~1, frame.height & ~1) != (width, height):
                frame = _scaled(frame, width, height)
            picture = coded_picture(frame, width, height)
            picture.time_base = TIME_BASE
            at = round((frame.media_time - self._first) / TIME_BASE)
            picture.pts = self._last_pts = max(at, self._last_pts + 1)
            self._container.mux(self._video.encode(picture))
        except (av.error.FFmpegError, OSError) as error:
            raise _unwritable(error) from error

    def finish(self) -> bytes:
        """The whole clip; nothing is written afterwards."""
        try:
            if self._video is None:
                raise MediaFileError(
                    "got a clip without a picture, expected some", code="media_file_unwritable"
                )
            self._container.mux(self._video.encode(None))
            self._container.close()
        except (av.error.FFmpegError, OSError) as error:
            raise _unwritable(error) from error
        return self._buffer.getvalue()


def _scaled(frame: I420Frame, width: int, height: int) -> I420Frame:
    half = (width // 2, height // 2)
    planes: list[Plane] = [
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
        for plane, size in ((frame.y, (width, height)), (frame.u, half), (frame.v, half))
    ]
    joined = np.concatenate([plane.reshape(-1) for plane in planes])
    return I420Frame(joined, width, height, frame.media_time)


def _unwritable(error: Exception) -> MediaFileError:
    return MediaFileError(
        f"got a clip that cannot be coded ({cause(error)}), expected an mp4", code="media_file_unwritable"
    )
