"""Captures that no person was needed for: the striped face, and clips of the project's synthetic person."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import ContentStore
from talchum.adapters.video_file import ClipWriter
from talchum.domain.capture import Capture
from talchum.domain.frame import I420Frame
from talchum.training.dataset import LEAST_FRAMES, LEAST_SECONDS
from talchum.vision.blending import frame_to_image, image_to_frame
from tests.vision.scenes import CLIP, at_time, clip, portrait_identity


def kept(
    captures: CaptureRecords, store: ContentStore, performance: bytes | None = None, subject: str = "stripes"
) -> Capture:
    """A capture in records and store. performance: bytes of its clip, the project's own unless given."""
    identity = portrait_identity()
    assert identity.texture is not None
    done, still = cv2.imencode(".webp", identity.texture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 100])
    assert done
    points = io.BytesIO()
    np.save(points, identity.texture_points)
    capture = Capture(
        subject=subject,
        title={"en": "Stripes", "ko": "줄무늬"},
        clip=store.put(CLIP.read_bytes() if performance is None else performance),
        still=store.put(still.tobytes()),
        points=store.put(points.getvalue()),
        thumbnail=store.put(still.tobytes()),
        seconds=5.6,
        provenance={"generator": "tests.apps.captures", "statement": "drawn by code", "inputs": []},
        created=1.0,
    )
    captures.add(capture)
    return capture


def encoded(directory: Path, frames: Iterable[I420Frame]) -> bytes:
    """Frames as the bytes of a clip."""
    path = directory / "performance.mp4"
    with ClipWriter(path, Fraction(30)) as writer:
        for frame in frames:
            writer.write(frame)
    return path.read_bytes()


def shortest(directory: Path) -> bytes:
    """The shortest performance that teaches, so that a test has the least to look at."""
    count = LEAST_FRAMES + 4
    return encoded(
        directory, (at_time(frame, n * (LEAST_SECONDS + 0.2) / count) for n, frame in enumerate(clip(count)))
    )


def two_of_them(count: int) -> Iterator[I420Frame]:
    """The person beside themselves."""
    for frame in clip(count):
        one = cv2.resize(frame_to_image(frame), (480, 360))
        yield image_to_frame(np.asarray(np.hstack([one, one]), np.uint8), frame.media_time)
