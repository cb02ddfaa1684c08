"""Consents to test with; nobody gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from talchum.domain.consent import AgeCheck, Challenge, ChallengeStep, Consent, handle_hash, handle_of
from talchum.domain.consent_statement import consent_statement

DAY = 24 * 3600
NOW = 1_795_000_000
SUBJECT, FRIEND, STRANGER = "acc-00000000000000aa", "acc-00000000000000bb", "acc-00000000000000cc"
HANDLE = handle_of(bytes(range(20)))
ASSETS = {"thumbnail.webp": "1" * 64, "texture.webp": "2" * 64, "texture_points.npy": "3" * 64}

OWN = Consent(
    identity="hana",
    scope="self",
    subject=SUBJECT,
    wearers=(SUBJECT,),
    licensee="",
    statement=consent_statement("self", licensee="", expires_at=NOW + 30 * DAY),
    issued_at=NOW,
    expires_at=NOW + 30 * DAY,
    assets=ASSETS,
    challenge=Challenge(
        NOW - 60,
        NOW - 20,
        (
            ChallengeStep("turn-left", 2.1, "passed", 0.93),
            ChallengeStep("blink-twice", 9.4, "passed", 0.88),
            ChallengeStep("words", 20.0, "recorded"),
            ChallengeStep("same-face", 40.0, "passed", 0.97),
        ),
    ),
    adult=True,
    age=AgeCheck("recorded"),
    networks={"face-landmarks": "4" * 64},
    revocation=handle_hash(HANDLE),
)


def own(**fields: Any) -> Consent:
    """A consent to oneself, with other fields."""
    return replace(OWN, **fields)


def licensed(wearers: tuple[str, ...] = (FRIEND,), **fields: Any) -> Consent:
    """A consent to somebody else."""
    statement: Mapping[Any, str] = consent_statement("licensed", licensee="Studio", expires_at=OWN.expires_at)
    fields = {"licensee": "Studio", "statement": statement, **fields}
    return replace(OWN, scope="licensed", wearers=wearers, **fields)
