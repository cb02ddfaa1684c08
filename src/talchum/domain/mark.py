"""What the marks of a picture say: 64 bits, the same for the invisible mark of every installation.

Four bits of version, four of what is worn, forty of the leg's tag and a check of sixteen
(CRC-16/CCITT-FALSE over the other forty-eight), most significant first.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from talchum.domain.errors import FrameError
from talchum.domain.leg_tag import TAG_BITS, LegTag

MARK_BITS = 64
MARK_VERSION = 1
BADGE_PREFIX = "TALCHUM:"
_CHECK_START = 0xFFFF

MarkKind = Literal["card", "anonymise", "synthetic", "self", "licensed"]

_NUMBERS: Mapping[MarkKind, int] = MappingProxyType(
    {"card": 0, "anonymise": 1, "synthetic": 2, "self": 3, "licensed": 4}
)
_KINDS: Mapping[int, MarkKind] = MappingProxyType({number: kind for kind, number in _NUMBERS.items()})


@dataclass(frozen=True, slots=True)
class Mark:
    """Which leg a picture comes from, and which kind of face is worn in it; `card` where none is."""

    kind: MarkKind
    tag: LegTag

    def bits(self) -> NDArray[np.bool_]:
        """(64,), most significant bit first."""
        said = MARK_VERSION << 4 | _NUMBERS[self.kind]
        body = (said << TAG_BITS | self.tag.number).to_bytes(6, "big")
        whole = body + binascii.crc_hqx(body, _CHECK_START).to_bytes(2, "big")
        return np.unpackbits(np.frombuffer(whole, np.uint8)).astype(np.bool_)

    @classmethod
    def of_bits(cls, bits: NDArray[np.bool_]) -> Mark | None:
        """The mark these 64 bits say; None when the check, the version or the kind is wrong."""
        if bits.shape != (MARK_BITS,):
            raise FrameError(f"got {bits.shape} bits, expected ({MARK_BITS},)")
        whole = np.packbits(bits).tobytes()
        body, check = whole[:6], int.from_bytes(whole[6:], "big")
        kind = _KINDS.get(body[0] & 15)
        if binascii.crc_hqx(body, _CHECK_START) != check or body[0] >> 4 != MARK_VERSION or kind is None:
            return None
        return cls(kind, LegTag(int.from_bytes(body[1:], "big")))

    @property
    def badge_text(self) -> str:
        """What the badge's QR code says: the tag alone."""
        return BADGE_PREFIX + str(self.tag)


def tag_of_badge(text: str) -> LegTag | None:
    """The tag in a badge's text; None for the text of another QR code."""
    if not text.startswith(BADGE_PREFIX):
        return None
    try:
        return LegTag.parse(text.removeprefix(BADGE_PREFIX))
    except FrameError:
        return None
