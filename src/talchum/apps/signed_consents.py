"""What a consent record says, once it is known to be one of ours and in its own place."""

from __future__ import annotations

from talchum.adapters.consent_records import ConsentRow
from talchum.adapters.signing import Verifier
from talchum.domain.consent import CONSENT_TYPE, Consent, consent_from_claims
from talchum.domain.errors import ConsentError


def read_consent(row: ConsentRow, verifier: Verifier) -> Consent:
    """Raises StatementError, ConsentError for a record that is none, or another one's."""
    consent = consent_from_claims(verifier.verify(row.record, CONSENT_TYPE))
    if (consent.id, consent.identity) != (row.id, row.identity):
        raise ConsentError("got a consent record in the place of another")
    return consent
