from __future__ import annotations

from typing import Any

import pytest

from talchum.domain.disclosure import LIFETIME_SECONDS, DisclosedLeg, Disclosure
from talchum.domain.errors import StatementError
from talchum.domain.leg_tag import LegTag

NOW = 1_800_000_000.5
TOLERANCE = 300.0
FINGERPRINT = "sha-256 " + ":".join(["0A"] * 32)
DISCLOSURE = Disclosure(
    room="Zm9vYmFyYmF6cXV4MTIzNA",
    performer="p8e1d5c60b9f2",
    legs=(DisclosedLeg(LegTag(7), "synthetic", "neural"),),
    fingerprint=FINGERPRINT,
)
CLAIMS = DISCLOSURE.claims("https://calls.example.org", NOW)


def code_of(claims: dict[str, Any], now: float = NOW) -> str:
    with pytest.raises(StatementError) as refused:
        Disclosure.of_claims(claims, now, TOLERANCE)
    return refused.value.code


def test_what_is_signed_is_read_back() -> None:
    assert Disclosure.of_claims(CLAIMS, NOW, TOLERANCE) == DISCLOSURE
    assert CLAIMS["iss"] == "https://calls.example.org"
    assert CLAIMS["statement"] == "AI-made face"
    assert CLAIMS["legs"] == [{"tag": "00000007", "kind": "synthetic", "engine": "neural"}]


@pytest.mark.parametrize("apart", [-TOLERANCE - 2, LIFETIME_SECONDS + TOLERANCE + 2])
def test_a_statement_holds_for_its_time_only(apart: float) -> None:
    assert code_of(CLAIMS, NOW + apart) == "statement_expired"


@pytest.mark.parametrize("apart", [-TOLERANCE + 2, LIFETIME_SECONDS + TOLERANCE - 2])
def test_a_clock_that_is_a_little_wrong_does_no_harm(apart: float) -> None:
    assert Disclosure.of_claims(CLAIMS, NOW + apart, TOLERANCE) == DISCLOSURE


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iat", "now"),
        ("exp", None),
        ("exp", True),
        ("room", ""),
        ("room", 7),
        ("performer", "p 1"),
        ("statement", ""),
        ("legs", []),
        ("legs", "synthetic"),
        ("legs", [7]),
        ("legs", [{"tag": "00000007", "kind": "real", "engine": "neural"}]),
        ("legs", [{"tag": "seven", "kind": "synthetic", "engine": "neural"}]),
        ("legs", [{"tag": "00000007", "kind": "synthetic"}]),
        ("legs", [{"tag": "00000007", "kind": "synthetic", "engine": "neural"}] * 9),
        ("fingerprint", "sha-256"),
        ("fingerprint", FINGERPRINT.lower()),
    ],
)
def test_claims_that_say_something_else_are_refused(claim: str, value: object) -> None:
    assert code_of({**CLAIMS, claim: value}) == "statement_invalid"
    assert code_of({name: said for name, said in CLAIMS.items() if name != claim}) == "statement_invalid"


@pytest.mark.parametrize("other", ["room", "performer", "fingerprint"])
def test_a_disclosure_of_another_call_is_not_of_this_one(other: str) -> None:
    here = {"room": DISCLOSURE.room, "performer": DISCLOSURE.performer, "fingerprint": FINGERPRINT}
    DISCLOSURE.expect(**here)
    with pytest.raises(StatementError) as refused:
        DISCLOSURE.expect(**{**here, other: "another"})
    assert refused.value.code == "statement_misplaced"
