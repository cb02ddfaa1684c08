"""Small clips made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def make_clip(
    path: Path, *, frames: int = 12, width: int = 320, height: int = 240, voice: bool = True
) -> Path:
    """A clip of brightening frames at 30 fps with a tone of the same length."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=30)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=44_100, layout="mono") if voice else None
        for index in range(frames):
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = 40 + index % 16 * 12
            container.mux(video.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(video.encode(None))
        if audio is not None:
            count = 44_100 * frames // 30
            tone = (np.sin(np.arange(count) / 44_100 * 2 * np.pi * 440) * 9000).astype(np.int16)
            for start in range(0, count, 1024):
                part = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "s16", "mono")
                part.sample_rate, part.pts, part.time_base = 44_100, start, Fraction(1, 44_100)
                container.mux(audio.encode(part))
            container.mux(audio.encode(None))
    return path


def first_seconds(source: Path, target: Path, seconds: float) -> Path:
    """The beginning of a clip as it is coded, keyframes and sound included."""
    with av.open(str(source)) as container, av.open(str(target), "w") as cut:
        streams = {stream: cut.add_stream_from_template(stream) for stream in container.streams}
        for packet in container.demux():
            if packet.dts is not None and packet.dts * (packet.time_base or 0) < seconds:
                packet.stream = streams[packet.stream]
                cut.mux(packet)
    return target
