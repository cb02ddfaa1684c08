"""Clips on disk, read and written by PyAV (FFmpeg): pictures as I420 frames, sound passed through.

A clip comes in the order of the file, pictures and sound mixed, so that neither has to be kept in memory.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.stream import VideoStream

from talchum.adapters.media_source import claimed_sizes, open_media
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import MAX_FRAME_SIDE, I420Frame, Plane
from talchum.domain.segments import CodedPicture

logger = logging.getLogger(__name__)

TIME_BASE = Fraction(1, 90_000)
"""Of the pictures that are written."""

_COPIED_CODECS = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "alac", "flac"})  # what MP4 holds as it is
_DEFAULT_RATE = Fraction(30)
_MAX_MISSING_S = 0.5  # a file may announce a little more than it holds


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """Coded sound of the clip, to be handed to the writer as it is."""

    packet: Packet[Any]


class ClipReader:
    """A clip being read; a context manager.

    rate: frames per second. frame_count: as announced, None when the file does not say.
    sound: the first track, None when silent.
    Raises MediaFileError: media_file_unreadable, media_file_no_video, media_file_too_large.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()
        self.sound: AudioStream | None = next(iter(self._container.streams.audio), None)
        self.rate = self._video.average_rate or _DEFAULT_RATE
        self.frame_count: int | None = self._video.frames or self._count_from_duration()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[I420Frame | SoundPacket]:
        """Pictures and sound in the order of the file.

        Raises MediaFileError: media_file_unreadable when a part cannot be decoded, media_file_truncated when
        it ends before what it announces.
        """
        count = 0
        wanted = [stream for stream in (self._video, self.sound) if stream is not None]
        with self._reading():
            for packet in self._container.demux(wanted):
                if packet.stream is self.sound:
                    if packet.dts is not None:
                        yield SoundPacket(packet)
                    continue
                for picture in self._video.decode(packet):
                    yield self._frame(picture, count)
                    count += 1
        self.check_whole(count)

    def _open(self) -> None:
        try:
            for width, height in claimed_sizes(self._path):
                if _is_too_large(width, height):
                    raise _too_large(width, height)
            self._container = open_media(self._path)
        except (av.error.FFmpegError, OSError) as error:
            raise MediaFileError(
                f"got {self._path.name} that cannot be opened ({cause(error)}), expected a video file",
                code="media_file_unreadable",
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise MediaFileError(
                f"got {self._path.name} without a picture, expected a video file", code="media_file_no_video"
            )
        self._video: VideoStream = self._container.streams.video[0]
        if _is_too_large(self._video.width, self._video.height):
            self._container.close()
            raise _too_large(self._video.width, self._video.height)
        self._video.thread_type = "AUTO"
        # Said to the decoder too, since a picture may be larger than what the header announces.
        self._video.codec_context.options = {"max_pixels": str(MAX_FRAME_SIDE**2)}

    def frames(self) -> Iterator[I420Frame]:
        """The pictures alone; errors as for iterating over the clip."""
        return (part for part in self if isinstance(part, I420Frame))

    def sounds(self) -> Iterator[SoundPacket]:
        """The sound alone; errors as for iterating over the clip."""
        if self.sound is not None:
            with self._reading():
                for packet in self._container.demux(self.sound):
                    if packet.dts is not None:
                        yield SoundPacket(packet)

    @property
    def tick(self) -> Fraction:
        """Seconds of the unit in which pictures are timed."""
        return Fraction(self._video.time_base or TIME_BASE)

    def coded_pictures(self) -> list[CodedPicture]:
        """All pictures as they lie in the file; nothing is decoded, and the clip is at its end afterwards."""
        with self._reading():
            packets = (packet for packet in self._container.demux(self._video) if packet.size)
            return [CodedPicture(packet.pts, packet.is_keyframe) for packet in packets]

    def frames_from(self, keyframe: int | None) -> Iterator[tuple[int, I420Frame]]:
        """Pictures and when they are shown, in ticks, decoded from a keyframe or else from the beginning.

        Pictures before the keyframe may come first, and not whole. Raises MediaFileError
        (`media_file_unreadable`).
        """
        with self._reading():
            for packet in self._packets_from(keyframe):
                for picture in self._video.decode(packet):
                    if picture.pts is not None:
                        yield picture.pts, self._frame(picture, 0)

    def _packets_from(self, keyframe: int | None) -> Iterator[Packet[Any]]:
        if keyframe is not None:
            with suppress(av.error.FFmpegError):
                self._container.seek(keyframe, stream=self._video)
                packets = self._container.demux(self._video)
                first = next(packets)
                if first.is_keyframe and first.pts is not None and first.pts <= keyframe:
                    return chain([first], packets)
            self._container.close()  # not every file can be searched
            self._open()
        return self._container.demux(self._video)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except av.error.FFmpegError as error:
            raise MediaFileError(
                f"got {self._path.name} that cannot be decoded ({cause(error)}), expected a whole video file",
                code="media_file_unreadable",
            ) from error

    def check_whole(self, count: int) -> None:
        """Pass when so many frames are about as many as the file announces. Raises MediaFileError."""
        announced = self._video.frames
        if count == 0 or announced - count > max(2.0, _MAX_MISSING_S * float(self.rate)):
            raise MediaFileError(
                f"got {count} frames of {self._path.name}, expected {announced or 'at least one'}",
                code="media_file_truncated",
            )

    def _count_from_duration(self) -> int | None:
        duration = self._container.duration
        return round(duration / av.time_base * self.rate) if duration else None

    def _frame(self, picture: VideoFrame, count: int) -> I420Frame:
        if _is_too_large(picture.width, picture.height):
            raise _too_large(picture.width, picture.height)
        quarter_turns = round(picture.rotation / 90) % 4
        plain = picture if picture.format.name == "yuv420p" else picture.reformat(format="yuv420p")
        planes = [np.rot90(_plane_view(plane), quarter_turns) for plane in plain.planes[:3]]
        height, width = planes[0].shape
        media_time = picture.time if picture.time is not None else float(count / self.rate)
        return I420Frame(
            np.concatenate([plane.reshape(-1) for plane in planes]), width, height, float(media_time)
        )


class ClipWriter:
    """An MP4 being written; a context manager that leaves the file only when all went well.

    The picture is H.264 of the first frame's size, cut to even sides; sound is copied where MP4 can hold it
    and becomes AAC where not. Raises MediaFileError (media_file_unwritable).
    """

    def __init__(self, path: Path, rate: Fraction, sound: AudioStream | None = None) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._rate = rate
        if not os.access(
            path.parent, os.W_OK | os.X_OK
        ):  # the container opens its file only with the first packet
            raise self._unwritable(NotADirectoryError(errno.ENOENT, "no folder that can be written to"))
        try:
            self._container = av.open(str(self._partial), "w", format="mp4")
            self._sound = None if sound is None else SoundTrack(self._container, sound)
        except (av.error.FFmpegError, OSError) as error:
            self._discard()
            raise self._unwritable(error) from error
        self._video: VideoStream | None = None
        self._last_pts = -1
        self._early_sound: list[SoundPacket] = []  # until the picture's size is known and the header written

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            if self._video is not None:
                self._container.mux(self._video.encode(None))
            if self._sound is not None:
                self._sound.finish()
            self._container.close()
            self._partial.replace(self._path)
        except (av.error.FFmpegError, OSError) as failure:
            self._discard()
            raise self._unwritable(failure) from failure

    def write(self, frame: I420Frame) -> None:
        """Append a picture; one of another size is an error (media_file_unwritable)."""
        try:
            video = self._video or self._open_video(frame)
            if (video.width, video.height) != (frame.width & ~1, frame.height & ~1):
                raise MediaFileError(
                    f"got a frame of {frame.width}x{frame.height}, expected {video.width}x{video.height}",
                    code="media_file_unwritable",
                )
            picture = coded_picture(frame, video.width, video.height)
            picture.time_base = TIME_BASE
            # Two frames never share a time: the encoder would refuse the second.
            self._last_pts = max(round(frame.media_time / TIME_BASE), self._last_pts + 1)
            picture.pts = self._last_pts
            self._container.mux(video.encode(picture))
        except (av.error.FFmpegError, OSError) as error:
            raise self._unwritable(error) from error

    def write_sound(self, sound: SoundPacket) -> None:
        """Append sound of the stream that was given at the start."""
        if self._sound is None:
            return
        if self._video is None:
            self._early_sound.append(sound)
            return
        try:
            self._sound.write(sound.packet)
        except (av.error.FFmpegError, OSError) as error:
            raise self._unwritable(error) from error

    def _open_video(self, frame: I420Frame) -> VideoStream:
        size = (frame.width & ~1, frame.height & ~1)
        stream = add_picture_stream(self._container, self._rate, size, {"crf": "18"})
        self._video = stream
        for sound in self._early_sound:
            self.write_sound(sound)
        self._early_sound.clear()
        return stream

    def _unwritable(self, error: Exception) -> MediaFileError:
        return MediaFileError(
            f"got {self._path.name} that cannot be written ({cause(error)}), expected to write an mp4",
            code="media_file_unwritable",
        )

    def _discard(self) -> None:
        with suppress(av.error.FFmpegError, OSError, AttributeError):
            self._container.close()
        self._partial.unlink(missing_ok=True)


def add_picture_stream(
    container: av.container.OutputContainer, rate: Fraction, size: tuple[int, int], options: dict[str, str]
) -> VideoStream:
    """H.264 of this (width, height), even ones, in `TIME_BASE`. options: of x264."""
    stream = container.add_stream("libx264", rate=rate, options={"preset": "veryfast", **options})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = TIME_BASE
    return stream


class SoundTrack:
    """Sound of another clip in this one: copied, or coded again as AAC."""

    def __init__(self, container: av.container.OutputContainer, source: AudioStream) -> None:
        self._container = container
        self._copied = source.codec_context.name in _COPIED_CODECS
        self._resampler: AudioResampler | None = None
        if self._copied:
            self._stream = container.add_stream_from_template(source)
            return
        rate = source.codec_context.sample_rate or 48_000
        self._stream = container.add_stream("aac", rate=rate)
        coder = self._stream.codec_context
        assert isinstance(coder, AudioCodecContext)
        self._resampler = AudioResampler(coder.format, coder.layout, rate)

    def write(self, packet: Packet[Any]) -> None:
        """Append one packet."""
        if self._copied:
            packet.stream = self._stream
            self._container.mux_one(packet)
            return
        assert self._resampler is not None
        for decoded in packet.decode():
            assert isinstance(decoded, AudioFrame)
            for block in self._resampler.resample(decoded):
                self._container.mux(self._stream.encode(block))

    def finish(self) -> None:
        """Write what the coder still holds."""
        if self._resampler is not None:
            for block in self._resampler.resample(None):
                self._container.mux(self._stream.encode(block))
            self._container.mux(self._stream.encode(None))


def _is_too_large(width: int, height: int) -> bool:
    return max(width, height) > MAX_FRAME_SIDE


def _too_large(width: int, height: int) -> MediaFileError:
    return MediaFileError(
        f"got frames of {width}x{height}, expected sides up to {MAX_FRAME_SIDE}", code="media_file_too_large"
    )


def _plane_view(plane: VideoPlane) -> Plane:
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def coded_picture(frame: I420Frame, width: int, height: int) -> VideoFrame:
    """The frame for an encoder, cut to this size."""
    picture = VideoFrame(width, height, "yuv420p")
    for plane, source in zip(picture.planes, (frame.y, frame.u, frame.v), strict=True):
        target = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        target[: plane.height, : plane.width] = source[: plane.height, : plane.width]
    return picture


def cause(error: Exception) -> str:
    """What went wrong, as a part of a message."""
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text).lower()
