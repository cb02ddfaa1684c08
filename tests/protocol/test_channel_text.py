"""What comes through a data channel is measured before it is parsed."""

from __future__ import annotations

import msgspec
import pytest

from talchum.domain.errors import MessageError
from talchum.protocol.channel_text import decode_channel_text

DECODER = msgspec.json.Decoder(dict[str, int])


def code_of(text: str) -> str:
    with pytest.raises(MessageError) as refused:
        decode_channel_text(text, DECODER, 20)
    return refused.value.code


def test_a_message_within_the_limit_is_decoded() -> None:
    assert decode_channel_text('{"a":1}', DECODER, 7) == {"a": 1}


def test_bytes_count_and_not_characters() -> None:
    assert code_of('{"한국어한국어":1}') == "message_too_large"


@pytest.mark.parametrize("text", ["", "{", '{"a":"b"}', "\ud800"])
def test_what_does_not_decode_is_malformed(text: str) -> None:
    assert code_of(text) == "malformed_message"
