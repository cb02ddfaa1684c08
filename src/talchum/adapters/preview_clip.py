"""A short clip for a page: pictures as a small MP4 in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from talchum.adapters.video_file import ClipWriter
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import Image
from talchum.vision.blending import image_to_frame

MAX_PREVIEW_BYTES = 300_000

_CRFS = (20, 25, 30, 35)  # from what nobody sees to what anybody sees


def preview_clip(images: Sequence[Image], rate: int) -> bytes:
    """Pictures of one size, RGB (H, W, 3), as H.264 in MP4, `rate` a second, as good as the limit allows.

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
        path = Path(scratch) / "preview.mp4"
        with ClipWriter(path, Fraction(rate), crf=crf) as writer:
            for index, image in enumerate(images):
                writer.write(image_to_frame(image, index / rate))
        return path.read_bytes()
