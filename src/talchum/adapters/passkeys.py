"""Passkeys: what a browser is asked for, and whether its answer holds. WebAuthn Level 3, by py_webauthn.

Credentials are discoverable and every use of one verifies the person (by a PIN, a finger, a face).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from talchum.adapters.accounts import Passkey
from talchum.domain.errors import AccountError
from talchum.protocol.origins import is_address, origin_of

CHALLENGE_BYTES = 32
MAX_CREDENTIAL_ID = 1023
"""Bytes, by WebAuthn."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom passkeys are. id: the host's name; origin: of the pages that may ask for one."""

    id: str
    origin: str

    @classmethod
    def of(cls, url: str) -> RelyingParty:
        """That of a service's address.

        Raises AccountError (`passkeys_unavailable`) where browsers have none: without HTTPS (but for
        localhost), and for an address without a name.
        """
        host = urlsplit(url).hostname or ""
        local = host == "localhost" or host.endswith(".localhost")
        if is_address(host) or not (local or url.lower().startswith("https://")):
            raise AccountError(
                "got a page without a name or without HTTPS, expected https:// and a name, or localhost",
                code="passkeys_unavailable",
            )
        return cls(host, origin_of(url))


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has made. id: base64url."""

    id: str
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """Random bytes that an answer signs."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def registration_options(
    party: RelyingParty, challenge: bytes, account: str, name: str, known: Sequence[str], *, seconds: int
) -> dict[str, Any]:
    """What a browser is asked to make a passkey with: PublicKeyCredentialCreationOptionsJSON.

    known: passkeys of the account, which its authenticators do not make again.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Talchum",
        user_id=account.encode(),
        user_name=name,
        challenge=challenge,
        timeout=seconds * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(key)) for key in known],
    )
    return options_to_json_dict(options)


def sign_in_options(party: RelyingParty, challenge: bytes, *, seconds: int) -> dict[str, Any]:
    """What a browser is asked to sign in with, whoever it is: PublicKeyCredentialRequestOptionsJSON."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=seconds * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def verify_registration(party: RelyingParty, challenge: bytes, answer: Mapping[str, Any]) -> NewPasskey:
    """The passkey of a RegistrationResponseJSON. Raises AccountError (`passkey_refused`)."""
    with _refusing():
        credential = parse_registration_credential_json(dict(answer))
        _expect_own_frame(credential.response.client_data_json)
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    if len(verified.credential_id) > MAX_CREDENTIAL_ID:
        raise _refused()
    name = bytes_to_base64url(verified.credential_id)
    return NewPasskey(name, verified.credential_public_key, verified.sign_count)


def passkey_of(answer: Mapping[str, Any]) -> str:
    """Which passkey an AuthenticationResponseJSON is of. Raises AccountError (`passkey_refused`)."""
    with _refusing():
        return parse_authentication_credential_json(dict(answer)).id


def verify_sign_in(party: RelyingParty, challenge: bytes, answer: Mapping[str, Any], passkey: Passkey) -> int:
    """How often the passkey has signed, when an AuthenticationResponseJSON is its own.

    A count that does not grow is that of a copy; 0 says that the authenticator does not count.
    Raises AccountError (`passkey_refused`).
    """
    with _refusing():
        credential = parse_authentication_credential_json(dict(answer))
        _expect_own_frame(credential.response.client_data_json)
        if credential.response.user_handle != passkey.account.encode():
            raise _refused()
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    return verified.new_sign_count


def _expect_own_frame(client_data: bytes) -> None:
    """No page of ours asks from within another's."""
    if parse_client_data_json(client_data).cross_origin:
        raise _refused()


@contextmanager
def _refusing() -> Iterator[None]:
    """What py_webauthn and the libraries below it raise of an answer, without what was in it."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise _refused() from error


def _refused() -> AccountError:
    return AccountError(
        "got a passkey's answer that does not hold, expected one to this page's own question",
        code="passkey_refused",
    )
