"""What VP8 costs on this machine, measured, so that a worker does not take more legs than it can serve."""

from __future__ import annotations

import time
from fractions import Fraction

import av
import numpy as np

from talchum.domain.frame import I420Frame

FRAMES = 12
_OPTIONS = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "b": "1700k"}


def vp8_seconds_per_frame(picture: I420Frame) -> float:
    """CPU seconds of one thread that encoding and decoding a frame take, libvpx in its realtime mode.

    picture: what a frame of a call looks like; it is moved a little from frame to frame.
    """
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.options = _OPTIONS
    encoder.thread_count = 1
    decoder = av.CodecContext.create("vp8", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    start = time.process_time()
    for index in range(FRAMES):
        for packet in encoder.encode(_moved(picture, index)):
            decoder.decode(packet)
    return (time.process_time() - start) / FRAMES


def _moved(picture: I420Frame, index: int) -> av.VideoFrame:
    planes = np.roll(picture.buffer.reshape(-1, picture.width), 2 * index, axis=1)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = index
    return frame
