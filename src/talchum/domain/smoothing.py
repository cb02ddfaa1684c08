"""Takes the tremble out of landmarks without making them late.

A One-Euro filter's cutoff rises with speed: what stands still is smoothed strongly, what moves is hardly
touched.
Source: G. Casiez, N. Roussel, D. Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems" (CHI 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import MESH_LANDMARKS, Points

Values = NDArray[np.float64]

# a longer pause says nothing about speed any more
MAX_GAP = 0.5


@dataclass(frozen=True, slots=True)
class OneEuroSettings:
    """How a One-Euro filter weighs calm against promptness.

    min_cutoff: Hz, of what stands still. speed_cutoff: Hz added for each unit a second of speed.
    derivative_cutoff: Hz, of the speed itself.
    """

    min_cutoff: float
    speed_cutoff: float
    derivative_cutoff: float


# speeds are in face sizes (the root mean square distance of the mesh from its middle) and radians a second
PLACE = OneEuroSettings(min_cutoff=1.0, speed_cutoff=20.0, derivative_cutoff=4.0)
SIZE_AND_TURN = OneEuroSettings(min_cutoff=1.0, speed_cutoff=20.0, derivative_cutoff=4.0)
SHAPE = OneEuroSettings(min_cutoff=1.5, speed_cutoff=25.0, derivative_cutoff=6.0)


class OneEuroFilter:
    """A One-Euro filter over an array whose last axis is one vector: its length is the speed that counts."""

    def __init__(self, settings: OneEuroSettings) -> None:
        self._settings = settings
        self._time = -math.inf
        self._value: Values | None = None
        self._speed: Values | None = None

    def step(self, value: Values, media_time: float, unit: float = 1.0) -> Values:
        """The smoothed value at this time.

        unit: what a length of 1 means, so that one setting serves every size. A first value, a time that does
        not grow and a gap of more than `MAX_GAP` seconds give the value itself.
        """
        elapsed = media_time - self._time
        self._time = media_time
        if self._value is None or self._speed is None or not 0 < elapsed <= MAX_GAP:
            self._value, self._speed = value, np.zeros_like(value)
            return value
        settings = self._settings
        speed = (value - self._value) / (elapsed * unit)
        self._speed = self._speed + _weight(np.array(settings.derivative_cutoff), elapsed) * (
            speed - self._speed
        )
        length = np.linalg.norm(self._speed, axis=-1, keepdims=True)
        cutoff = settings.min_cutoff + settings.speed_cutoff * length
        self._value = self._value + _weight(cutoff, elapsed) * (value - self._value)
        return self._value


def _weight(cutoff: Values, elapsed: float) -> Values:
    rate = 2 * math.pi * elapsed * cutoff
    return np.asarray(rate / (1 + rate))


class FaceSmoother:
    """Smooths the landmarks of one face: how the head moves apart from how the face changes.

    The mesh is split into its place, size and turn in the picture, each a mean over hundreds of landmarks,
    and the shape that remains. Were every landmark filtered alone, a moving head would drag the slower ones
    behind.
    """

    def __init__(
        self,
        place: OneEuroSettings = PLACE,
        size_and_turn: OneEuroSettings = SIZE_AND_TURN,
        shape: OneEuroSettings = SHAPE,
    ) -> None:
        self._place = OneEuroFilter(place)
        self._size_and_turn = OneEuroFilter(size_and_turn)
        self._shape = OneEuroFilter(shape)
        self._reference: NDArray[np.complex128] | None = None
        self._turn = 0.0

    def smooth(self, landmarks: Points, media_time: float) -> Points:
        """Landmarks float32 (478, 3) of this time, smoothed; all of them are pixels of one picture size."""
        xy = landmarks[:, :2].astype(np.float64)
        centre = xy[:MESH_LANDMARKS].mean(axis=0)
        flat = (xy - centre) @ np.array([1, 1j])  # a turn is then one multiplication
        size = float(np.sqrt(np.mean(np.abs(flat[:MESH_LANDMARKS]) ** 2)))
        if size <= 0:
            return landmarks
        if self._reference is None:
            self._reference = flat[:MESH_LANDMARKS].conj()
        turn = float(np.angle(np.sum(self._reference * flat[:MESH_LANDMARKS])))
        # an angle jumps by a whole turn at its end; the filter must not see that
        turn = self._turn = turn + 2 * math.pi * round((self._turn - turn) / (2 * math.pi))

        level = flat * np.exp(-1j * turn) / size
        shape = np.column_stack([level.real, level.imag, landmarks[:, 2] / size])
        centre = self._place.step(centre, media_time, unit=size)
        log_size, turn = self._size_and_turn.step(np.array([math.log(size), turn]), media_time)
        shape = self._shape.step(shape, media_time)

        size = math.exp(log_size)
        turned = (shape[:, 0] + 1j * shape[:, 1]) * (size * np.exp(1j * turn))
        smoothed = np.column_stack([turned.real + centre[0], turned.imag + centre[1], shape[:, 2] * size])
        return smoothed.astype(np.float32)
