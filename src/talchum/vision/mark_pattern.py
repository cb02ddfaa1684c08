"""Where the invisible mark's bits lie in a picture: a grid of chips, the same for every installation.

The grid is stretched over the whole picture, 160 chips along its longer side and 90 along the other. Each
chip has a sign; a quarter of the chips (the pilot) always show it, the others show it times one of the 64
bits. Every half second a chip turns its sign round, so that a reader may subtract the picture; ten bands of
rows do so one after the other, so that nothing pulses and no frame costs a codec more than the next.

Signs and places come from SHAKE-256 of a public word: whoever wants to read marks needs no secret, and so
whoever wants to forge one needs none either (docs/trust.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talchum.domain.mark import MARK_BITS

LONG_CHIPS, SHORT_CHIPS = 160, 90
TURN_SECONDS = 0.5
BANDS = 10
BAND_TURNS = (0, 5, 2, 7, 4, 9, 1, 6, 3, 8)
"""Each band's place in the order in which they turn round, neighbours far apart."""

PUBLIC_WORD = b"talchum mark 1"
_PILOT_SHARE = 4


@dataclass(frozen=True, slots=True, eq=False)
class MarkPattern:
    """The grid for one orientation.

    signs: int8 (rows, columns), -1 or 1. bit: int16 (rows, columns), 0 to 63, or -1 for the pilot.
    """

    signs: NDArray[np.int8]
    bit: NDArray[np.int16]

    @classmethod
    def of(cls, *, upright: bool, word: bytes = PUBLIC_WORD) -> MarkPattern:
        """The grid of pictures wider than high, or else `upright`. word: that of all installations."""
        chips = LONG_CHIPS * SHORT_CHIPS
        stream = np.frombuffer(hashlib.shake_256(word).digest(5 * chips), np.uint8)
        signs = np.where(stream[:chips] & 1, 1, -1).astype(np.int8)
        order = np.argsort(stream[chips:].view("<u4"), kind="stable")
        bit = np.full(chips, -1, np.int16)
        carriers = order[chips // _PILOT_SHARE :]
        bit[carriers] = np.arange(len(carriers)) % MARK_BITS
        shape = (SHORT_CHIPS, LONG_CHIPS)
        grid = cls(signs.reshape(shape), bit.reshape(shape))
        return cls(grid.signs.T.copy(), grid.bit.T.copy()) if upright else grid

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of chips."""
        rows, columns = self.signs.shape
        return rows, columns

    @property
    def band(self) -> NDArray[np.int16]:
        """(rows,): the band of each row."""
        rows = len(self.signs)
        return np.asarray(np.arange(rows) * BANDS // rows, np.int16)

    @property
    def pilot(self) -> NDArray[np.bool_]:
        """Which chips say nothing but that there is a mark."""
        return self.bit < 0

    def chips(self, bits: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(rows, columns) of -1 and 1 that say these bits."""
        said = np.append(np.where(bits, 1, -1), 1)  # the last one is for -1, the pilot
        return np.asarray(self.signs * said[self.bit], np.float32)
