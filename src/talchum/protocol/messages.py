"""Every signalling message, as it stands on the wire.

One JSON object per WebSocket text frame, ``type`` first, field names in lowerCamelCase. Clients (browsers,
``talchum call``, face workers) speak `ClientMessage`; the call server speaks `ServerMessage`.
docs/signalling.md has a heading for each type, and tests/golden/ an example that the TypeScript decoder
reads too.

Numbering. ``seq`` of a client message counts up from 1 per session; 0 means "not numbered" (join, resume,
ping, acknowledge). The server drops a number it has already processed, so a client may send again whatever
was not acknowledged. ``seq`` of a server message counts up from 1 per session (its outbox); 0 means "not
replayed".
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from talchum.domain.errors import MessageError
from talchum.domain.identity import IdentityKind
from talchum.domain.leg_tag import TAG_PATTERN

MAX_MESSAGE_BYTES = 64 * 1024
MAX_SDP_BYTES = 32 * 1024

Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Token = Annotated[str, Meta(min_length=16, max_length=256, pattern=r"^[A-Za-z0-9_.-]+$")]
Sequence = Annotated[int, Meta(ge=0, le=2**53)]
Tag = Annotated[str, Meta(pattern=rf"^{TAG_PATTERN}$")]
# Longer than MAX_SDP_BYTES is refused by protocol/session_description.py, with its own code.
Sdp = Annotated[str, Meta(max_length=MAX_MESSAGE_BYTES)]

Role = Literal["participant", "face-worker", "recorder"]
RecordingPhase = Literal["asked", "starting", "running", "stopped"]
LeaveReason = Literal["left", "lost", "replaced", "ended"]
CallRoute = Literal["host", "srflx", "prflx", "relay", "relay-udp", "relay-tcp", "relay-tls"]
"""Candidate types of RFC 8445 5.1.1; of a relay of this side also how it is reached."""
ServerRelay = Literal["never", "auto", "always"]
"""When a performer opens a worn leg to another participant: `auto` where it can gain something."""


class Wire(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=False):
    """A value inside a message."""


class SessionDescription(Wire, frozen=True, kw_only=True):
    """RTCSessionDescriptionInit (W3C WebRTC 4.6.1); `sdp` at most 32 KB."""

    type: Literal["offer", "answer", "rollback"]
    sdp: Sdp = ""


class IceCandidate(Wire, frozen=True, kw_only=True):
    """RTCIceCandidateInit (W3C WebRTC 4.8.1.1); an empty `candidate` is the end of candidates."""

    candidate: Annotated[str, Meta(max_length=1024)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = msgspec.field(default=None, name="sdpMid")
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=16)] | None = msgspec.field(
        default=None, name="sdpMLineIndex"
    )
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class IceServer(Wire, frozen=True, kw_only=True):
    """RTCIceServer (W3C WebRTC 4.2.4)."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class FaceDisclosure(Wire, frozen=True, kw_only=True):
    """What the other side must read while a face is worn: it is AI-made, and of which kind."""

    kind: IdentityKind


class ParticipantState(Wire, frozen=True, kw_only=True):
    """What a participant shows: `face` is None only when they chose to show their own."""

    face: FaceDisclosure | None = None
    own_face: bool = False
    camera: bool = False
    microphone: bool = False


class Peer(Wire, frozen=True, kw_only=True):
    """Another peer as the receiver of the message sees it.

    polite: the *receiver's* role towards this peer in perfect negotiation (W3C WebRTC 10.7).
    face_leg: for a face worker of the receiver's own, the `request` it answers. performer: for one that was
    opened to the receiver, the participant whose picture it sends.
    """

    id: Identifier
    role: Role
    polite: bool
    state: ParticipantState = ParticipantState()
    face_leg: str | None = None
    performer: Identifier | None = None
    present: bool = True


# -- client to server ---------------------------------------------------------------------------


class ToServer(Wire, frozen=True, kw_only=True):
    """Base of client messages."""

    seq: Sequence = 0


class Join(ToServer, frozen=True, kw_only=True, tag="join"):
    """First message of a new session; the ticket is single-use and lives at most 60 s."""

    ticket: Token


class Resume(ToServer, frozen=True, kw_only=True, tag="resume"):
    """First message on a new socket of an old session; media is not touched."""

    session: Token
    last_seq: Sequence


class Describe(ToServer, frozen=True, kw_only=True, tag="description"):
    """An offer, answer or rollback for one other peer."""

    to: Identifier
    description: SessionDescription


class Trickle(ToServer, frozen=True, kw_only=True, tag="candidate"):
    """One ICE candidate for one other peer (RFC 8838)."""

    to: Identifier
    candidate: IceCandidate


