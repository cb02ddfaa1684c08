"""What a browser received, frame by frame, as it came off the network, decoded outside the browser."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import av
import numpy as np
from av.video.frame import VideoFrame

from talchum.domain.frame import I420Frame


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One encoded frame. arrival: wall clock, seconds. stream: numbers the receivers of the page."""

    arrival: float
    stream: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """One decoded frame; arrival as above."""

    arrival: float
    picture: I420Frame


def encoded_frames(records: Iterable[Mapping[str, object]]) -> list[EncodedFrame]:
    """The frames that the probe in the page recorded."""
    frames = []
    for record in records:
        arrival, stream, data = record["arrival"], record["stream"], record["data"]
        assert isinstance(arrival, float | int)
        assert isinstance(stream, int)
        assert isinstance(data, str)
        frames.append(EncodedFrame(arrival / 1000, stream, record["key"] is True, base64.b64decode(data)))
    return frames


class Decoder:
    """Decodes what one page received, in the order of arrival, as it comes."""

    def __init__(self) -> None:
        self._streams: dict[int, av.VideoCodecContext] = {}

    def decode(self, frames: Iterable[EncodedFrame]) -> Iterator[ReceivedFrame]:
        """Every frame that decodes; nothing before a stream's first keyframe does.

        After a loss the frames up to the next keyframe decode with errors: they are given as they are.
        """
        for frame in frames:
            decoder = self._streams.get(frame.stream)
            if decoder is None:
                if not frame.key:
                    continue
                decoder = av.VideoCodecContext.create("vp8", "r")
                decoder.thread_count = 1
                self._streams[frame.stream] = decoder
            try:
                pictures = decoder.decode(av.Packet(frame.data))
            except av.error.InvalidDataError:
                continue
            for picture in pictures:
                yield ReceivedFrame(frame.arrival, planes(picture, frame.arrival))


def planes(picture: VideoFrame, media_time: float) -> I420Frame:
    """The I420 planes of a decoded picture."""
    buffer = np.concatenate(
        [
            np.frombuffer(bytes(plane), np.uint8)
            .reshape(-1, plane.line_size)[: plane.height, : plane.width]
            .reshape(-1)
            for plane in picture.planes
        ]
    )
    return I420Frame(buffer, picture.width, picture.height, media_time)
