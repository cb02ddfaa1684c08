"""One frame of a performance as a network learns from it."""

from __future__ import annotations

from dataclasses import dataclass

from talchum.domain.face import Points
from talchum.domain.frame import Image
from talchum.vision.conditioning import Geometry, Reference


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame of the performance, in the square that follows the head.

    picture: RGB uint8 (SIDE, SIDE, 3), what is to be painted. shown: what the camera shows of it, alike.
    landmarks: float32 (478, 3), pixels of the square. reference: the still of whose performance it is.
    """

    geometry: Geometry
    picture: Image
    shown: Image
    landmarks: Points
    reference: Reference