class SetState(ToServer, frozen=True, kw_only=True, tag="state"):
    """What this participant shows from now on; sent before the first offer that carries it."""

    state: ParticipantState


class RequestFaceLeg(ToServer, frozen=True, kw_only=True, tag="face-leg-request"):
    """Ask for a face worker; `request` is chosen by the client and comes back in `Peer.face_leg`.

    enrolment: the offer of an enrolment that the leg is to make, `identity` being the face it will become.
    """

    request: Identifier
    identity: Identifier
    engine: Identifier | None = None
    enrolment: Identifier | None = None


class ReleaseFaceLeg(ToServer, frozen=True, kw_only=True, tag="face-leg-release"):
    """The leg of this request is no longer wanted."""

    request: Identifier


class OpenFaceLeg(ToServer, frozen=True, kw_only=True, tag="face-leg-open"):
    """Let another participant take the picture from the worker of this leg; `open` false takes it back."""

    request: Identifier
    to: Identifier
    open: bool = True


class Worn(ToServer, frozen=True, kw_only=True, tag="worn"):
    """A face worker's: from now on this is worn on its leg.

    consent: the record by which a person's face (`self`, `licensed`) may be worn. fallback: the same identity
    as before, by a lighter engine than was wished for.
    """

    identity: Identifier
    kind: IdentityKind
    engine: Identifier
    consent: Identifier | None = None
    fallback: bool = False


class AcknowledgeDisclosure(ToServer, frozen=True, kw_only=True, tag="disclosure-acknowledged"):
    """What was disclosed of this performer's legs has been read; their picture is shown from now on."""

    to: Identifier
    tags: Annotated[list[Tag], Meta(min_length=1, max_length=8)]


class RequestRecording(ToServer, frozen=True, kw_only=True, tag="recording-request"):
    """Ask all participants whether the call may be recorded; who asks agrees."""


class AnswerRecording(ToServer, frozen=True, kw_only=True, tag="recording-answer"):
    """Agree, or not: that refuses what was asked and at any time ends a recording that runs."""

    recording: Identifier
    agree: bool


class ReportRoute(ToServer, frozen=True, kw_only=True, tag="route"):
    """By which route this participant reaches the other now; for the share of calls that went direct."""

    route: CallRoute


class RequestIceServers(ToServer, frozen=True, kw_only=True, tag="ice-servers-request"):
    """Ask for fresh TURN credentials."""


class Acknowledge(ToServer, frozen=True, kw_only=True, tag="acknowledge"):
    """Everything up to `last_seq` has arrived and may be forgotten."""

    last_seq: Sequence


class Ping(ToServer, frozen=True, kw_only=True, tag="ping"):
    """Keep the connection and the room alive; answered by a pong with the same nonce."""

    nonce: Sequence


class Leave(ToServer, frozen=True, kw_only=True, tag="leave"):
    """Leave the room for good."""


ClientMessage = (
    Join
    | Resume
    | Describe
    | Trickle
    | SetState
    | RequestFaceLeg
    | ReleaseFaceLeg
    | OpenFaceLeg
    | Worn
    | AcknowledgeDisclosure
    | RequestRecording
    | AnswerRecording
    | ReportRoute
    | RequestIceServers
    | Acknowledge
    | Ping
    | Leave
)

# -- server to client ---------------------------------------------------------------------------


class FromServer(Wire, frozen=True, kw_only=True):
    """Base of server messages."""

    seq: Sequence = 0


class Welcome(FromServer, frozen=True, kw_only=True, tag="welcome"):
    """The session has begun: client messages and the outbox both count from 1.

    session: what `resume` presents after a dropped socket, within `resume_within` seconds.
    ice_servers_expire_in: seconds after which fresh ones must have been asked for. server_relay: when a
    performer is to open a face leg to another participant.
    """

    session: Token
    peer: Identifier
    role: Role
    peers: list[Peer]
    ice_servers: list[IceServer]
    ice_servers_expire_in: int
    resume_within: int
    server_relay: ServerRelay = "never"


class Resumed(FromServer, frozen=True, kw_only=True, tag="resumed"):
    """The session goes on; missed messages follow. `received`: last client seq processed."""

    received: Sequence


class PeerJoined(FromServer, frozen=True, kw_only=True, tag="peer-joined"):
    """A peer this receiver may talk to has joined."""

    peer: Peer


class PeerLeft(FromServer, frozen=True, kw_only=True, tag="peer-left"):
    """A peer has left for good."""

    peer: Identifier
    reason: LeaveReason


