"""What a face worker tells somebody who enrols, through the data channel of their leg.

One JSON object per text message, `type` first, names in lowerCamelCase; times in seconds. The one who enrols
says nothing: what they do is seen.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from talchum.domain.enrolment import End, Hint, Why
from talchum.protocol.channel_text import decode_channel_text
from talchum.protocol.messages import Wire

MAX_ENROLMENT_MESSAGE_BYTES = 4096

Count = Annotated[int, Meta(ge=0, le=1000)]


class Progress(Wire, kw_only=True, frozen=True, tag="enrolment-progress"):
    """Several times a second: what is wrong now, how many prompts are done and left.

    begun: whether it is known how they look at rest.
    """

    hint: Hint
    begun: bool
    done: Count
    left: Count


class Prompted(Wire, kw_only=True, frozen=True, tag="enrolment-prompt"):
    """Do this now, for so long. words: to be said, by language; empty unless they are."""

    prompt: str
    seconds: float
    words: dict[str, list[str]] = msgspec.field(default_factory=dict)


class PromptDone(Wire, kw_only=True, frozen=True, tag="enrolment-done"):
    """It was done; be at rest again."""

    prompt: str


class AskedAgain(Wire, kw_only=True, frozen=True, tag="enrolment-again"):
    """It was not done as asked and will be asked again; prompt empty for what nobody asked for."""

    prompt: str
    why: Why


class EnrolmentOver(Wire, kw_only=True, frozen=True, tag="enrolment-over"):
    """It is over. end: `passed`, or why it was not."""

    end: End


class EnrolmentRefused(Wire, kw_only=True, frozen=True, tag="enrolment-refused"):
    """It cannot be made, or what was recorded cannot be kept."""

    code: str
    message: str


EnrolmentMessage = Progress | Prompted | PromptDone | AskedAgain | EnrolmentOver | EnrolmentRefused

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[EnrolmentMessage] = msgspec.json.Decoder(EnrolmentMessage)


def encode_enrolment_message(message: EnrolmentMessage) -> str:
    """The JSON text of one message."""
    return _encoder.encode(message).decode()


def decode_enrolment_message(text: str) -> EnrolmentMessage:
    """One message. Raises MessageError (`message_too_large`, `malformed_message`)."""
    return decode_channel_text(text, _decoder, MAX_ENROLMENT_MESSAGE_BYTES)
