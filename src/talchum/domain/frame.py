"""Images, frames and the only thing that may leave towards another person.

Pixels come from the decoder as I420 (BT.601, limited range) and stay I420: full-frame colour conversion
costs more than the face. An `EgressFrame` can be made only by the compositor (`talchum.vision.compositor`),
which holds the key; every sender takes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import FrameError

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Plane = NDArray[np.uint8]  # (H, W)

MAX_FRAME_SIDE = 4096

EgressKind = Literal["face", "held", "card"]


@dataclass(frozen=True, slots=True, eq=False)
class I420Frame:
    """One picture of a stream, as three planes over one buffer.

    buffer: uint8 (size,), Y then U then V without padding, size = `I420Frame.size_of(width, height)`.
    width, height: pixels, any parity; chroma planes are ceil(half).
    media_time: seconds of the stream.
    """

    buffer: NDArray[np.uint8]
    width: int
    height: int
    media_time: float

    def __post_init__(self) -> None:
        if not (0 < self.width <= MAX_FRAME_SIDE and 0 < self.height <= MAX_FRAME_SIDE):
            raise FrameError(
                f"got a frame of {self.width}x{self.height}, expected sides of 1 to {MAX_FRAME_SIDE}"
            )
        expected = self.size_of(self.width, self.height)
        if self.buffer.dtype != np.uint8 or self.buffer.shape != (expected,):
            raise FrameError(
                f"got a buffer of {self.buffer.shape} {self.buffer.dtype}, expected ({expected},) uint8"
            )

    @staticmethod
    def size_of(width: int, height: int) -> int:
        """Bytes of an I420 picture."""
        return width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)

    @property
    def chroma_shape(self) -> tuple[int, int]:
        """(rows, columns) of the U and V planes."""
        return (self.height + 1) // 2, (self.width + 1) // 2

    @property
    def y(self) -> Plane:
        """Luma, (height, width), a view."""
        return self.buffer[: self.width * self.height].reshape(self.height, self.width)

    @property
    def u(self) -> Plane:
        """Blue-difference chroma, a view."""
        rows, columns = self.chroma_shape
        start = self.width * self.height
        return self.buffer[start : start + rows * columns].reshape(rows, columns)

    @property
    def v(self) -> Plane:
        """Red-difference chroma, a view."""
        rows, columns = self.chroma_shape
        start = self.width * self.height + rows * columns
        return self.buffer[start:].reshape(rows, columns)

    def copy(self) -> I420Frame:
        """The same picture in a buffer of its own."""
        return I420Frame(self.buffer.copy(), self.width, self.height, self.media_time)


class CompositorKey:
    """What the compositor shows to make an `EgressFrame`; one lives in its module."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class EgressFrame:
    """A picture that may be shown to another person.

    kind: "face" (freshly rendered), "held" (the last good one again, at most 300 ms), "card" (drawn, no
    camera pixel). reason: why it is a card or held, a stable code; "" for a face. stage_times: seconds
    spent, by stage (`trackTime`, `renderTime`, `blendTime`, `markTime`).
    """

    picture: I420Frame
    kind: EgressKind
    reason: str
    stage_times: dict[str, float]
    key: CompositorKey = field(repr=False)

    def __post_init__(self) -> None:
        if type(self.key) is not CompositorKey:
            raise FrameError("got an egress frame without the compositor's key, expected one made by it")
