"""A short clip for a page: pictures as a small MP4, by PyAV. The same pictures give the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import av.error
import numpy as np

from talchum.domain.errors import MediaFileError
from talchum.domain.frame import Image

MAX_PREVIEW_BYTES = 300_000

_CRFS = (20, 25, 30, 35)  # from what nobody sees to what anybody sees


def preview_clip(images: Sequence[Image], rate: int) -> bytes:
    """Pictures of one even size as H.264 in MP4, as good as the limit allows.

    images: RGB uint8 (H, W, 3). rate: pictures a second.
    Raises MediaFileError (`media_file_unwritable`, `media_file_too_large`).
    """
    for crf in _CRFS:
        encoded = _encoded(images, rate, crf)
        if len(encoded) <= MAX_PREVIEW_BYTES:
            return encoded
    raise MediaFileError(
        f"got {len(images)} pictures that take {len(encoded)} bytes, expected at most {MAX_PREVIEW_BYTES}",
        code="media_file_too_large",
    )


def _encoded(images: Sequence[Image], rate: int, crf: int) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "preview.mp4"  # a file, since a page wants the index first: a second pass
        _write(path, images, rate, crf)
        return path.read_bytes()


def _write(path: Path, images: Sequence[Image], rate: int, crf: int) -> None:
    layout = {"movflags": "+faststart", "fflags": "+bitexact"}
    try:
        with av.open(str(path), "w", format="mp4", options=layout) as container:
            # with B-frames or several threads x264 takes other decisions each time
            coding = {"crf": str(crf), "preset": "slow", "x264-params": "bframes=0"}
            video = container.add_stream("libx264", rate=rate, options=coding)
            video.thread_count = 1
            video.pix_fmt = "yuv420p"
            video.height, video.width = images[0].shape[:2]
            for image in images:
                container.mux(video.encode(_frame(image)))
            container.mux(video.encode(None))
    except (av.error.FFmpegError, OSError) as error:
        raise MediaFileError(
            f"got pictures that cannot be coded ({type(error).__name__}), expected to make an mp4",
            code="media_file_unwritable",
        ) from error


def _frame(image: Image) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU601")