class PeerPresence(FromServer, frozen=True, kw_only=True, tag="peer-presence"):
    """A peer's signalling socket was lost or came back; its media may well go on."""

    peer: Identifier
    present: bool


class Described(FromServer, frozen=True, kw_only=True, tag="description"):
    """An offer, answer or rollback; `from` is stamped by the server."""

    from_: Identifier = msgspec.field(name="from")
    description: SessionDescription


class Trickled(FromServer, frozen=True, kw_only=True, tag="candidate"):
    """One ICE candidate; `from` is stamped by the server."""

    from_: Identifier = msgspec.field(name="from")
    candidate: IceCandidate


class StateChanged(FromServer, frozen=True, kw_only=True, tag="state"):
    """What another participant shows; `from` is stamped by the server."""

    from_: Identifier = msgspec.field(name="from")
    state: ParticipantState


class Disclosed(FromServer, frozen=True, kw_only=True, tag="disclosure"):
    """What is worn on the picture that comes from this peer, signed (`domain/disclosure.py`).

    from: the participant who wears it or, of a face leg that was opened, its worker; stamped by the server.
    """

    from_: Identifier = msgspec.field(name="from")
    statement: str


class DisclosureAcknowledged(FromServer, frozen=True, kw_only=True, tag="disclosure-acknowledged"):
    """This participant has read what was disclosed of the receiver; `from` is stamped by the server."""

    from_: Identifier = msgspec.field(name="from")
    tags: list[Tag]


class RecordingState(FromServer, frozen=True, kw_only=True, tag="recording-state"):
    """How it stands with recording this call.

    reason: why it stopped, else empty. file: what opens the finished file, said once, when it starts.
    """

    recording: Identifier
    phase: RecordingPhase
    asked_by: Identifier
    agreed_by: list[Identifier]
    reason: str = ""
    file: str = ""


class FaceLegQueued(FromServer, frozen=True, kw_only=True, tag="face-leg-queued"):
    """The request is waiting for a face worker. place: its place in the queue, 1 for the next; said again
    whenever it changes.
    """

    request: Identifier
    place: Sequence


class FaceLegUnavailable(FromServer, frozen=True, kw_only=True, tag="face-leg-unavailable"):
    """No face worker took the request; `code` says why."""

    request: Identifier
    code: str
    message: str
    retryable: bool


class IceServersIssued(FromServer, frozen=True, kw_only=True, tag="ice-servers"):
    """Fresh TURN credentials, valid for `expire_in` seconds."""

    ice_servers: list[IceServer]
    expire_in: int


class Pong(FromServer, frozen=True, kw_only=True, tag="pong"):
    """Answer to a ping. `received`: last client seq processed."""

    nonce: Sequence
    received: Sequence


class Failure(FromServer, frozen=True, kw_only=True, tag="error"):
    """A message was not accepted (`fatal` false) or the session cannot go on (`fatal` true).

    about: the client `seq` it answers, 0 if none.
    """

    code: str
    message: str
    retryable: bool = False
    fatal: bool = False
    about: Sequence = 0


ServerMessage = (
    Welcome
    | Resumed
    | PeerJoined
    | PeerLeft
    | PeerPresence
    | Described
    | Trickled
    | StateChanged
    | Disclosed
    | DisclosureAcknowledged
    | RecordingState
    | FaceLegQueued
    | FaceLegUnavailable
    | IceServersIssued
    | Pong
    | Failure
)

Message = TypeVar("Message")

_encoder = msgspec.json.Encoder()
_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage) -> str:
    """The JSON text of one message."""
    return _encoder.encode(message).decode()


def decode_client_message(data: str | bytes) -> ClientMessage:
    """One message from a client.

    Raises MessageError (`message_too_large`, `malformed_message`).
    """
    return _decode(data, _client_decoder)


def decode_server_message(data: str | bytes) -> ServerMessage:
    """One message from the call server.

    Raises MessageError (`message_too_large`, `malformed_message`).
    """
    return _decode(data, _server_decoder)


def number_of(data: str | bytes) -> int:
    """The `seq` of a message that did not decode as a whole, so that an error can say which; 0 if none."""
    try:
        return _numbered_decoder.decode(data).seq
    except (msgspec.DecodeError, UnicodeError):
        return 0


class _Numbered(Struct):
    seq: Sequence = 0


_numbered_decoder = msgspec.json.Decoder(_Numbered)


def _decode(data: str | bytes, decoder: msgspec.json.Decoder[Message]) -> Message:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MessageError(
            f"got a message of {len(raw)} bytes, expected at most {MAX_MESSAGE_BYTES}",
            code="message_too_large",
        )
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError(f"got a message that does not decode: {error}") from error
