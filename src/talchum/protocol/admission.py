"""Who may enter a room: tickets, sessions and rejoin secrets, and how fast a peer may speak.

A ticket is single-use, lives at most 60 s and is bound to its room, its peer and its role. Tickets and
session tokens have the form ``<room key>.<secret>``; the room key is a hash of the room's identifier, so that
neither what is stored nor what a face worker is given opens the room. Only the SHA-256 of a secret is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from talchum.domain.errors import AdmissionError
from talchum.protocol.messages import Role

TICKET_LIFETIME = 60.0
"""Seconds within which a ticket must be used."""

MAX_OPEN_TICKETS = 16
"""Unused tickets a room keeps; the oldest make way, so asking for many locks nobody out."""

SecretSource = Callable[[], str]

_ROOM_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def new_secret() -> str:
    """192 random bits in base64url."""
    return secrets.token_urlsafe(24)


def new_room_id() -> str:
    """128 random bits in base64url, 22 characters: what a call link carries."""
    return secrets.token_urlsafe(16)


def room_key(room_id: str) -> str:
    """The name under which a room is stored: a hash of what the link carries.

    Raises AdmissionError (`room_unknown`) for anything that `new_room_id` cannot have made.
    """
    if _ROOM_ID.fullmatch(room_id) is None:
        raise room_unknown()
    digest = hashlib.sha256(b"talchum room " + room_id.encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def room_unknown() -> AdmissionError:
    """The error for a room that does not exist or no longer does."""
    return AdmissionError("got a room that does not exist or has ended", code="room_unknown")


def room_full(participants: int) -> AdmissionError:
    """The error for one participant more than a room holds."""
    return AdmissionError(
        f"got one participant more than the {participants} this room holds", code="room_full", retryable=True
    )


def hash_secret(secret: str) -> str:
    """What is kept of a secret: enough to recognise it, not to present it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, secret_hash: str) -> bool:
    """Whether `secret` is the one hashed, compared in constant time."""
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def new_peer_id(kind: str, secret_source: SecretSource) -> str:
    """A name for a peer, beginning with its kind: `p` a participant, `w` a face worker."""
    return kind + hash_secret(secret_source())[:12]


def split_token(token: str) -> tuple[str, str]:
    """Room key and secret of a ticket or session token.

    Raises AdmissionError (`token_malformed`).
    """
    key, separator, secret = token.partition(".")
    if not separator or len(key) != 22 or len(secret) < 16 or "." in secret:
        raise AdmissionError("got a token that is not of the form room.secret", code="token_malformed")
    return key, secret


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An unused ticket as the room keeps it.

    leg: the face leg of a face worker. account: of a participant who is signed in.
    """

    secret_hash: str
    peer: str
    role: Role
    expires_at: float
    rejoin_hash: str = ""
    leg: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A participant's ticket as it is handed out, once."""

    ticket: str
    expires_in: int
    peer: str
    rejoin: str


def take_ticket(tickets: dict[str, Ticket], secret: str, now: float) -> Ticket:
    """Remove the ticket from `tickets` and give it, if it is still good.

    Raises AdmissionError (`ticket_invalid`) for one unknown, used or expired: one code, nothing to probe.
    """
    ticket = tickets.pop(hash_secret(secret), None)
    if ticket is None or ticket.expires_at < now:
        raise AdmissionError(
            f"got a ticket that is unknown, used or older than {TICKET_LIFETIME:.0f} s",
            code="ticket_invalid",
            retryable=True,
        )
    return ticket


def add_ticket(tickets: dict[str, Ticket], ticket: Ticket, now: float) -> None:
    """Keep a new ticket; expired ones go, and of a participant's the oldest beyond `MAX_OPEN_TICKETS`."""
    for key in [key for key, kept in tickets.items() if kept.expires_at < now]:
        del tickets[key]
    open_keys = [key for key, kept in tickets.items() if kept.role == "participant"]
    for key in open_keys[: max(0, len(open_keys) - MAX_OPEN_TICKETS + 1)]:
        del tickets[key]
    tickets[ticket.secret_hash] = ticket


@dataclass(slots=True)
class RateLimit:
    """A token bucket: `rate` a second, `burst` at once. Time is an argument, in monotonic seconds."""

    rate: float
    burst: float
    _level: float = 0.0
    _at: float | None = None

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Take `cost` and give the seconds to hold the sender back, 0 while it keeps to the limit."""
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._level = max(0.0, self._level - elapsed * self.rate) + cost
        return max(0.0, self._level - self.burst) / self.rate

    def allows(self, now: float, cost: float = 1.0) -> bool:
        """Take `cost` if the limit allows it at once; take nothing if not."""
        level, at = self._level, self._at
        if self.wait(now, cost) == 0.0:
            return True
        elapsed = 0.0 if at is None else max(0.0, now - at)
        self._level = max(0.0, level - elapsed * self.rate)
        return False
