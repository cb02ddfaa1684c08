"""What two participants tell of their delays decodes, on both sides, to what was meant, or is refused."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import MessageError
from talchum.protocol.delay_messages import (
    Loop,
    Passage,
    decode_delay_message,
    encode_delay_message,
)

GOLDEN: dict[str, list[Any]] = json.loads(
    (Path(__file__).parent.parent / "golden" / "delays.json").read_text()
)


@pytest.mark.parametrize("entry", GOLDEN["messages"], ids=lambda entry: str(entry["example"]))
def test_golden_messages_come_back_as_they_were(entry: dict[str, Any]) -> None:
    message = decode_delay_message(json.dumps(entry["message"]))
    assert json.loads(encode_delay_message(message)) == entry["message"]


@pytest.mark.parametrize("text", [*GOLDEN["refused"], "\ud800"])
def test_what_is_not_a_delay_is_refused(text: str) -> None:
    with pytest.raises(MessageError) as refused:
        decode_delay_message(text)
    assert refused.value.code == "malformed_message"


def test_unknown_fields_are_ignored() -> None:
    assert decode_delay_message('{"type":"passage","video":0.1,"voice":0.2,"future":1}') == Passage(
        video=0.1, voice=0.2
    )


def test_a_long_message_is_not_parsed() -> None:
    with pytest.raises(MessageError) as refused:
        decode_delay_message('{"type":"loop","seconds":0,"sending":0,"x":"' + "a" * 600 + '"}')
    assert refused.value.code == "message_too_large"


@given(st.text(max_size=200))
def test_no_text_does_anything_but_decode_or_raise(text: str) -> None:
    with contextlib.suppress(MessageError):
        assert isinstance(decode_delay_message(text), Loop | Passage)
