"""What one frame of an enrolment shows: how many faces, and how the one of them is held and shaped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]  # of length 1


@dataclass(frozen=True, slots=True, eq=False)
class FaceSight:
    """One face.

    yaw, pitch, roll: degrees, positive to the picture's right, down, and clockwise as seen. eyes: height by
    width of the eye that is open wider. gap: between the lips, mouth: from corner to corner, centimetres of
    the mean head. x, y, size: of the head, in heights of the picture. embedding: whose face it is, None where
    nobody looked. years: an estimate of the age from the same look.
    """

    yaw: float
    pitch: float
    roll: float
    eyes: float
    gap: float
    mouth: float
    x: float
    y: float
    size: float
    embedding: Embedding | None = None
    years: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One frame.

    at: seconds of media time. faces: how many there are. face: the one, None when not found. light: mean
    luma of the picture, 16 (black) to 235.
    """

    at: float
    faces: int
    face: FaceSight | None
    light: float = 126.0


def alike(one: Embedding, other: Embedding) -> float:
    """Cosine similarity of two embeddings, -1 to 1."""
    return float(one @ other)
