"""Pictures from files: what their headers claim is checked before OpenCV decodes anything.

18 KB of PNG can claim 12000x12000 pixels, which took 2.4 s and 0.9 GB to decode. A file is a WebP or a PNG,
as identities have; the many other formats that OpenCV knows are not reached. Sources: RFC 9649 (WebP and its
lossless bitstream), RFC 6386 9.1 (its lossy one), W3C PNG 11.2.2.
"""

from __future__ import annotations

import struct
from typing import cast

import cv2
import numpy as np

from talchum.domain.errors import MediaFileError
from talchum.domain.frame import Image
from talchum.vision.identity import MAX_TEXTURE_SIDE

MAX_IMAGE_BYTES = 8 * 1024 * 1024
MAX_IMAGE_SIDE = MAX_TEXTURE_SIDE

_PNG_BEGINNING = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_ANIMATION = 0x02
_LOSSLESS_SIGNATURE = 0x2F
_KEY_FRAME_CODE = b"\x9d\x01\x2a"


def decode_image(raw: bytes) -> Image:
    """BGR or BGRA, uint8 (H, W, 3 or 4), of a WebP or PNG of at most 8 MiB and 2048 pixels a side.

    Raises MediaFileError (`image_refused`).
    """
    if len(raw) > MAX_IMAGE_BYTES:
        raise _refused(f"got an image of {len(raw)} bytes, expected at most {MAX_IMAGE_BYTES}")
    width, height = image_size(raw)
    if not (0 < width <= MAX_IMAGE_SIDE and 0 < height <= MAX_IMAGE_SIDE):
        raise _refused(f"got an image of {width}x{height}, expected sides of 1 to {MAX_IMAGE_SIDE}")
    try:
        pixels = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise _refused("got an image that cannot be decoded, expected a whole one") from error
    if pixels is None or pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[:2] != (height, width):
        raise _refused("got an image that cannot be decoded, expected a whole one of 8 bits in colour")
    return cast("Image", pixels)


def image_size(raw: bytes) -> tuple[int, int]:
    """Width and height as the header of a still WebP or a PNG has them. Raises MediaFileError."""
    try:
        if raw.startswith(_PNG_BEGINNING):
            width, height = struct.unpack_from(">II", raw, len(_PNG_BEGINNING))
            return int(width), int(height)
        if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
            return _webp_size(raw)
    except struct.error:
        pass
    raise _refused("got an image of another format, expected WebP or PNG")


def _webp_size(raw: bytes) -> tuple[int, int]:
    chunk, body = raw[12:16], raw[20:30]
    if chunk == b"VP8 " and body[3:6] == _KEY_FRAME_CODE:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L" and body[:1] == bytes([_LOSSLESS_SIGNATURE]):
        (bits,) = struct.unpack_from("<I", body, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X" and len(body) == 10 and not body[0] & _ANIMATION:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    raise _refused("got a WebP that moves or is damaged, expected a still one")


def _refused(message: str) -> MediaFileError:
    return MediaFileError(message, code="image_refused", retryable=False)
