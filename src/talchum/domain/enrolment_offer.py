"""The offer of one enrolment: who may make it, for what consent, once and soon."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from talchum.domain.consent import Scope
from talchum.domain.errors import EnrolmentError
from talchum.domain.identity import Language

NONCE_BYTES = 15
OFFER_SECONDS = 600.0
"""How long an enrolment may be begun after it was offered."""

_NONCE = re.compile(r"enr-[a-z2-7]{24}")


@dataclass(frozen=True, slots=True)
class EnrolmentOffer:
    """What the person has agreed to before they are recorded.

    nonce: its name, drawn, good for one enrolment. subject: the account of the person. identity, title: the
    name the face will have, and what lists show. wearers, licensee, expires_at, statement: as in the consent.
    revocation: hash of the handle that was shown. keeps: whether the person asked to keep the recording.
    offered_at, taken_at: wall clock, seconds; taken_at None while nobody began.
    """

    nonce: str
    subject: str
    identity: str
    title: str
    scope: Scope
    wearers: tuple[str, ...]
    licensee: str
    expires_at: int
    statement: Mapping[Language, str]
    revocation: str
    adult: bool
    keeps: bool
    offered_at: float
    taken_at: float | None = None

    def __post_init__(self) -> None:
        if not is_nonce(self.nonce):
            raise EnrolmentError("got no name of an enrolment")
        if self.adult is not True:
            raise EnrolmentError("got nobody who declared to be an adult", code="enrolment_refused")

    def taken(self, account: str, now: float) -> EnrolmentOffer:
        """The offer after its person began. Raises EnrolmentError: `enrolment_taken`, `enrolment_too_old`.

        Another account gets `enrolment_unknown`, as for an offer that never was.
        """
        if account != self.subject:
            raise EnrolmentError("got an enrolment that is not known here")
        if self.taken_at is not None:
            raise EnrolmentError("got an enrolment that was begun already", code="enrolment_taken")
        if not 0 <= now - self.offered_at < OFFER_SECONDS:
            raise EnrolmentError("got an enrolment that was offered too long ago", code="enrolment_too_old")
        return replace(self, taken_at=now)


def nonce_of(drawn: bytes) -> str:
    """The name of an offer. drawn: `NONCE_BYTES` random bytes."""
    return f"enr-{base64.b32encode(drawn[:NONCE_BYTES]).decode().lower()}"


def is_nonce(text: object) -> bool:
    """Whether a text can name an enrolment."""
    return isinstance(text, str) and _NONCE.fullmatch(text) is not None
