"""What arrives: the video and the audio of the other side."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import webrtc
from numpy.typing import NDArray

from talchum.adapters.webrtc.tasks import Tasks
from talchum.domain.errors import PeerConnectionError, TalchumError
from talchum.domain.frame import I420Frame
from talchum.domain.stamp import strip_rows

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What is seen of a frame without copying it: size, arrival and the rows that may carry a stamp."""

    width: int
    height: int
    arrived: float
    strip: NDArray[np.uint8]


class RemoteVideo:
    """Video of the other side. `discarded` counts frames nobody was ready to take."""

    def __init__(self, track: webrtc.MediaStreamTrack, tasks: Tasks) -> None:
        self._track = track
        self._tasks = tasks
        self._processor: webrtc.MediaStreamTrackProcessor | None = None

    @property
    def discarded(self) -> int:
        """Frames the engine dropped because the last one had not been read."""
        return self._processor.discarded_frames if self._processor is not None else 0

    def read(self, on_frame: Callable[[I420Frame, float], None]) -> None:
        """Call `on_frame(frame, arrived)` for the newest frame, upright (RFC 7742 5: rotation is applied)."""
        self._tasks.start(self._pump(lambda frame, arrived: on_frame(_upright(frame), arrived)))

    def watch(self, on_glimpse: Callable[[Glimpse], None]) -> None:
        """Call `on_glimpse` for each frame; its pixels, but for a few rows, are not copied."""
        self._tasks.start(self._pump(lambda frame, arrived: on_glimpse(_glimpse(frame, arrived))))

    async def _pump(self, take: Callable[[webrtc.VideoFrame, float], None]) -> None:
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(self._track))
        self._processor = processor
        async for frame in processor.readable:
            if not isinstance(frame, webrtc.VideoFrame):
                continue
            with frame:
                try:
                    take(frame, time.monotonic())
                except TalchumError as error:
                    logger.warning("a received frame was not used: %s", error.code)


class RemoteVoice:
    """Audio of the other side."""

    def __init__(self, track: webrtc.MediaStreamTrack, tasks: Tasks) -> None:
        self._track = track
        self._tasks = tasks

    def read(self, on_samples: Callable[[NDArray[np.int16], int], None]) -> None:
        """Call `on_samples(samples, rate)` for each 10 ms; samples (n, channels) int16."""
        self._tasks.start(self._pump(on_samples))

    async def _pump(self, on_samples: Callable[[NDArray[np.int16], int], None]) -> None:
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(self._track))
        options = webrtc.AudioDataCopyToOptions(plane_index=0, format="s16")
        async for data in processor.readable:
            if not isinstance(data, webrtc.AudioData):
                continue
            with data:
                buffer = bytearray(data.allocation_size(options))
                data.copy_to(buffer, options)
                samples = np.frombuffer(buffer, np.int16).reshape(-1, data.number_of_channels)
                on_samples(samples, int(data.sample_rate))


def _upright(frame: webrtc.VideoFrame) -> I420Frame:
    """Copy a frame's planes and turn them by what the sender signalled (3GPP TS 26.114, CVO)."""
    if frame.format != "I420":
        raise PeerConnectionError(
            f"got a decoded frame in {frame.format}, expected I420", code="frame_format"
        )
    width, height = frame.coded_width, frame.coded_height
    pixels = bytearray(I420Frame.size_of(width, height))
    frame.copy_to(pixels).result()
    picture = I420Frame(np.frombuffer(pixels, np.uint8), width, height, frame.timestamp / 1e6)
    quarters = frame.rotation // 90
    if quarters == 0:
        return picture
    planes = (np.rot90(plane, -quarters).ravel() for plane in (picture.y, picture.u, picture.v))
    turned = (height, width) if quarters % 2 else (width, height)
    return I420Frame(np.concatenate(list(planes)), *turned, picture.media_time)


def _glimpse(frame: webrtc.VideoFrame, arrived: float) -> Glimpse:
    width, height = frame.coded_width, frame.coded_height
    rows = strip_rows(height) // 4 * 2
    rect = webrtc.DOMRectInit(0, rows // 2 // 2 * 2, width // 2 * 2, max(2, rows))
    options = webrtc.VideoFrameCopyToOptions(rect=rect)
    pixels = bytearray(frame.allocation_size(options))
    frame.copy_to(pixels, options).result()
    luma = np.frombuffer(pixels, np.uint8)[: max(2, rows) * (width // 2 * 2)].reshape(max(2, rows), -1)
    return Glimpse(width, height, arrived, luma)
