"""A time written into a picture, to be read again after encoders, scalers and a face worker.

Thirty equal blocks along the top edge: a white one, a black one, 20 bits of milliseconds, 8 bits of CRC.
Blocks are relative to the width, so that a scaled picture still carries them; only luma matters. Sender and
receiver must read the same clock (one machine), and a picture must be younger than 17 minutes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talchum.domain.frame import I420Frame

TIME_BITS = 20
CHECK_BITS = 8
BLOCKS = 2 + TIME_BITS + CHECK_BITS
WRAP_SECONDS = (1 << TIME_BITS) / 1000
MIN_WIDTH = 4 * BLOCKS  # narrower pictures have blocks of less than 4 pixels
_BLACK, _WHITE, _GREY = 32, 220, 128
_LEAST_CONTRAST = 60
_HEIGHT_SHARE = 20  # the strip is one twentieth of the height


def paint_stamp(frame: I420Frame, now: float) -> None:
    """Write `now` (monotonic seconds) over the top of a frame, in place; a narrow frame stays as it is."""
    if frame.width < MIN_WIDTH:
        return
    rows = strip_rows(frame.height)
    levels = np.where(_bits(now), _WHITE, _BLACK).astype(np.uint8)
    columns = np.arange(frame.width) * BLOCKS // frame.width
    frame.y[:rows] = levels[columns]
    chroma_rows = (rows + 1) // 2
    frame.u[:chroma_rows] = _GREY
    frame.v[:chroma_rows] = _GREY


def read_stamp(luma: NDArray[np.uint8], now: float) -> float | None:
    """Seconds between the painting and `now`, or None when no stamp can be read.

    luma: (rows, width), any rows of the strip (see `strip_rows`); its middle is the safest.
    """
    width = luma.shape[1]
    if width < MIN_WIDTH:
        return None
    means = _block_means(luma, width)
    white, black = float(means[0]), float(means[1])
    if white - black < _LEAST_CONTRAST:
        return None
    bits = np.packbits(means[2:] > (white + black) / 2, bitorder="little")
    check, milliseconds = divmod(int.from_bytes(bits.tobytes(), "little"), 1 << TIME_BITS)
    if check != _check(milliseconds):
        return None
    return (now - milliseconds / 1000) % WRAP_SECONDS


def strip_rows(height: int) -> int:
    """Rows that a stamp covers in a picture of this height."""
    return max(4, height // _HEIGHT_SHARE)


def _block_means(band: NDArray[np.uint8], width: int) -> NDArray[np.float64]:
    """Mean of the middle half of each block, where no neighbour bleeds in."""
    size = width / BLOCKS
    edges = np.arange(BLOCKS) * size
    starts = (edges + size / 4).astype(np.intp)
    stops = np.maximum(starts + 1, (edges + size * 3 / 4).astype(np.intp))
    # up to each column, from 0
    sums = np.concatenate([[0], np.cumsum(band.sum(axis=0, dtype=np.int64))])
    means: NDArray[np.float64] = (sums[stops] - sums[starts]) / ((stops - starts) * len(band))
    return means


def _bits(now: float) -> NDArray[np.bool_]:
    milliseconds = round(now * 1000) % (1 << TIME_BITS)
    word = milliseconds | _check(milliseconds) << TIME_BITS
    return np.array([True, False, *(bool(word >> place & 1) for place in range(TIME_BITS + CHECK_BITS))])


def _check(milliseconds: int) -> int:
    """CRC-8 (polynomial 0x07, initial value 0xff) of the time's bits, lowest first."""
    crc = 0xFF
    for place in range(TIME_BITS):
        crc ^= (milliseconds >> place & 1) << 7
        crc = ((crc << 1) ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
