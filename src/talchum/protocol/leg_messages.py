"""What a performer and a face worker say to each other through the data channel of their face leg.

One JSON object per text message, `type` first, names in lowerCamelCase; times in seconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from talchum.protocol.channel_text import decode_channel_text
from talchum.protocol.messages import Identifier, Wire

CHANNEL_LABEL = "talchum"
MAX_LEG_MESSAGE_BYTES = 4096

LegState = Literal["face", "held", "card"]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class Wear(Wire, kw_only=True, frozen=True, tag="wear"):
    """Performer: put this face on; `engine` None for the identity's first."""

    identity: Identifier
    engine: Identifier | None = None


class Wearing(Wire, kw_only=True, frozen=True, tag="wearing"):
    """Worker: from the next frame on this face is worn, as was wished for or as a fallback."""

    identity: str
    engine: str


class Refused(Wire, kw_only=True, frozen=True, tag="refused"):
    """Worker: what was asked for cannot be done; what was worn before stays on."""

    code: str
    message: str


class FrameAge(Wire, kw_only=True, frozen=True):
    """From a frame's arrival at the worker to its egress."""

    p50: float
    p95: float


class CodecTimes(Wire, kw_only=True, frozen=True):
    """What a frame waits for at the worker beside its `FrameAge`; None while unknown.

    receiving: from its first packet to the decoded frame. sending: in the encoder and the pacer.
    """

    receiving: float | None
    sending: float | None


class Report(Wire, kw_only=True, frozen=True, tag="report"):
    """Worker, once a second, and at once when a face takes a card's place.

    Counts since the leg began, times since the last report.

    fallback: whether a lighter engine than the one that was asked for is worn, as that was too slow here.
    """

    state: LegState
    reason: str
    frames_in: Count
    frames_out: Count
    frames_dropped: Count
    card_frames: Count
    stage_times: dict[str, float]
    frame_age: FrameAge
    codec_times: CodecTimes
    fallback: bool = False


class Draining(Wire, kw_only=True, frozen=True, tag="draining"):
    """Worker: it is about to stop; the leg goes on until another one has taken over."""


FromPerformer = Wear
FromFaceWorker = Wearing | Refused | Report | Draining

_encoder = msgspec.json.Encoder()
_performer_decoder: msgspec.json.Decoder[FromPerformer] = msgspec.json.Decoder(FromPerformer)
_worker_decoder: msgspec.json.Decoder[FromFaceWorker] = msgspec.json.Decoder(FromFaceWorker)


def encode_leg_message(message: FromPerformer | FromFaceWorker) -> str:
    """The JSON text of one message."""
    return _encoder.encode(message).decode()


def decode_performer_message(text: str) -> FromPerformer:
    """One message of a performer. Raises MessageError (`message_too_large`, `malformed_message`)."""
    return decode_channel_text(text, _performer_decoder, MAX_LEG_MESSAGE_BYTES)


def decode_face_worker_message(text: str) -> FromFaceWorker:
    """One message of a face worker. Raises MessageError (`message_too_large`, `malformed_message`)."""
    return decode_channel_text(text, _worker_decoder, MAX_LEG_MESSAGE_BYTES)
