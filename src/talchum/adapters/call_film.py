"""A call as an MP4: its pictures side by side and its voices together, made while it goes on.

It is written to an open file that needs no name, so that a process that is killed leaves nothing behind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from fractions import Fraction
from typing import IO, cast

import av
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from talchum.domain.voice_mix import VoiceMix
from talchum.vision.tiles import Tiles

logger = logging.getLogger(__name__)

FRAME_RATE = 25
VOICE_RATE = 48_000
VOICE_LAG_SECONDS = 0.4
"""How long a voice may take to arrive before its time is written."""

MAX_WAITING_VOICE = 400  # of 10 ms
_CLOCK = 90_000
_CODECS = ("libx264", "mpeg4")


class CallFilm:
    """Films from the moment it is made until `close`, on a thread of its own; all methods are for others.

    file: open for reading and writing. pictures: how many stand side by side.
    Raises MediaFileError when the film cannot be made.
    """

    def __init__(self, file: IO[bytes], pictures: int) -> None:
        self._tiles = Tiles(pictures)
        self._newest: list[I420Frame | None] = [None] * pictures
        self._shown: list[I420Frame | None] = [None] * pictures
        self._voices: deque[tuple[int, NDArray[np.int16], float]] = deque(maxlen=MAX_WAITING_VOICE)
        self._mix = VoiceMix(pictures, VOICE_RATE)
        self._voice_end = 0
        self._stopped = threading.Event()
        self._failed: Exception | None = None
        try:
            self._container = av.open(file, "w", format="mp4")
            self._video = self._open_video()
            self._voice = self._container.add_stream("aac", rate=VOICE_RATE, layout="mono")
        except (av.FFmpegError, OSError) as error:
            raise MediaFileError(f"the film cannot be made: {type(error).__name__}") from error
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="call-film", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether nothing more is written."""
        return self._failed is not None

    def see(self, place: int, frame: I420Frame) -> None:
        """The newest picture of a place; it must not be changed afterwards."""
        self._newest[place] = frame

    def hear(self, place: int, samples: NDArray[np.int16], rate: int, arrived: float) -> None:
        """Samples (n, channels) of a voice arrived (monotonic seconds); another rate is left out."""
        if rate == VOICE_RATE:
            self._voices.append((place, samples[:, 0].copy(), arrived))

    def close(self) -> float:
        """Finish the film; its seconds. Blocks. Raises MediaFileError when it could not be made."""
        self._stopped.set()
        self._thread.join()
        if self._failed is not None:
            raise MediaFileError(
                f"the film could not be made: {type(self._failed).__name__}"
            ) from self._failed
        return self._voice_end / VOICE_RATE

    # -- on the thread

    def _run(self) -> None:
        try:
            number = 0
            while not self._stopped.wait(self._until(number)):
                at = time.monotonic() - self._began
                self._write(at)
                number = max(number + 1, int(at * FRAME_RATE) + 1)  # one that is late is left out
            end = time.monotonic() - self._began
            self._write_voice(end)
            for stream in (self._video, self._voice):
                self._container.mux(stream.encode(None))
            self._container.close()
        except Exception as error:
            logger.error("a film of a call failed: %s", type(error).__name__, exc_info=error)
            self._failed = error

    def _until(self, number: int) -> float:
        return max(0.0, self._began + number / FRAME_RATE - time.monotonic())

    def _write(self, at: float) -> None:
        for place, frame in enumerate(self._newest):
            if frame is not None and frame is not self._shown[place]:
                self._tiles.put(place, frame)
                self._shown[place] = frame
        planes = self._tiles.frame.buffer.reshape(-1, self._tiles.width)
        picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        picture.pts, picture.time_base = round(at * _CLOCK), Fraction(1, _CLOCK)
        self._container.mux(self._video.encode(picture))
        self._write_voice(at - VOICE_LAG_SECONDS)

    def _write_voice(self, until: float) -> None:
        while self._voices:
            place, samples, arrived = self._voices.popleft()
            self._mix.add(place, samples, max(0.0, arrived - self._began))
        mixed = self._mix.take(until)
        if not len(mixed):
            return
        frame = av.AudioFrame.from_ndarray(mixed[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = VOICE_RATE, self._voice_end, Fraction(1, VOICE_RATE)
        self._voice_end += len(mixed)
        self._container.mux(self._voice.encode(frame))

    def _open_video(self) -> av.VideoStream:
        codec = next((name for name in _CODECS if name in av.codecs_available), _CODECS[-1])
        stream = cast("av.VideoStream", self._container.add_stream(codec, rate=FRAME_RATE))
        stream.width, stream.height, stream.pix_fmt = self._tiles.width, self._tiles.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        stream.codec_context.thread_count = 1  # calls on the same machine go first
        stream.options = {"preset": "superfast", "crf": "22"} if codec == "libx264" else {"qscale": "3"}
        return stream
