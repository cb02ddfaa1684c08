"""What this installation signs, and how anybody checks it: compact JWS (RFC 7515) with Ed25519 (RFC 8037).

One key for an installation: given from outside where several machines serve it, else made once in the data
directory. Whoever verifies says of which `typ` the statement must be, so that none stands in for another.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from talchum.domain.errors import SettingsError, StatementError

KEY_FILE = "signing-key.pem"
_ALGORITHM = "EdDSA"


class Signer:
    """Signs with the installation's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = _public_jwk(key.public_key())

    @classmethod
    def of(cls, setting: str, data: Path) -> Signer:
        """The key of ``TALCHUM_SIGNING_KEY`` (PEM, or a file of it); without one, that of `data`, made once.

        Raises SettingsError.
        """
        if setting:
            return cls(_parse(setting if "-----BEGIN" in setting else _read(Path(setting))))
        path = data / KEY_FILE
        if not path.exists():
            _make(path)
        return cls(_parse(_read(path)))

    @property
    def jwks(self) -> dict[str, Any]:
        """What verifies what this signs: a JWK Set (RFC 7517)."""
        return {"keys": [dict(self._public)]}

    def sign(self, claims: Mapping[str, object], typ: str) -> str:
        """A compact JWS of the claims, with `typ` and the key's `kid` in its header."""
        header = {"typ": typ, "kid": self._public["kid"]}
        return jwt.encode(dict(claims), self._key, algorithm=_ALGORITHM, headers=header)

    def derived_key(self, purpose: bytes, length: int) -> bytes:
        """A secret of whoever has the key, for one purpose (HKDF-SHA-256, RFC 5869)."""
        secret = self._key.private_bytes_raw()
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose).derive(secret)

    def verifier(self) -> Verifier:
        """What accepts the statements of this signer and no others."""
        return Verifier(self.jwks)


class Verifier:
    """Checks statements against the published keys of an installation.

    Raises StatementError (`key_unknown`) on a JWK Set without one.
    """

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = dict(_usable(jwks.get("keys", ())))
        if not self._keys:
            raise StatementError("got no Ed25519 key, expected one at least", code="key_unknown")

    def verify(self, token: str, typ: str) -> dict[str, Any]:
        """The claims of a statement of this `typ`; whether its times still hold is the caller's to judge.

        Raises StatementError (`statement_invalid`, `key_unknown`).
        """
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid")))
            if key is None:
                raise StatementError("got a statement by a key that is not published", code="key_unknown")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise StatementError(f"got a statement that does not verify: {type(error).__name__}") from error
        if header.get("typ") != typ:
            raise StatementError(f"got a statement of another type, expected {typ}")
        return claims


def unverified_claims(token: str) -> dict[str, Any]:
    """What a statement says, for who got it from the one that signed it. Raises StatementError."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise StatementError(f"got no statement: {type(error).__name__}") from error
    return claims


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The name of an Ed25519 key (RFC 7638; the members of RFC 8037 section 2)."""
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(members.encode()).digest()).decode()


def _public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    jwk: dict[str, str] = OKPAlgorithm.to_jwk(key, as_dict=True)
    return {
        "kty": jwk["kty"],
        "crv": jwk["crv"],
        "x": jwk["x"],
        "kid": thumbprint(jwk),
        "alg": _ALGORITHM,
        "use": "sig",
    }


def _usable(keys: Iterable[Any]) -> Iterable[tuple[str, Ed25519PublicKey]]:
    for jwk in keys:
        try:
            key = OKPAlgorithm.from_jwk(jwk)
            if isinstance(key, Ed25519PublicKey):
                yield thumbprint(jwk), key
        except (jwt.InvalidKeyError, KeyError, TypeError, ValueError):
            continue  # of another kind, for something else


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the signing key cannot be read: {type(error).__name__}", code="signing_key_invalid"
        ) from error


def _parse(pem: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            "the signing key is no PEM of an unencrypted private key", code="signing_key_invalid"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(
            "the signing key is of another kind, expected Ed25519", code="signing_key_invalid"
        )
    return key


def _make(path: Path) -> None:
    """Write a new key, unless another process is faster: then its key stays, and is whole from the start."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    except OSError as error:
        raise SettingsError(
            f"the signing key cannot be kept in the data directory: {type(error).__name__}",
            code="signing_key_invalid",
        ) from error
    finally:
        part.unlink(missing_ok=True)
