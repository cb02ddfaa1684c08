"""The tag of one face leg: what its disclosure, its marks and its log entries have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass

from talchum.domain.errors import FrameError

TAG_BITS = 40
TAG_PATTERN = r"[0-9A-HJKMNP-TV-Z]{8}"
"""Crockford's base 32: no I, L, O and U, so that people may read it out; also in QR's alphanumeric set."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TEXT = re.compile(TAG_PATTERN)


@dataclass(frozen=True, slots=True)
class LegTag:
    """40 random bits that name a face leg in public and lead to nobody without the service's log.

    number: 0 to 2^40 - 1. Raises FrameError for another.
    """

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < 1 << TAG_BITS:
            raise FrameError(f"got a leg tag of {self.number}, expected 0 to 2^{TAG_BITS} - 1")

    @classmethod
    def drawn(cls, random: bytes) -> LegTag:
        """The tag that these random bytes, at least five, make."""
        return cls(int.from_bytes(random[: TAG_BITS // 8], "big"))

    @classmethod
    def parse(cls, text: str) -> LegTag:
        """Read the eight characters of `str(tag)`. Raises FrameError."""
        if _TEXT.fullmatch(text) is None:
            raise FrameError(f"got leg tag {text!r:.40}, expected 8 characters of {_ALPHABET}")
        number = 0
        for character in text:
            number = number << 5 | _ALPHABET.index(character)
        return cls(number)

    def __str__(self) -> str:
        return "".join(_ALPHABET[self.number >> shift & 31] for shift in range(TAG_BITS - 5, -1, -5))
