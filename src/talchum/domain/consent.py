"""A person's consent to wear their face: what is signed, until when it holds and whom it names.

Whoever signs a record, and whether the signature holds, is not known here. Time is an argument: wall clock,
seconds. docs/consent.md describes the record, `schemas/consent.schema.json` is its JSON Schema.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from talchum.domain.errors import ConsentError
from talchum.domain.identity import LANGUAGES, Identity, Language, is_identity_name

CONSENT_TYPE = "talchum-consent+jwt"
"""The `typ` of a signed consent record, so that no other statement stands in for one."""

VERSION = 1
LONGEST_SECONDS = 365 * 24 * 3600
MAX_WEARERS = 32
MAX_STEPS = 64
HANDLE_BYTES = 20

Scope = Literal["self", "licensed"]
Outcome = Literal["passed", "failed", "recorded"]
"""`recorded`: seen and kept, but checked by nobody."""

_ACCOUNT = re.compile(r"acc-[0-9a-f]{16}")
_ID = re.compile(r"con-[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: nothing that is mistaken for something else
_CLAIMS = frozenset(
    {"version", "iss", "jti", "sub", "iat", "exp", "identity", "scope", "wearers", "licensee", "statement"}
    | {"assets", "challenge", "adult", "age", "networks", "revocation"}
)


@dataclass(frozen=True, slots=True)
class ChallengeStep:
    """One thing that was asked of the person, or looked at, while their face was recorded.

    prompt: its name. asked_at: seconds after the recording began. score: of what checked it, None for none.
    """

    prompt: str
    asked_at: float
    outcome: Outcome
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """The whole of an enrolment, in order. began, ended: wall clock, seconds."""

    began: int
    ended: int
    steps: tuple[ChallengeStep, ...]


@dataclass(frozen=True, slots=True)
class AgeCheck:
    """An advisory look at the age, which decides nothing by itself. years: an estimate, None without one."""

    outcome: Outcome
    years: float | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent.

    subject: the account of the person. wearers: the accounts that may wear the face; of scope `self` the
    subject's alone. licensee: whom a `licensed` statement names, else empty. statement: the words the person
    agreed to, by language, as they were shown. assets: SHA-256 of each of the identity's files. networks:
    SHA-256 of each network that looked at the enrolment. revocation: `handle_hash` of what takes it back.
    Raises ConsentError (`consent_invalid`) for one that cannot be.
    """

    identity: str
    scope: Scope
    subject: str
    wearers: tuple[str, ...]
    licensee: str
    statement: Mapping[Language, str]
    issued_at: int
    expires_at: int
    assets: Mapping[str, str]
    challenge: Challenge
    adult: bool
    age: AgeCheck
    networks: Mapping[str, str]
    revocation: str

    def __post_init__(self) -> None:
        for wrong, what in self._problems():
            if wrong:
                raise ConsentError(f"got a consent {what}")

    @property
    def id(self) -> str:
        """Its name, which takes nothing back."""
        return consent_id(self.revocation)

    def holds(self, now: float) -> bool:
        """Whether it has begun and not run out; whether it was revoked is known elsewhere."""
        return self.issued_at <= now < self.expires_at

    def lets_wear(self, account: str, now: float) -> bool:
        """Whether this account may wear the face now."""
        return account in self.wearers and self.holds(now)

    def covers(self, identity: Identity) -> bool:
        """Whether this is what the person consented to: that name and kind, and these files to the byte."""
        return (identity.name, identity.kind) == (self.identity, self.scope) and dict(identity.files) == dict(
            self.assets
        )

    def claims(self, issuer: str) -> dict[str, object]:
        """What is signed (RFC 7519)."""
        return {
            "version": VERSION,
            "iss": issuer,
            "jti": self.id,
            "sub": self.subject,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "identity": self.identity,
            "scope": self.scope,
            "wearers": list(self.wearers),
            "licensee": self.licensee,
            "statement": dict(self.statement),
            "assets": dict(self.assets),
            "challenge": {
                "began": self.challenge.began,
                "ended": self.challenge.ended,
                "steps": [
                    {
                        "prompt": step.prompt,
                        "askedAt": step.asked_at,
                        "outcome": step.outcome,
                        "score": step.score,
                    }
                    for step in self.challenge.steps
                ],
            },
            "adult": self.adult,
            "age": {"outcome": self.age.outcome, "years": self.age.years},
            "networks": dict(self.networks),
            "revocation": self.revocation,
        }

    def _problems(self) -> Sequence[tuple[bool, str]]:
        outcomes = get_args(Outcome)
        return (
            (not is_identity_name(self.identity), "for no identity's name"),
            (self.scope not in get_args(Scope), "of a scope that is not self or licensed"),
            (not is_account_id(self.subject), "of no account"),
            (not all(map(is_account_id, self.wearers)), "for a wearer that is no account"),
            (not 1 <= len(set(self.wearers)) <= MAX_WEARERS, f"for no wearer or more than {MAX_WEARERS}"),
            (self.scope == "self" and self.wearers != (self.subject,), "to self for somebody else"),
            (self.scope == "self" and self.licensee != "", "to self with a licensee"),
            (self.scope == "licensed" and not self.licensee.strip(), "without its licensee"),
            (
                set(self.statement) != set(LANGUAGES) or not all(map(str.strip, self.statement.values())),
                "without its statement in every language",
            ),
            (
                not 0 < self.expires_at - self.issued_at <= LONGEST_SECONDS,
                "that ends before it begins, or holds for more than a year",
            ),
            (not self.assets or not _all_digests(self.assets), "without the SHA-256 of each file"),
            (not _all_digests(self.networks), "with a network that has no SHA-256"),
            (self.adult is not True, "of somebody who did not declare to be an adult"),
            (
                not 0 < len(self.challenge.steps) <= MAX_STEPS
                or not self.challenge.began <= self.challenge.ended <= self.issued_at,
                "without what was asked of the person before",
            ),
            (
                any(s.outcome not in outcomes or not _NAME.fullmatch(s.prompt) for s in self.challenge.steps),
                "with a step that cannot be",
            ),
            (any(s.outcome == "failed" for s in self.challenge.steps), "after a failed enrolment"),
            (self.age.outcome not in outcomes, "with an age check that cannot be"),
            (_SHA256.fullmatch(self.revocation) is None, "without the hash of what takes it back"),
        )


