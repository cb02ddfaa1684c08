"""A self-signed certificate, so that a phone on the same network gets a secure context for its camera."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
RENEWAL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of a certificate and its key."""

    certificate: Path
    key: Path


def self_signed(directory: Path, names: Sequence[str], now: datetime | None = None) -> CertificateFiles:
    """The certificate in `directory` for all `names` (hosts and addresses), made anew when it will not do."""
    now = now or datetime.now(UTC)
    files = CertificateFiles(directory / "certificate.pem", directory / "certificate-key.pem")
    if not _serves(files, names, now):
        _make(files, names, now)
    return files


def _serves(files: CertificateFiles, names: Sequence[str], now: datetime) -> bool:
    if not files.key.is_file():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    covered = {str(name.value) for name in extension}
    return set(names) <= covered and certificate.not_valid_after_utc - now > RENEWAL


def _make(files: CertificateFiles, names: Sequence[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Talchum on this machine")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.key.unlink(missing_ok=True)
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(private)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
