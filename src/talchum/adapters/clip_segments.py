"""A clip in segments: read one with its pre-roll, write one as a file of its own, join them to a clip.

A segment's file (NUT, which keeps times to the tick) holds H.264 that begins with a keyframe and refers to
nothing outside. Its bytes depend on its pictures alone, so that segments made anywhere fit together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from talchum.adapters.media_source import open_media
from talchum.adapters.video_file import (
    TIME_BASE,
    ClipReader,
    SoundPacket,
    SoundTrack,
    add_picture_stream,
    cause,
    coded_picture,
)
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame
from talchum.domain.segments import SEGMENT_SECONDS, Segment, decoding_times, plan_segments

_CODING = {
    "crf": "18",
    "threads": "2",  # how many there are changes the pictures a little, so it must not depend on the machine
    "flags": "+cgop",
}


def segments_of(path: Path, least_seconds: float = SEGMENT_SECONDS) -> list[Segment]:
    """How a clip is cut; reads all of it and decodes nothing.

    Raises MediaFileError: `media_file_truncated` when it ends early, or what `ClipReader` raises.
    """
    with ClipReader(path) as clip:
        pictures = clip.coded_pictures()
        clip.check_whole(len(pictures))
        return plan_segments(pictures, clip.tick, least_seconds)


def read_segment(clip: ClipReader, segment: Segment) -> Iterator[tuple[I420Frame, bool]]:
    """The segment's frames in order, each with whether it is its own; those of the pre-roll are not.

    Raises MediaFileError as `ClipReader`.
    """
    if segment.start is None and segment.end is None:
        for frame in clip.frames():
            yield frame, True
        return
    for shown_at, frame in clip.frames_from(segment.decode_from):
        if segment.end is not None and shown_at >= segment.end:
            return  # frames come in the order in which they are shown
        if segment.warm_from is None or shown_at >= segment.warm_from:
            yield frame, segment.holds(shown_at)


class SegmentWriter:
    """Writes the frames of one segment; a context manager.

    Raises MediaFileError (`media_file_unwritable`).
    """

    def __init__(self, path: Path, rate: Fraction) -> None:
        self._path = path
        self._rate = rate
        self._stream: VideoStream | None = None
        self._last = -1
        # a writer that moves a first time below zero up would move the whole segment
        self._container = _open_output(path, "nut", {"avoid_negative_ts": "disabled"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(av.error.FFmpegError, OSError):  # what was raised before says more
                self._container.close()
            return
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except (av.error.FFmpegError, OSError) as failure:
            raise _unwritable(self._path, failure) from failure

    def write(self, frame: I420Frame) -> None:
        """Append a picture; one of another size is an error."""
        size = (frame.width & ~1, frame.height & ~1)
        try:
            if self._stream is None:
                self._stream = add_picture_stream(self._container, self._rate, size, _CODING)
            if (self._stream.width, self._stream.height) != size:
                raise MediaFileError(
                    f"got a frame of {frame.width}x{frame.height}, "
                    f"expected {self._stream.width}x{self._stream.height} as before",
                    code="media_file_unwritable",
                )
            picture = coded_picture(frame, *size)
            picture.time_base = TIME_BASE
            # Two frames never share a time: the encoder would refuse the second.
            self._last = max(round(frame.media_time / TIME_BASE), self._last + 1)
            picture.pts = self._last
            self._container.mux(self._stream.encode(picture))
        except (av.error.FFmpegError, OSError) as error:
            raise _unwritable(self._path, error) from error


def check_writable(target: Path) -> None:
    """Pass when a clip can be written there. Raises MediaFileError (`media_file_unwritable`)."""
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise _unwritable(target, OSError(0, "no folder that can be written to"))


def join_segments(source: Path, segments: Sequence[Path], target: Path) -> None:
    """Write an MP4 of the segments' pictures, in order, with the source's sound; nothing is coded again.

    Only sound that MP4 cannot hold becomes AAC. The target is replaced at the end, or left as it was. Raises
    MediaFileError.
    """
    check_writable(target)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with (
            ClipReader(source) as clip,
            open_media(segments[0]) as first,
            _open_output(partial, "mp4") as joined,
        ):
            video = joined.add_stream_from_template(first.streams.video[0])
            _join(clip, segments, joined, video)
        partial.replace(target)
    except (av.error.FFmpegError, OSError) as error:
        raise _unwritable(target, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _join(clip: ClipReader, segments: Sequence[Path], joined: OutputContainer, video: VideoStream) -> None:
    sound = None if clip.sound is None else SoundTrack(joined, clip.sound)
    waiting = clip.sounds()
    next_sound = next(waiting, None)
    for packet in _pictures(segments, clip.rate):
        decoded_at = (packet.dts or 0) * TIME_BASE
        while sound is not None and next_sound is not None and _begins(next_sound) <= decoded_at:
            sound.write(next_sound.packet)
            next_sound = next(waiting, None)
        packet.stream = video
        joined.mux_one(packet)
    while sound is not None and next_sound is not None:
        sound.write(next_sound.packet)
        next_sound = next(waiting, None)
    if sound is not None:
        sound.finish()


def _pictures(segments: Sequence[Path], rate: Fraction) -> Iterator[Packet[Any]]:
    """All coded pictures, timed for decoding across the cuts: a segment knows nothing of its neighbours."""
    shown_at: list[int] = []
    headers: set[bytes] = set()
    for path in segments:
        with open_media(path) as part:
            headers.add(bytes(part.streams.video[0].codec_context.extradata or b""))
            shown_at += [packet.pts for packet in _coded(part) if packet.pts is not None]
    if len(headers) != 1:
        raise MediaFileError("got segments that were coded differently, expected the same coder for all")
    times = iter(decoding_times(shown_at))
    for path in segments:
        with open_media(path) as part:
            for packet in _coded(part):
                packet.dts, packet.time_base = next(times), TIME_BASE
                packet.duration = round(1 / (rate * TIME_BASE))
                yield packet


def _coded(part: InputContainer) -> Iterator[Packet[Any]]:
    return (packet for packet in part.demux(part.streams.video[0]) if packet.size)


def _begins(sound: SoundPacket) -> Fraction:
    return (sound.packet.dts or 0) * Fraction(sound.packet.time_base or 0)


def _open_output(path: Path, form: str, options: dict[str, str] | None = None) -> OutputContainer:
    try:
        return av.open(str(path), "w", format=form, options=options or {})
    except (av.error.FFmpegError, OSError) as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: Exception) -> MediaFileError:
    return MediaFileError(
        f"got {path.name} that cannot be written ({cause(error)}), expected to write a clip",
        code="media_file_unwritable",
    )
