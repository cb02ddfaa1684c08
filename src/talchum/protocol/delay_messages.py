"""What two participants tell each other of their delays, through a data channel of their connection.

Neither knows the whole way alone: the performer knows how long a picture took to the face worker and back,
the receiver how long it took from the performer. Together they give the delay that is shown, and how long the
voice has to wait for the face (web/README.md, "Delay on the screen").
One JSON object per text message, `type` first; times in seconds. The channel is negotiated by its number (W3C
WebRTC 6.2, `negotiated`), unordered and without retransmissions: the next second brings newer figures.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from talchum.protocol.channel_text import decode_channel_text
from talchum.protocol.messages import Wire

CHANNEL_LABEL = "talchum-delay"
CHANNEL_ID = 101
PERIOD_SECONDS = 1.0
MAX_DELAY_MESSAGE_BYTES = 512

Seconds = Annotated[float, Meta(ge=0, lt=60)]


class Loop(Wire, kw_only=True, frozen=True, tag="loop"):
    """Performer: what lies before its sender.

    seconds: from the camera to the frame that the face worker returned; 0 without a face, None while unknown.
    returning: the part of it that follows the face worker's sending. sending: what the performer's encoder
    and pacer take. None while unknown, each of them.
    """

    seconds: Seconds | None
    returning: Seconds | None
    sending: Seconds | None


class Passage(Wire, kw_only=True, frozen=True, tag="passage"):
    """Receiver: age of picture and voice since they left the performer."""

    video: Seconds
    voice: Seconds


DelayMessage = Loop | Passage

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[DelayMessage] = msgspec.json.Decoder(DelayMessage)


def encode_delay_message(message: DelayMessage) -> str:
    """The JSON text of one message."""
    return _encoder.encode(message).decode()


def decode_delay_message(text: str) -> DelayMessage:
    """One message of the other side. Raises MessageError (`message_too_large`, `malformed_message`)."""
    return decode_channel_text(text, _decoder, MAX_DELAY_MESSAGE_BYTES)
