"""What a face network learns from: one performance, cut into squares that follow the head.

Every sixth block of frames is held out, whole blocks, since a neighbour of a training frame would say nothing
about what was learned. A performance that cannot teach is refused before any training.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import TrainingError
from talchum.domain.face import Points
from talchum.domain.frame import I420Frame
from talchum.training.moment import Moment
from talchum.training.variation import Variation
from talchum.vision.conditioning import (
    PLANES,
    SIDE,
    Geometry,
    GeometryPainter,
    Reference,
    head_region,
    into_square,
    with_colours,
)
from talchum.vision.cropping import cut_region
from talchum.vision.topology import FaceTopology
from talchum.vision.tracking import FaceTracker

LEAST_SECONDS = 4.0
LEAST_FRAMES = 96
LEAST_FOLLOWED = 0.8  # of the frames
MOST_FRAMES = 600
BLOCK_FRAMES = 8
HELD_OUT_OF = 6  # blocks, one
_AROUND = 15  # pixels of the square across what is painted around an opening

Floats = NDArray[np.float32]
Generator = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """The moments of one performance: those to learn from, and those held out."""

    learned: tuple[Moment, ...]
    held_out: tuple[Moment, ...]
    topology: FaceTopology


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a network is shown, and what it is to paint. All 0..1.

    planes: float32 (B, 14, S, S). picture: (B, 3, S, S). mask: (B, 1, S, S), soft. features: alike, where
    eyes and mouth are.
    """

    planes: Floats
    picture: Floats
    mask: Floats
    features: Floats


def make_dataset(
    frames: Iterable[I420Frame], tracker: FaceTracker, topology: FaceTopology, reference: Reference
) -> Dataset:
    """Follow the one face of a performance.

    Raises TrainingError with the reason: `no_face`, `second_face`, `performance_too_short`, `face_lost`.
    """
    painter = GeometryPainter(topology)
    moments: list[Moment] = []
    count, first, last = 0, 0.0, 0.0
    for frame in frames:
        first = frame.media_time if count == 0 else first
        count, last = count + 1, frame.media_time
        found = tracker.update(frame)
        if found.reason == "second_face":
            raise TrainingError("got a second face, expected one person alone", code="second_face")
        if found.face is not None and len(moments) < MOST_FRAMES:
            moments.append(_moment(frame, found.face.landmarks, painter, topology, reference))
    _expect_enough(count, len(moments), last - first)
    blocks = [index // BLOCK_FRAMES % HELD_OUT_OF for index in range(len(moments))]
    return Dataset(
        tuple(moment for moment, block in zip(moments, blocks, strict=True) if block != HELD_OUT_OF - 1),
        tuple(moment for moment, block in zip(moments, blocks, strict=True) if block == HELD_OUT_OF - 1),
        topology,
    )


def learning_batch(dataset: Dataset, size: int, variation: Variation, rng: Generator) -> Batch:
    """Some moments at random, most of them as they never were."""
    chosen = rng.choice(len(dataset.learned), size, replace=False)
    return as_batch(variation.of(dataset.learned[index], rng) for index in chosen)


def as_batch(moments: Iterable[Moment]) -> Batch:
    """Moments as arrays for the network."""
    listed = list(moments)
    planes = np.stack([with_colours(moment.geometry, moment.shown) for moment in listed])
    pictures = np.stack([moment.picture for moment in listed])
    masks = np.stack([soft_mask(moment.geometry) for moment in listed])[..., None]
    features = np.stack([around_openings(moment.geometry) for moment in listed])[..., None]
    assert planes.shape[1:] == (PLANES, SIDE, SIDE)
    return Batch(
        planes.astype(np.float32) / np.float32(255),
        _channels_first(pictures),
        _channels_first(masks),
        _channels_first(features),
    )


def soft_mask(geometry: Geometry) -> NDArray[np.uint8]:
    """Where the network has to paint: the mesh and a pixel around it, its edge soft."""
    wider = cv2.dilate(geometry.inside, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(wider, (0, 0), 1.0), np.uint8)


def around_openings(geometry: Geometry) -> NDArray[np.uint8]:
    """Eyes with their lids, the mouth with its lips."""
    wider = cv2.dilate(geometry.opened, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_AROUND, _AROUND)))
    return np.asarray(cv2.GaussianBlur(wider, (0, 0), 2.0), np.uint8)


def _moment(
    frame: I420Frame,
    landmarks: Points,
    painter: GeometryPainter,
    topology: FaceTopology,
    reference: Reference,
) -> Moment:
    region = head_region(landmarks, topology)
    square = into_square(landmarks, region, SIDE)
    geometry = painter.paint(square, reference)
    picture = cut_region(frame, region, SIDE)
    return Moment(geometry, picture, picture, square, reference)


def _expect_enough(frames: int, followed: int, seconds: float) -> None:
    if followed == 0:
        raise TrainingError("got a performance without a face, expected one person", code="no_face")
    if seconds < LEAST_SECONDS or frames < LEAST_FRAMES:
        raise TrainingError(
            f"got a performance of {seconds:.1f} s and {frames} frames, "
            f"expected at least {LEAST_SECONDS:.0f} s and {LEAST_FRAMES}",
            code="performance_too_short",
        )
    if followed < LEAST_FOLLOWED * min(frames, MOST_FRAMES):
        raise TrainingError(
            f"got a face in {followed} of {frames} frames, expected it in {LEAST_FOLLOWED:.0%} at least",
            code="face_lost",
        )


def _channels_first(images: NDArray[np.uint8]) -> Floats:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
