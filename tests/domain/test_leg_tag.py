from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import FrameError
from talchum.domain.leg_tag import TAG_BITS, LegTag


@given(st.integers(0, (1 << TAG_BITS) - 1))
def test_a_tag_is_read_back_from_its_text(number: int) -> None:
    text = str(LegTag(number))
    assert len(text) == 8
    assert LegTag.parse(text) == LegTag(number)


def test_a_tag_is_drawn_from_five_bytes() -> None:
    assert LegTag.drawn(bytes([0, 0, 0, 1, 2, 99, 99])) == LegTag(258)


@pytest.mark.parametrize("text", ["", "0000000", "000000000", "0000000I", "0000000u", "0000000\n"])
def test_a_text_that_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="expected 8 characters"):
        LegTag.parse(text)


@pytest.mark.parametrize("number", [-1, 1 << TAG_BITS])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(FrameError, match="expected 0 to"):
        LegTag(number)
