from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from talchum.adapters.certificates import LIFETIME, self_signed

NAMES = ["localhost", "127.0.0.1", "192.168.1.5"]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def names_in(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in extension}


def test_certificate_names_every_way_to_reach_us_and_its_key_is_private(tmp_path: Path) -> None:
    files = self_signed(tmp_path, NAMES)
    assert names_in(files.certificate) == set(NAMES)
    assert files.key.stat().st_mode & 0o077 == 0
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_certificate_that_still_serves_is_kept(tmp_path: Path) -> None:
    before = self_signed(tmp_path, NAMES, NOW).certificate.read_bytes()
    assert self_signed(tmp_path, NAMES[:2], NOW + timedelta(days=1)).certificate.read_bytes() == before


def test_certificate_is_made_anew_for_another_address_or_near_its_end(tmp_path: Path) -> None:
    before = self_signed(tmp_path, NAMES, NOW).certificate.read_bytes()
    moved = self_signed(tmp_path, [*NAMES, "10.0.0.2"], NOW).certificate.read_bytes()
    assert moved != before
    late = NOW + LIFETIME - timedelta(days=3)
    assert self_signed(tmp_path, NAMES, late).certificate.read_bytes() != moved


def test_spoiled_certificate_is_replaced(tmp_path: Path) -> None:
    files = self_signed(tmp_path, NAMES)
    files.certificate.write_text("nonsense")
    assert names_in(self_signed(tmp_path, NAMES).certificate) == set(NAMES)
