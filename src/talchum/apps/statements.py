"""What an installation says under its name."""

from __future__ import annotations

from talchum.adapters.redis_rooms import StateDisclosure
from talchum.adapters.signing import Signer
from talchum.domain.disclosure import DISCLOSURE_TYPE, Disclosure

ISSUER = "talchum"
"""Of an installation without a public URL."""


def disclosure_signer(signer: Signer, issuer: str) -> StateDisclosure:
    """Signs disclosures; some 50 us each, so on whatever thread."""

    def state(disclosure: Disclosure, now: float) -> str:
        return signer.sign(disclosure.claims(issuer, now), DISCLOSURE_TYPE)

    return state
