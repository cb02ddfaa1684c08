"""Consents: until when they hold, whom they name, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.consent import (
    AgeCheck,
    Challenge,
    ChallengeStep,
    consent_from_claims,
    handle_hash,
    handle_of,
    is_consent_id,
)
from talchum.domain.errors import ConsentError
from talchum.domain.identity import identity_from_manifest
from tests.domain.consents import ASSETS, DAY, FRIEND, HANDLE, NOW, OWN, STRANGER, SUBJECT, licensed, own
from tests.domain.test_identity import MANIFEST


def test_a_face_is_worn_by_whom_its_consent_names_and_by_nobody_else() -> None:
    assert OWN.lets_wear(SUBJECT, NOW)
    assert not OWN.lets_wear(FRIEND, NOW)
    let = licensed((FRIEND,))
    assert let.lets_wear(FRIEND, NOW)
    assert not let.lets_wear(STRANGER, NOW)
    assert not let.lets_wear(SUBJECT, NOW), "the statement names who may; the subject is told so"
    assert not let.lets_wear("", NOW)


def test_a_consent_holds_from_when_it_was_given_until_it_runs_out() -> None:
    assert not OWN.lets_wear(SUBJECT, NOW - 1)
    assert OWN.lets_wear(SUBJECT, NOW + 30 * DAY - 0.001)
    assert not OWN.lets_wear(SUBJECT, NOW + 30 * DAY)


def test_a_consent_covers_the_very_files_that_were_consented_to() -> None:
    manifest = {**MANIFEST, "name": "hana", "kind": "self", "files": ASSETS}
    assert OWN.covers(identity_from_manifest(manifest, "hana"))
    for other in (
        {"files": {**ASSETS, "texture.webp": "9" * 64}},
        {"kind": "licensed"},
        {"kind": "synthetic"},
    ):
        assert not OWN.covers(identity_from_manifest({**manifest, **other}, "hana"))


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": NOW + 365 * DAY + 1},
        {"expires_at": NOW},
        {"wearers": (FRIEND,)},
        {"wearers": (SUBJECT, FRIEND)},
        {"wearers": ()},
        {"scope": "anybody"},
        {"licensee": "Studio"},
        {"subject": "somebody"},
        {"identity": "../hana"},
        {"statement": {"en": "yes"}},
        {"statement": {"en": "yes", "ko": " "}},
        {"assets": {}},
        {"assets": {"texture.webp": "abc"}},
        {"networks": {"face-landmarks": "abc"}},
        {"adult": False},
        {"adult": 1},
        {"age": AgeCheck("guessed")},  # type: ignore[arg-type]
        {"challenge": Challenge(NOW - 60, NOW - 20, ())},
        {"challenge": Challenge(NOW - 20, NOW - 60, OWN.challenge.steps)},
        {"challenge": Challenge(NOW - 60, NOW + 1, OWN.challenge.steps)},
        {"challenge": Challenge(NOW - 60, NOW - 20, (ChallengeStep("blink", 1.0, "failed", 0.1),))},
        {"revocation": "abc"},
    ],
)
def test_what_cannot_be_a_consent_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConsentError) as refused:
        own(**fields)
    assert refused.value.code == "consent_invalid"


def test_a_licence_names_its_licensee_and_at_most_32_accounts() -> None:
    with pytest.raises(ConsentError):
        licensed(licensee=" ")
    many = tuple(f"acc-{number:016x}" for number in range(33))
    licensed(many[:32])
    with pytest.raises(ConsentError):
        licensed(many)


def test_a_record_says_what_the_consent_says() -> None:
    for consent in (OWN, licensed()):
        assert consent_from_claims(consent.claims("talchum")) == consent
    assert is_consent_id(OWN.id)
    assert OWN.id not in HANDLE


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"jti": "con-0000000000000000"},
        {"extra": 1},
        {"iat": "now"},
        {"exp": True},
        {"wearers": None},
        {"statement": ["yes"]},
        {"challenge": {"began": 1}},
        {"age": None},
        {"assets": {"texture.webp": 7}},
    ],
)
def test_a_malformed_record_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConsentError):
        consent_from_claims({**OWN.claims("talchum"), **change})


@given(st.binary(min_size=20, max_size=20))
def test_a_handle_is_recognised_however_it_is_typed(drawn: bytes) -> None:
    handle = handle_of(drawn)
    assert len(handle) == 39
    sloppy = handle.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert handle_hash(sloppy) == handle_hash(handle)


def test_two_handles_are_never_taken_for_each_other() -> None:
    assert handle_hash(handle_of(bytes(20))) != handle_hash(handle_of(bytes(19) + b"\1"))


def test_the_statement_says_until_when_in_both_languages() -> None:
    for words in licensed().statement.values():
        assert "2026-12" in words
        assert "Studio" in words
