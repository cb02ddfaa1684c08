"""What happens to a picture on its way: encoders at a bitrate, and other sizes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from typing import Literal

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from talchum.domain.frame import I420Frame, Plane

RATE = 30
Codec = Literal["vp8", "h264"]

_OPTIONS: dict[Codec, dict[str, str]] = {
    # as libwebrtc sets them for a call, but for a speed that does not follow the clock
    "vp8": {
        "deadline": "realtime",
        "cpu-used": "-8",
        "lag-in-frames": "0",
        "error-resilient": "1",
        "auto-alt-ref": "0",
        "static-thresh": "100",
        "qmin": "2",
        "qmax": "56",
    },
    "h264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"},
}


def coded(frames: Iterable[I420Frame], codec: Codec, kilobits: int) -> list[I420Frame]:
    """The frames after an encoder at this rate, in its settings for a call, and a decoder."""
    waiting = iter(frames)
    first = next(waiting)
    size = first.width, first.height
    encoder = VideoCodecContext.create("libvpx" if codec == "vp8" else "libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.thread_count, encoder.gop_size = "yuv420p", 1, 3000
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.bit_rate = kilobits * 1000
    rate = {"maxrate": str(kilobits * 1000), "bufsize": str(kilobits * 1000)}
    encoder.options = {**_OPTIONS[codec], **rate}
    decoder = VideoCodecContext.create(codec, "r")
    decoder.thread_count = 1
    got: list[Plane] = []
    for number, frame in enumerate(chain([first], waiting)):
        picture = VideoFrame.from_ndarray(frame.buffer.reshape(size[1] * 3 // 2, size[0]), format="yuv420p")
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        for packet in encoder.encode(picture):
            got += [_pixels(decoded) for decoded in decoder.decode(packet)]
    for packet in encoder.encode(None):
        got += [_pixels(decoded) for decoded in decoder.decode(packet)]
    got += [_pixels(decoded) for decoded in decoder.decode(None)]
    return [I420Frame(pixels.reshape(-1), *size, number / RATE) for number, pixels in enumerate(got)]


def scaled(frame: I420Frame, width: int, height: int) -> I420Frame:
    """The frame in another size, even sides."""
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    planes = (frame.y, frame.u, frame.v)
    parts = [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).ravel()
        for plane, size in zip(planes, sizes, strict=True)
    ]
    return I420Frame(np.concatenate(parts), width, height, frame.media_time)


def cropped(frame: I420Frame, left: int, top: int, width: int, height: int) -> I420Frame:
    """A part of the frame; all even."""
    y = frame.y[top : top + height, left : left + width]
    rows, columns = slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2)
    parts = [part.ravel() for part in (y, frame.u[rows, columns], frame.v[rows, columns])]
    return I420Frame(np.concatenate(parts), width, height, frame.media_time)


def _pixels(picture: VideoFrame) -> Plane:
    return np.ascontiguousarray(picture.to_ndarray(format="yuv420p"))
