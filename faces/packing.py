"""Identities on disk: pixels, mesh points, portrait and a manifest that says where every byte comes from."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.adapters.identity_files import IdentityFiles
from talchum.domain.bundle import Bundle
from talchum.domain.identity import TEXTURE_POINTS_FILE, THUMBNAIL_FILE

TEXTURE_FILE = "texture.webp"
LICENCE = "CC0-1.0"
Picture = NDArray[np.uint8]  # (H, W, 3) RGB


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What is worn. texture: RGB (S, S, 3). points: float32 (468, 2), texture pixels."""

    texture: Picture
    points: NDArray[np.float32]


def webp(image: Picture, quality: int) -> bytes:
    """RGB picture as lossy WebP."""
    encoded, data = cv2.imencode(".webp", image[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not encoded:
        raise ValueError(f"got a picture of {image.shape} that WebP cannot hold")
    return data.tobytes()


def npy(points: NDArray[np.float32]) -> bytes:
    """An array in NumPy's own format."""
    buffer = io.BytesIO()
    np.save(buffer, points.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()


def write_identity(
    directory: Path, manifest: Mapping[str, object], thumbnail: Picture, pixels: Pixels | None
) -> None:
    """Write `directory/<name>/`; what was learned of an earlier drawing goes, since it is another face's."""
    files = {THUMBNAIL_FILE: webp(thumbnail, 88)}
    if pixels is not None:
        files[TEXTURE_FILE] = webp(pixels.texture, 92)
        files[TEXTURE_POINTS_FILE] = npy(pixels.points)
    IdentityFiles(directory).write(Bundle.of({**manifest, "licence": LICENCE}, files))
