"""A clip as a camera of some size and rate films it, for performers without a browser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np

from talchum.domain.frame import Image


def write_camera_clip(
    path: Path, images: Iterable[Image], size: tuple[int, int], rate: int, quality: str = "23"
) -> Path:
    """Write images, scaled to `size` (width, height), as H.264 in MP4. quality: x264's rate factor."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt, stream.options = "yuv420p", {"crf": quality}
        for image in images:
            scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            picture = av.VideoFrame.from_ndarray(np.asarray(scaled, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
