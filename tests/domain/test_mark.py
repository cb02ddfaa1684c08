from __future__ import annotations

import binascii
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import FrameError
from talchum.domain.leg_tag import TAG_BITS, LegTag
from talchum.domain.mark import MARK_BITS, Mark, MarkKind, tag_of_badge

TAGS = st.integers(0, (1 << TAG_BITS) - 1).map(LegTag)


@given(st.sampled_from(get_args(MarkKind)), TAGS)
def test_a_mark_is_read_back_from_its_bits(kind: MarkKind, tag: LegTag) -> None:
    assert Mark.of_bits(Mark(kind, tag).bits()) == Mark(kind, tag)


@given(TAGS, st.sets(st.integers(0, MARK_BITS - 1), min_size=1, max_size=3))
def test_up_to_three_wrong_bits_are_never_another_mark(tag: LegTag, wrong: set[int]) -> None:
    bits = Mark("synthetic", tag).bits()
    bits[list(wrong)] ^= True
    assert Mark.of_bits(bits) is None


def test_the_bits_are_these_for_every_installation() -> None:
    bits = Mark("self", LegTag(0x0123456789)).bits()
    assert np.packbits(bits).tobytes().hex() == "130123456789b8f6"


def test_a_version_or_kind_that_is_not_known_is_no_mark() -> None:
    for body in ("23", "15"):
        raw = bytes.fromhex(body + "0123456789")
        whole = raw + binascii.crc_hqx(raw, 0xFFFF).to_bytes(2, "big")
        assert Mark.of_bits(np.unpackbits(np.frombuffer(whole, np.uint8)).astype(np.bool_)) is None


def test_other_than_sixty_four_bits_are_refused() -> None:
    with pytest.raises(FrameError, match="expected"):
        Mark.of_bits(np.zeros(63, np.bool_))


@given(TAGS)
def test_the_badge_names_the_tag(tag: LegTag) -> None:
    assert tag_of_badge(Mark("synthetic", tag).badge_text) == tag


@pytest.mark.parametrize("text", ["", "https://example.org", "TALCHUM:", "TALCHUM:000", "TALCHUM:0000000U"])
def test_another_code_is_no_badge(text: str) -> None:
    assert tag_of_badge(text) is None
