from __future__ import annotations

import base64
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from talchum.adapters.signing import KEY_FILE, Signer, Verifier, thumbprint
from talchum.domain.errors import SettingsError, StatementError

TYP = "talchum-disclosure+jwt"
CLAIMS = {"iss": "talchum", "iat": 1000, "exp": 1001, "legs": [{"tag": "00000001"}]}


def key_of(directory: Path) -> str:
    """The name of a data directory's key, as a process that starts there sees it."""
    return str(Signer.of("", directory).jwks["keys"][0]["kid"])


def part_of(token: str, index: int) -> dict[str, object]:
    text = token.split(".")[index]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.of("", tmp_path)


def test_a_statement_says_its_type_and_key_and_verifies_with_the_published_one(signer: Signer) -> None:
    token = signer.sign(CLAIMS, TYP)
    assert part_of(token, 0) == {"alg": "EdDSA", "typ": TYP, "kid": signer.jwks["keys"][0]["kid"]}
    assert Verifier(signer.jwks).verify(token, TYP) == CLAIMS  # its times are over, and the caller's to judge


def test_the_published_key_holds_no_secret(signer: Signer) -> None:
    (key,) = signer.jwks["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_thumbprint_is_that_of_rfc_8037_appendix_a_3() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_changed_statement_does_not_verify(signer: Signer) -> None:
    head, body, signature = signer.sign(CLAIMS, TYP).split(".")
    other = signer.sign({**CLAIMS, "legs": []}, TYP).split(".")[1]
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for token in (f"{head}.{other}.{signature}", f"{unsigned}.{body}.", f"{head}.{body}", "", "a.b.c"):
        with pytest.raises(StatementError):
            signer.verifier().verify(token, TYP)


def test_a_statement_of_another_type_does_not_stand_in(signer: Signer) -> None:
    token = signer.sign(CLAIMS, "talchum-consent+jwt")
    with pytest.raises(StatementError, match="another type"):
        signer.verifier().verify(token, TYP)


def test_a_statement_of_another_installation_is_refused(signer: Signer, tmp_path: Path) -> None:
    stranger = Signer.of("", tmp_path / "elsewhere")
    with pytest.raises(StatementError) as refused:
        signer.verifier().verify(stranger.sign(CLAIMS, TYP), TYP)
    assert refused.value.code == "key_unknown"


def test_keys_of_other_kinds_are_passed_over(signer: Signer) -> None:
    others = [{"kty": "EC"}, {}, 7, {"kty": "OKP", "crv": "X25519", "x": "AA"}]
    verifier = Verifier({"keys": [*others, *signer.jwks["keys"]]})
    assert verifier.verify(signer.sign(CLAIMS, TYP), TYP) == CLAIMS
    with pytest.raises(StatementError):
        Verifier({"keys": others})


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = key_of(tmp_path / "new" / "data")
    assert key_of(tmp_path / "new" / "data") == first
    (only,) = (tmp_path / "new" / "data").iterdir()
    assert only.name == KEY_FILE
    assert only.stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
        for attempt in range(4):
            directory = tmp_path / str(attempt)
            assert len(set(processes.map(key_of, [directory] * 4))) == 1
            assert [path.name for path in directory.iterdir()] == [KEY_FILE]


def test_a_key_comes_from_the_setting_as_pem_or_as_a_file(tmp_path: Path) -> None:
    made = key_of(tmp_path)
    pem = (tmp_path / KEY_FILE).read_text()
    for setting in (pem, pem.replace("\n", "\\n"), str(tmp_path / KEY_FILE)):
        assert Signer.of(setting, tmp_path / "unused").jwks["keys"][0]["kid"] == made
    assert not (tmp_path / "unused").exists()


def pem_of(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_a_setting_that_is_no_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    curve = pem_of(ec.generate_private_key(ec.SECP256R1()))
    broken = pem_of(Ed25519PrivateKey.generate()).replace("MC4", "XXX")
    for setting in ("/nowhere/key.pem", curve, broken):
        with pytest.raises(SettingsError) as refused:
            Signer.of(setting, tmp_path)
        assert refused.value.code == "signing_key_invalid"
        assert setting not in refused.value.message


def test_a_spoiled_key_file_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("nonsense")
    with pytest.raises(SettingsError):
        Signer.of("", tmp_path)
    assert (tmp_path / KEY_FILE).read_text() == "nonsense"
