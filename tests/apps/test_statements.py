"""The signed disclosure as clients get it; web/ verifies the same example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from talchum.adapters.signing import Signer, Verifier
from talchum.apps.statements import ISSUER, disclosure_signer
from talchum.domain.audit import room_name
from talchum.domain.disclosure import DISCLOSURE_TYPE, Disclosure
from talchum.protocol.admission import room_key

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent.parent / "golden" / "disclosure.json").read_text())


def test_the_golden_disclosure_verifies_and_says_what_stands_beside_it() -> None:
    claims = Verifier(GOLDEN["published"]).verify(GOLDEN["statement"], DISCLOSURE_TYPE)
    assert claims == GOLDEN["claims"]
    disclosure = Disclosure.of_claims(claims, GOLDEN["now"], 0.0)
    assert disclosure.room == room_name(room_key(GOLDEN["room"]))


def test_what_is_signed_today_says_the_same() -> None:
    signer = Signer(Ed25519PrivateKey.generate())
    disclosure = Disclosure.of_claims(GOLDEN["claims"], GOLDEN["now"], 0.0)
    statement = disclosure_signer(signer, ISSUER)(disclosure, GOLDEN["now"])
    assert signer.verifier().verify(statement, DISCLOSURE_TYPE) == GOLDEN["claims"]
