"""What can be sent: video and voice, each a type of its own by who may get it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import numpy as np
import webrtc
from numpy.typing import NDArray

from talchum.adapters.webrtc.engine import ENGINE_ERRORS
from talchum.adapters.webrtc.tasks import Tasks
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import EgressFrame, I420Frame

AUDIO_RATE = 48_000


Written = webrtc.VideoFrame | webrtc.AudioData


class WrittenTrack:
    """A track of what is written to it, until it is closed."""

    def __init__(self, writer: webrtc.WritableStreamDefaultWriter) -> None:
        self._writer = writer
        self._tasks = Tasks()
        self._closed = False

    def _put(self, piece: Written) -> None:
        self._tasks.keep(asyncio.ensure_future(self._writer.write(piece)))

    async def close(self) -> None:
        """End the track; writing to it afterwards does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(*ENGINE_ERRORS, asyncio.CancelledError):
            await self._writer.close()
        await self._tasks.cancel()


class WrittenVideo(WrittenTrack):
    """A video track of the frames that are written to it."""

    def __init__(self) -> None:
        self._generator = webrtc.VideoTrackGenerator()
        super().__init__(self._generator.writable.get_writer())
        self._last_timestamp = 0
        self.size = (0, 0)
        self.frames_sent = 0
        self._watchers: list[Callable[[], None]] = []

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        """The engine's track."""
        return self._generator.track

    def watch_size(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever the picture has another size; each sender of it asks for itself."""
        self._watchers.append(changed)

    def unwatch_size(self, changed: Callable[[], None]) -> None:
        """Undo one `watch_size`."""
        if changed in self._watchers:
            self._watchers.remove(changed)

    def _write(self, picture: I420Frame) -> None:
        if self._closed:
            return
        # The engine drops a frame that is not younger than the last, so the time of sending is what counts.
        timestamp = max(self._last_timestamp + 1, time.monotonic_ns() // 1000)
        self._last_timestamp = timestamp
        layout = webrtc.VideoFrameBufferInit(
            format="I420", coded_width=picture.width, coded_height=picture.height, timestamp=timestamp
        )
        self._put(webrtc.VideoFrame(picture.buffer.data, layout))
        self.frames_sent += 1
        if self.size != (picture.width, picture.height):
            self.size = (picture.width, picture.height)
            for changed in list(self._watchers):
                changed()


class EgressVideo(WrittenVideo):
    """Video for another person: it takes what the compositor made and nothing else."""

    def send(self, frame: EgressFrame) -> None:
        """Send a frame now.

        Raises PeerConnectionError (`egress_only`) for anything but an `EgressFrame`.
        """
        if type(frame) is not EgressFrame:
            raise PeerConnectionError(
                f"got a {type(frame).__name__} to send to another person, expected an EgressFrame",
                code="egress_only",
                retryable=False,
            )
        self._write(frame.picture)


class CameraVideo(WrittenVideo):
    """A performer's own frames, for their face worker or for someone they chose to show their own face to."""

    def send(self, frame: I420Frame) -> None:
        """Send a frame now."""
        self._write(frame)


class ReturnedVideo:
    """The track a face worker sends back; made only by a peer whose other side is a face worker."""

    def __init__(self, track: webrtc.MediaStreamTrack) -> None:
        self._track = track
        self.size = (0, 0)

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        """The engine's track."""
        return self._track


VideoSource = EgressVideo | CameraVideo | ReturnedVideo


class VoiceSource(WrittenTrack):
    """An audio track of the samples that are written to it: 48 kHz, one channel."""

    def __init__(self) -> None:
        self._generator = webrtc.MediaStreamTrackGenerator("audio")
        super().__init__(self._generator.writable.get_writer())

    @property
    def track(self) -> webrtc.MediaStreamTrack:
        """The engine's track."""
        return self._generator

    def send(self, samples: NDArray[np.int16]) -> None:
        """Send (n,) int16 samples now; the engine cuts them into 10 ms."""
        if self._closed or not len(samples):
            return
        data = webrtc.AudioData(
            webrtc.AudioDataInit(
                format="s16",
                sample_rate=AUDIO_RATE,
                number_of_frames=len(samples),
                number_of_channels=1,
                timestamp=time.monotonic_ns() // 1000,
                data=np.ascontiguousarray(samples).data.cast("B"),
            )
        )
        self._put(data)
