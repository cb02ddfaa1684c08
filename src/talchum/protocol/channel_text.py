"""The text of one data channel message, decoded within a limit."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from talchum.domain.errors import MessageError

Message = TypeVar("Message")


def decode_channel_text(text: str, decoder: msgspec.json.Decoder[Message], most_bytes: int) -> Message:
    """One message. Raises MessageError (`message_too_large`, `malformed_message`); nothing is parsed before
    its size was looked at.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > most_bytes:
        raise MessageError(
            f"got a message of {len(raw)} bytes, expected at most {most_bytes}", code="message_too_large"
        )
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError("got a data channel message that does not decode") from error
