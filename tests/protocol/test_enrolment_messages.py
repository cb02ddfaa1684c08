"""What somebody who enrols is told stands on the wire as the page reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from talchum.domain.errors import MessageError
from talchum.protocol.enrolment_messages import (
    MAX_ENROLMENT_MESSAGE_BYTES,
    decode_enrolment_message,
    encode_enrolment_message,
)

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "golden" / "enrolment.json").read_text()
)


@pytest.mark.parametrize("entry", GOLDEN, ids=[entry["example"] for entry in GOLDEN])
def test_golden_messages_come_back_as_they_were(entry: dict[str, Any]) -> None:
    message = decode_enrolment_message(json.dumps(entry["message"]))
    assert json.loads(encode_enrolment_message(message)) == entry["message"]


def test_every_message_has_an_example() -> None:
    assert {entry["message"]["type"] for entry in GOLDEN} == {
        f"enrolment-{name}" for name in ("progress", "prompt", "done", "again", "over", "refused")
    }


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"type":"wear"}', '{"type":"enrolment-over","end":"maybe"}', "\ud800"]
)
def test_what_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(MessageError) as refused:
        decode_enrolment_message(text)
    assert refused.value.code == "malformed_message"


def test_what_is_too_large_is_not_parsed() -> None:
    with pytest.raises(MessageError) as refused:
        decode_enrolment_message("[" * (MAX_ENROLMENT_MESSAGE_BYTES + 1))
    assert refused.value.code == "message_too_large"
