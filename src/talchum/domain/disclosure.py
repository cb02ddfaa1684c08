"""What is signed for the other participant of a worn face: which face workers' pictures reach them, and how.

A disclosure is bound to one connection by its DTLS fingerprint (RFC 8122), so that it says nothing of
another one. Whoever signs it, and whether the signature holds, is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from talchum.domain.errors import FrameError, StatementError
from talchum.domain.identity import IdentityKind
from talchum.domain.leg_tag import LegTag

DISCLOSURE_TYPE = "talchum-disclosure+jwt"
"""The `typ` of a signed disclosure, so that no other statement stands in for one."""

STATEMENT = "AI-made face"
LIFETIME_SECONDS = 3600
"""How long it may be shown for the first time; what was verified in a call holds for that connection."""

MAX_LEGS = 8

_KINDS: tuple[IdentityKind, ...] = get_args(IdentityKind)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FINGERPRINT = re.compile(r"[a-z0-9-]{1,32} [0-9A-F]{2}(:[0-9A-F]{2}){15,63}")


@dataclass(frozen=True, slots=True)
class DisclosedLeg:
    """A face leg, by the tag that its frames carry, and what its face worker says is worn."""

    tag: LegTag
    kind: IdentityKind
    engine: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """That a performer's picture over one connection is AI-made.

    room: its name in statements, which opens nothing. performer: the peer. fingerprint: of the certificate
    that the connection must have, ``sha-256 AB:CD:...``.
    """

    room: str
    performer: str
    legs: tuple[DisclosedLeg, ...]
    fingerprint: str

    def claims(self, issuer: str, now: float) -> dict[str, object]:
        """What is signed (RFC 7519). now: wall clock, seconds."""
        return {
            "iss": issuer,
            "iat": int(now),
            "exp": int(now) + LIFETIME_SECONDS,
            "room": self.room,
            "performer": self.performer,
            "statement": STATEMENT,
            "legs": [{"tag": str(leg.tag), "kind": leg.kind, "engine": leg.engine} for leg in self.legs],
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any], now: float, tolerance: float) -> Disclosure:
        """Read claims whose signature holds. tolerance: seconds by which the reader's clock may be wrong.

        Raises StatementError (`statement_invalid`, `statement_expired`).
        """
        issued, expires = (_number(claims.get(name), name) for name in ("iat", "exp"))
        if not issued - tolerance <= now < expires + tolerance:
            raise StatementError(
                f"got a statement that holds from {issued} to {expires} at {now:.0f}",
                code="statement_expired",
            )
        legs = claims.get("legs")
        if not isinstance(legs, Sequence) or isinstance(legs, str) or not 0 < len(legs) <= MAX_LEGS:
            raise StatementError(f"got a disclosure without its legs, expected 1 to {MAX_LEGS}")
        if not isinstance(claims.get("statement"), str) or not claims["statement"]:
            raise StatementError("got a disclosure that states nothing")
        return cls(
            room=_text(claims.get("room"), _NAME, "a room"),
            performer=_text(claims.get("performer"), _NAME, "a peer"),
            legs=tuple(_leg(leg) for leg in legs),
            fingerprint=_text(claims.get("fingerprint"), _FINGERPRINT, "a fingerprint"),
        )

    def expect(self, *, room: str, performer: str, fingerprint: str) -> None:
        """Pass when this is about that connection and no other.

        Raises StatementError (`statement_misplaced`).
        """
        for said, there, what in (
            (self.room, room, "room"),
            (self.performer, performer, "peer"),
            (self.fingerprint, fingerprint, "certificate"),
        ):
            if said != there:
                raise StatementError(f"got a disclosure of another {what}", code="statement_misplaced")


def _leg(leg: object) -> DisclosedLeg:
    if not isinstance(leg, Mapping):
        raise StatementError("got a leg that is no object")
    kind = leg.get("kind")
    if kind not in _KINDS:
        raise StatementError(f"got a kind that is none, expected one of {', '.join(_KINDS)}")
    try:
        tag = LegTag.parse(str(leg.get("tag")))
    except FrameError as error:
        raise StatementError(error.message) from error
    return DisclosedLeg(tag, kind, _text(leg.get("engine"), _NAME, "an engine"))


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StatementError(f"got no number for {name}")
    return float(value)


def _text(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise StatementError(f"got something else for {what} in a disclosure")
    return value
