"""What is received in a call, written to a file as it comes."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame

logger = logging.getLogger(__name__)

_CLOCK = 90_000
_MAX_WAITING = 90  # about a second of both; a disk that is slower loses pictures, not memory
_CODECS = ("libx264", "mpeg4")

_Item = tuple[float, I420Frame | NDArray[np.int16]]


class Recording:
    """An MP4 with what arrived, at the time it arrived; it begins with the first picture.

    Raises MediaFileError (`media_file_invalid`) when the file cannot be made.
    """

    def __init__(self, path: Path, *, rate: int = 48_000) -> None:
        self._rate = rate
        self._queue: queue.Queue[_Item | None] = queue.Queue(_MAX_WAITING)
        self._began: float | None = None
        self._voice_end = 0
        self._video: av.VideoStream | None = None
        try:
            path.touch()  # av opens it only with the first packet
            self._container = av.open(str(path), "w", format="mp4")
            self._voice = self._container.add_stream("aac", rate=rate, layout="mono")
        except (av.FFmpegError, OSError) as error:
            raise MediaFileError(f"got {path.name} that cannot be written: {type(error).__name__}") from error
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        self._thread.start()
        self.dropped = 0

    def add_frame(self, frame: I420Frame, arrived: float) -> None:
        """A frame arrived (monotonic seconds); it must not be changed afterwards."""
        self._put((arrived, frame))

    def add_voice(self, samples: NDArray[np.int16], rate: int, arrived: float) -> None:
        """Samples (n, channels) arrived; those of another rate are not kept."""
        if rate == self._rate:
            self._put((arrived, samples[:, :1].T.copy()))

    def close(self) -> None:
        """Finish the file."""
        self._queue.put(None)
        self._thread.join(30)

    def _put(self, item: _Item) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def _write(self) -> None:
        good = True
        while (item := self._queue.get()) is not None:
            good = good and self._try(self._add, *item)
        if good:
            self._try(self._finish)

    def _try(self, work: Callable[..., None], *arguments: object) -> bool:
        try:
            work(*arguments)
        except Exception as error:
            logger.error("the recording failed: %s", type(error).__name__, exc_info=error)
            return False
        return True

    def _finish(self) -> None:
        if self._video is not None:
            self._container.mux(self._voice.encode(None))
            self._container.mux(self._video.encode(None))
        self._container.close()

    def _add(self, arrived: float, item: I420Frame | NDArray[np.int16]) -> None:
        if self._began is None:
            if not isinstance(item, I420Frame):
                return  # all streams must be known before the first packet
            self._began = arrived
        at = max(0.0, arrived - self._began)
        if isinstance(item, I420Frame):
            self._add_frame(item, at)
        else:
            self._add_voice(item, at)

    def _add_frame(self, picture: I420Frame, at: float) -> None:
        if self._video is None:
            self._video = self._open_video(picture)
        planes = picture.buffer.reshape(-1, picture.width)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        if (frame.width, frame.height) != (self._video.width, self._video.height):
            frame = frame.reformat(width=self._video.width, height=self._video.height)
        frame.pts, frame.time_base = round(at * _CLOCK), Fraction(1, _CLOCK)
        self._container.mux(self._video.encode(frame))

    def _open_video(self, picture: I420Frame) -> av.VideoStream:
        codec = next((name for name in _CODECS if name in av.codecs_available), _CODECS[-1])
        stream = cast("av.VideoStream", self._container.add_stream(codec, rate=30))
        stream.width, stream.height, stream.pix_fmt = picture.width & ~1, picture.height & ~1, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        stream.options = {"preset": "ultrafast", "crf": "18"} if codec == "libx264" else {"qscale": "3"}
        return stream

    def _add_voice(self, samples: NDArray[np.int16], at: float) -> None:
        due = round(at * self._rate)
        if due - self._voice_end > self._rate // 5:
            self._voice_end = due  # silence was not sent
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._voice_end, Fraction(1, self._rate)
        self._voice_end += samples.shape[1]
        self._container.mux(self._voice.encode(frame))
