"""Content credentials (C2PA) for recordings, signed by a certificate chain with c2pa-python.

The installation makes a chain for itself, a root and a leaf, once, in the data directory; whoever wants
others to trust recordings without being told of its root sets another chain.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import c2pa  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from talchum.domain.errors import MediaFileError, SettingsError

CHAIN_FILE = "recording-chain.pem"
"""Key, certificate and root, in this order."""

MEDIA_TYPE = "video/mp4"
_ROOT_LIFETIME, _LEAF_LIFETIME = timedelta(days=20 * 365), timedelta(days=5 * 365)
_ALGORITHM = b"es256"


@dataclass(frozen=True, slots=True)
class CertificateChain:
    """What recordings are signed with. key: PEM. certificates: PEM, the signing one first, the root last."""

    key: str
    certificates: tuple[str, ...]

    @classmethod
    def of(cls, setting: str, data: Path) -> CertificateChain:
        """The chain in the file that ``TALCHUM_RECORDING_CHAIN`` names; without one, that of `data`.

        Raises SettingsError (`recording_chain_invalid`).
        """
        path = Path(setting) if setting else data / CHAIN_FILE
        try:
            if not setting and not path.exists():
                _make(path)
            return cls.parse(path.read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"the recordings' certificate chain cannot be read or made: {type(error).__name__}",
                code="recording_chain_invalid",
            ) from error

    @classmethod
    def existing(cls, setting: str, data: Path) -> CertificateChain | None:
        """As `of`, but makes none: None where no recorder ever ran. Raises SettingsError."""
        return cls.of(setting, data) if setting or (data / CHAIN_FILE).exists() else None

    @classmethod
    def parse(cls, text: str) -> CertificateChain:
        """A key (ECDSA P-256) and its certificates in one PEM. Raises SettingsError."""
        try:
            certificates = x509.load_pem_x509_certificates(text.encode())
            key = serialization.load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise _invalid("no PEM of a key without a password and its certificates") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise _invalid("a key of another kind, expected ECDSA P-256")
        if certificates[0].public_key() != key.public_key():
            raise _invalid("a first certificate that is not its key's")
        return cls(_key_pem(key), tuple(_pem(certificate) for certificate in certificates))

    @property
    def root(self) -> str:
        """What whoever checks a recording must trust, PEM."""
        return self.certificates[-1]


def sign_recording(
    source: IO[bytes], target: IO[bytes], manifest: Mapping[str, object], chain: CertificateChain
) -> None:
    """Write a copy of an MP4 with its manifest. Blocks. Raises MediaFileError (`recording_not_signed`)."""
    info = c2pa.C2paSignerInfo(_ALGORITHM, "".join(chain.certificates).encode(), chain.key.encode(), None)
    source.seek(0)
    try:
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(dict(manifest))) as builder:
            builder.sign(signer, MEDIA_TYPE, source, target)
    except c2pa.C2paError as error:
        raise MediaFileError(
            f"the recording cannot be signed: {type(error).__name__}", code="recording_not_signed"
        ) from error


def _make(path: Path) -> None:
    """Write a new chain, unless another process is faster: then its chain stays, and is whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    # The root's key signs this one certificate and is kept nowhere.
    root = _certificate("Talchum recordings of this installation", root_key, None, now)
    leaf = _certificate("Talchum recorder", leaf_key, (root, root_key), now)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(_key_pem(leaf_key) + _pem(leaf) + _pem(root))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    now: datetime,
) -> x509.Certificate:
    """A root without an issuer, else one that may sign content credentials (C2PA 2.2, 14.5)."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Talchum"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    is_root = issuer is None
    signing_name, signing_key = (subject, key) if issuer is None else (issuer[0].subject, issuer[1])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signing_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + (_ROOT_LIFETIME if is_root else _LEAF_LIFETIME))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(_usage(is_root=is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if not is_root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def _usage(*, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _invalid(what: str) -> SettingsError:
    return SettingsError(f"the recordings' certificate chain is {what}", code="recording_chain_invalid")
