"""For whom passkeys can be, and that what a library finds wrong stays inside the adapter."""

from __future__ import annotations

import random
from typing import Any

import pytest

from talchum.adapters.accounts import Passkey
from talchum.adapters.passkeys import (
    NewPasskey,
    RelyingParty,
    new_challenge,
    passkey_of,
    registration_options,
    sign_in_options,
    verify_registration,
    verify_sign_in,
)
from talchum.domain.errors import AccountError
from tests.apps.soft_authenticator import SoftAuthenticator, raw, text

PARTY = RelyingParty("localhost", "http://localhost")
ACCOUNT = "acc-0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "name", "origin"),
    [
        ("https://calls.example.org", "calls.example.org", "https://calls.example.org"),
        ("https://Calls.Example.org:443/", "calls.example.org", "https://calls.example.org"),
        ("https://calls.example.org:8443", "calls.example.org", "https://calls.example.org:8443"),
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
        ("http://talchum.localhost", "talchum.localhost", "http://talchum.localhost"),
    ],
)
def test_a_service_with_a_name_and_https_has_passkeys(url: str, name: str, origin: str) -> None:
    assert RelyingParty.of(url) == RelyingParty(name, origin)


@pytest.mark.parametrize(
    "url", ["http://calls.example.org", "https://192.0.2.7", "http://127.0.0.1:8080", "https://[::1]:8443"]
)
def test_where_browsers_have_no_passkeys_it_is_said_so(url: str) -> None:
    with pytest.raises(AccountError) as refused:
        RelyingParty.of(url)
    assert refused.value.code == "passkeys_unavailable"


def made(key: SoftAuthenticator) -> NewPasskey:
    challenge = new_challenge()
    options = registration_options(PARTY, challenge, ACCOUNT, "Hana", [], seconds=60)
    return verify_registration(PARTY, challenge, key.create(options))


def test_an_answer_with_any_bit_turned_is_refused_by_name() -> None:
    key = SoftAuthenticator()
    new = made(key)
    kept = Passkey(new.id, ACCOUNT, new.public_key, new.sign_count, 0, None)
    challenge = new_challenge()
    answer = key.get(sign_in_options(PARTY, challenge, seconds=60))
    assert passkey_of(answer) == new.id
    assert verify_sign_in(PARTY, challenge, answer, kept) == 2
    chance = random.Random(4)
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        for _ in range(40):
            with pytest.raises(AccountError) as refused:
                verify_sign_in(PARTY, challenge, with_a_bit_turned(answer, part, chance), kept)
            assert refused.value.code == "passkey_refused"


def test_whatever_bytes_a_new_passkey_has_the_outcome_is_one_or_the_other() -> None:
    challenge, chance = new_challenge(), random.Random(7)
    options = registration_options(PARTY, challenge, ACCOUNT, "Hana", [], seconds=60)
    answer, codes = SoftAuthenticator().create(options), set()
    for _ in range(200):
        changed = with_a_bit_turned(answer, chance.choice(["attestationObject", "clientDataJSON"]), chance)
        try:
            verify_registration(PARTY, challenge, changed)
        except AccountError as error:
            codes.add(error.code)
        else:
            codes.add("")  # a bit of what nobody checks in a passkey that is new, such as its counter
    assert codes == {"passkey_refused", ""}


def with_a_bit_turned(answer: dict[str, Any], part: str, chance: random.Random) -> dict[str, Any]:
    turned = bytearray(raw(answer["response"][part]))
    turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
    return {**answer, "response": {**answer["response"], part: text(bytes(turned))}}
