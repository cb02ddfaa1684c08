"""The whole error tree.

TalchumError
├── MessageError            a signalling message that cannot be accepted
├── AdmissionError          a ticket, session, origin or room that refuses entry
├── RoomError               a rule of the room was broken
├── StoreError              the shared store of rooms cannot be reached
├── FaceLegError            a face leg could not start or ended
├── NetworkFileError        a network file is missing or is not the pinned one
├── IdentityError           an identity is unknown, malformed or not the pinned one
├── ConsentError            a consent that is unknown, cannot be or does not hold
├── EnrolmentError          an enrolment that is unknown, taken, too old or not complete
├── AccountError            somebody who is not signed in, or a sign-in that failed
├── CaptureError            a capture is unknown or malformed
├── FrameError              pixels that no stage can work on
├── MediaFileError          a clip that cannot be read or written
├── TransformError          a clip that the transform workers could not transform
├── TrainingError           a performance nothing can be learned from, or a training that failed
├── DatabaseError           the database cannot be reached
├── AuditError              an audit log that is not whole, or what may not stand in it
├── ContentError            a blob of the content store is missing, corrupt or cannot be kept
├── VerificationError       a video that was not examined, or not to the end
├── StatementError          a signed statement that does not verify or does not say what it must
├── PeerConnectionError     the WebRTC engine refused or failed
└── SettingsError           a setting that cannot be used

Every error carries a stable ``code`` (what programs compare), a lower-case message with what was
got and what was expected (what people read), and ``retryable``.
"""

from __future__ import annotations

from typing import ClassVar


class TalchumError(Exception):
    """Base of every error this project raises on purpose.

    message: lower-case, one line, with got and expected; never an image, name, address or SDP.
    code: stable identifier; defaults to the class's own.
    retryable: whether the same request may succeed later.
    """

    default_code: ClassVar[str] = "internal_error"
    default_retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else self.default_code
        self.retryable = retryable if retryable is not None else self.default_retryable


class MessageError(TalchumError):
    """A signalling message that cannot be accepted; the connection goes on."""

    default_code = "malformed_message"


class AdmissionError(TalchumError):
    """A ticket, session, origin or room that refuses entry."""

    default_code = "not_admitted"


class RoomError(TalchumError):
    """A rule of the room was broken, such as a message to a peer one may not address."""

    default_code = "room_rule"


class StoreError(TalchumError):
    """The shared store of rooms cannot be reached or is too busy."""

    default_code = "store_unavailable"
    default_retryable = True


class FaceLegError(TalchumError):
    """A face leg could not start or ended."""

    default_code = "face_leg_failed"
    default_retryable = True


class NetworkFileError(TalchumError):
    """A network file is missing or is not the pinned one."""

    default_code = "network_file_invalid"


class IdentityError(TalchumError):
    """An identity is unknown, malformed or not the pinned one."""

    default_code = "identity_invalid"


class ConsentError(TalchumError):
    """A consent that is unknown, cannot be or does not hold."""

    default_code = "consent_invalid"


class EnrolmentError(TalchumError):
    """An enrolment that is unknown, taken already, too old, or not complete."""

    default_code = "enrolment_unknown"


class AccountError(TalchumError):
    """Somebody who is not signed in, or a sign-in that failed."""

    default_code = "sign_in_failed"


class CaptureError(TalchumError):
    """A capture is unknown or malformed."""

    default_code = "capture_invalid"


class FrameError(TalchumError):
    """Pixels that no stage can work on: a wrong shape, type or size."""

    default_code = "frame_invalid"


class MediaFileError(TalchumError):
    """A clip that cannot be read or written."""

    default_code = "media_file_invalid"


class TransformError(TalchumError):
    """A clip that the transform workers could not transform, though it was tried again."""

    default_code = "transform_failed"


class TrainingError(TalchumError):
    """A performance nothing can be learned from, or a training that failed; the data stay."""

    default_code = "training_failed"


class DatabaseError(TalchumError):
    """The database cannot be reached or is too busy."""

    default_code = "database_unavailable"
    default_retryable = True


class AuditError(TalchumError):
    """An audit log that is not whole, or something that may not stand in it."""

    default_code = "audit_invalid"


class ContentError(TalchumError):
    """A blob of the content store is missing, is not the pinned one, or cannot be kept."""

    default_code = "content_unavailable"


class VerificationError(TalchumError):
    """A video that was not examined for marks, or not to the end."""

    default_code = "verification_failed"


class StatementError(TalchumError):
    """A signed statement that does not verify, is malformed or says something else than it must."""

    default_code = "statement_invalid"


class PeerConnectionError(TalchumError):
    """The WebRTC engine refused a description or lost its connection."""

    default_code = "peer_connection_failed"
    default_retryable = True


class SettingsError(TalchumError):
    """A setting that cannot be used."""

    default_code = "setting_invalid"
