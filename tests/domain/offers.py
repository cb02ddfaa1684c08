"""An offer of an enrolment to test with."""

from __future__ import annotations

from talchum.domain.consent import handle_hash
from talchum.domain.consent_statement import consent_statement
from talchum.domain.enrolment_offer import NONCE_BYTES, EnrolmentOffer, nonce_of
from tests.domain.consents import HANDLE, SUBJECT

OFFERED = 1_000.0
NONCE = nonce_of(bytes(range(NONCE_BYTES)))
EXPIRES = 1_000 + 30 * 24 * 3600


def offer() -> EnrolmentOffer:
    """`SUBJECT` is to enrol for themselves."""
    return EnrolmentOffer(
        nonce=NONCE,
        subject=SUBJECT,
        identity="own-1",
        title="Hana",
        scope="self",
        wearers=(SUBJECT,),
        licensee="",
        expires_at=EXPIRES,
        statement=consent_statement("self", licensee="", expires_at=EXPIRES),
        revocation=handle_hash(HANDLE),
        adult=True,
        keeps=False,
        offered_at=OFFERED,
    )