def consent_from_claims(claims: Mapping[str, Any]) -> Consent:
    """What a verified record says. Raises ConsentError (`consent_invalid`)."""
    if set(claims) != _CLAIMS or claims["version"] != VERSION:
        raise ConsentError("got a consent record with other claims than those of its version")
    try:
        consent = Consent(
            identity=_text(claims["identity"]),
            scope=claims["scope"],
            subject=_text(claims["sub"]),
            wearers=tuple(map(_text, claims["wearers"])),
            licensee=_text(claims["licensee"]),
            statement={language: _text(words) for language, words in claims["statement"].items()},
            issued_at=_whole(claims["iat"]),
            expires_at=_whole(claims["exp"]),
            assets={str(file): _text(digest) for file, digest in claims["assets"].items()},
            challenge=_challenge(claims["challenge"]),
            adult=claims["adult"],
            age=AgeCheck(claims["age"]["outcome"], _number(claims["age"]["years"])),
            networks={str(name): _text(digest) for name, digest in claims["networks"].items()},
            revocation=_text(claims["revocation"]),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ConsentError(f"got a malformed consent record: {type(error).__name__}") from error
    if consent.id != claims["jti"]:
        raise ConsentError("got a consent record with another's name")
    return consent


def is_account_id(value: object) -> bool:
    """Whether this is an account's name."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def is_consent_id(value: object) -> bool:
    """Whether this is a consent's name."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def consent_id(revocation: str) -> str:
    """The name of the consent that is taken back by the handle of this hash."""
    return f"con-{revocation[:16]}"


def handle_of(drawn: bytes) -> str:
    """A revocation handle as it is given to the person, once: 32 characters in groups of four.

    drawn: `HANDLE_BYTES` random bytes.
    """
    number = int.from_bytes(drawn[:HANDLE_BYTES])
    count = HANDLE_BYTES * 8 // 5
    text = "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(count)))
    return "-".join(text[start : start + 4] for start in range(0, count, 4))


def handle_hash(handle: str) -> str:
    """What is kept of a handle, however it was typed: SHA-256, hexadecimal."""
    typed = "".join(handle.upper().split()).replace("-", "")
    typed = typed.replace("O", "0").replace("I", "1").replace("L", "1")
    return hashlib.sha256(b"talchum consent " + typed.encode()).hexdigest()


def _all_digests(digests: Mapping[str, str]) -> bool:
    return all(_NAME.fullmatch(name) and _SHA256.fullmatch(digest) for name, digest in digests.items())


def _challenge(value: Mapping[str, Any]) -> Challenge:
    steps = tuple(
        ChallengeStep(_text(s["prompt"]), float(s["askedAt"]), s["outcome"], _number(s["score"]))
        for s in value["steps"]
    )
    return Challenge(_whole(value["began"]), _whole(value["ended"]), steps)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _number(value: object) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError
    return None if value is None else float(value)
