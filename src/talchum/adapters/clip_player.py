"""A clip played as a camera and a microphone would: in real time, over and over."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from talchum.adapters.media_source import open_media
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame

logger = logging.getLogger(__name__)

VOICE_RATE = 48_000
VOICE_SAMPLES = VOICE_RATE // 50
_LATE_SECONDS = 0.2  # a player this late skips what it missed rather than hurry
_DEFAULT_FPS = 30

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Clip:
    """What is in a clip. width, height: pixels; fps: frames a second; voice: whether it has sound."""

    path: Path
    width: int
    height: int
    fps: float
    voice: bool


def open_clip(path: Path) -> Clip:
    """Look into a clip. Raises MediaFileError (`media_file_invalid`) when it has no readable video."""
    try:
        with open_media(path) as container:
            if not container.streams.video:
                raise MediaFileError(f"got {path.name} without video, expected a clip with video")
            video = container.streams.video[0]
            fps = float(video.average_rate or _DEFAULT_FPS)
            first = next(container.decode(video))
            return Clip(path, first.width, first.height, fps, bool(container.streams.audio))
    except (av.FFmpegError, StopIteration) as error:
        raise MediaFileError(
            f"got {path.name} that does not decode ({type(error).__name__}), expected a clip with video"
        ) from error


class ClipPlayer:
    """Plays a clip on a thread.

    on_frame(frame), on_voice(samples): called on that thread when each is due; samples (n,) int16 at 48 kHz.
    """

    def __init__(
        self, clip: Clip, on_frame: Callable[[I420Frame], None], on_voice: Callable[[Samples], None]
    ) -> None:
        self._clip = clip
        self._on_frame = on_frame
        self._on_voice = on_voice
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="clip-player", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """Stop; nothing is called afterwards."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(5)

    def _play(self) -> None:
        start = time.monotonic()
        try:
            for due, item in _forever(self._clip):
                wait = start + due - time.monotonic()
                if wait < -_LATE_SECONDS:
                    start -= wait
                elif wait > 0 and self._stop.wait(wait):
                    return
                if self._stop.is_set():
                    return
                if isinstance(item, I420Frame):
                    self._on_frame(item)
                else:
                    self._on_voice(item)
        except (av.FFmpegError, MediaFileError) as error:
            logger.error("the clip cannot be played on: %s", type(error).__name__)


def _forever(clip: Clip) -> Iterator[tuple[float, I420Frame | Samples]]:
    """Everything in the clip with the time it is due, again and again."""
    offset = 0.0
    while True:
        end = 0.0
        for at, _, item in heapq.merge(_frames(clip), _voice(clip), key=lambda entry: entry[:2]):
            yield offset + at, item
            end = max(end, at + (1 / clip.fps if isinstance(item, I420Frame) else len(item) / VOICE_RATE))
        if end == 0.0:
            raise MediaFileError(f"got {clip.path.name} without a frame that decodes")
        offset += end


def _frames(clip: Clip) -> Iterator[tuple[float, int, I420Frame | Samples]]:
    with open_media(clip.path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"
        start: float | None = None
        try:
            for frame in container.decode(stream):
                at = float(frame.time or 0.0)
                start = at if start is None else start
                planar = frame.reformat(format="yuv420p", width=frame.width & ~1, height=frame.height & ~1)
                buffer = np.ascontiguousarray(planar.to_ndarray(), dtype=np.uint8).reshape(-1)
                yield at - start, 0, I420Frame(buffer, planar.width, planar.height, at - start)
        except av.FFmpegError as error:
            # A truncated clip is played as far as it goes.
            logger.warning("a clip ends early: %s", type(error).__name__)


def _voice(clip: Clip) -> Iterator[tuple[float, int, I420Frame | Samples]]:
    if not clip.voice:
        return
    with open_media(clip.path) as container:
        resampler = av.AudioResampler("s16", "mono", VOICE_RATE, frame_size=VOICE_SAMPLES)
        sent = 0
        try:
            for frame in container.decode(container.streams.audio[0]):
                frame.pts = None
                for part in resampler.resample(frame):
                    samples = part.to_ndarray().astype(np.int16, copy=False).reshape(-1)
                    yield sent / VOICE_RATE, 1, samples
                    sent += len(samples)
        except av.FFmpegError as error:
            logger.warning("a clip's sound ends early: %s", type(error).__name__)
