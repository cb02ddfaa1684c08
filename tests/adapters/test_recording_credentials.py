"""Recordings that are signed, and what anybody who checks them is told."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]
import pytest

from talchum.adapters.recording_credentials import CHAIN_FILE, CertificateChain, sign_recording
from talchum.domain.disclosure import DisclosedLeg
from talchum.domain.errors import MediaFileError, SettingsError
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import RecordedPicture, manifest_of

CLIP = Path(__file__).parent.parent / "media" / "flash_beep.mp4"


def signed(chain: CertificateChain) -> bytes:
    picture = RecordedPicture()
    picture.disclosed((DisclosedLeg(LegTag(7), "synthetic", "neural"),))
    manifest = manifest_of([picture, RecordedPicture(own_face=True)], [], recording="r" * 32, version="1")
    target = io.BytesIO()
    with CLIP.open("rb") as source:
        sign_recording(source, target, manifest, chain)
    return target.getvalue()


def checked(recording: bytes, anchors: str) -> tuple[str, dict[str, Any]]:
    """What c2pa says of it, and its manifest."""
    settings = c2pa.Settings.from_dict({"trust": {"user_anchors": anchors}} if anchors else {})
    with (
        c2pa.Context(settings) as context,
        c2pa.Reader("video/mp4", io.BytesIO(recording), context=context) as reader,
    ):
        store: dict[str, Any] = json.loads(reader.json())
        return str(reader.get_validation_state()), store


def test_a_recording_is_trusted_by_who_trusts_the_root(tmp_path: Path) -> None:
    chain = CertificateChain.of("", tmp_path)
    state, store = checked(signed(chain), chain.root)
    assert state == "Trusted"
    manifest = store["manifests"][store["active_manifest"]]
    said = {one["label"]: one["data"] for one in manifest["assertions"]}
    assert said["c2pa.soft-binding"]["blocks"][0]["value"] == "00000007"
    assert [one["ownFace"] for one in said["talchum.recording"]["pictures"]] == [False, True]


def test_without_the_root_or_with_another_it_is_not(tmp_path: Path) -> None:
    recording = signed(CertificateChain.of("", tmp_path))
    other = CertificateChain.of("", tmp_path / "elsewhere")
    assert checked(recording, "")[0] != "Trusted"
    assert checked(recording, other.root)[0] != "Trusted"


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    chain = CertificateChain.of("", tmp_path)
    recording = bytearray(signed(chain))
    recording[-1000] ^= 1
    state, store = checked(bytes(recording), chain.root)
    assert state == "Invalid"
    assert "assertion.bmffHash.mismatch" in {one["code"] for one in store["validation_status"]}


def test_what_is_no_film_cannot_be_signed(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError) as caught:
        sign_recording(io.BytesIO(b"x" * 99), io.BytesIO(), {}, CertificateChain.of("", tmp_path))
    assert caught.value.code == "recording_not_signed"


def test_a_chain_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    start, made = threading.Barrier(4), list[CertificateChain]()

    def make() -> None:
        start.wait()
        made.append(CertificateChain.of("", tmp_path))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert (tmp_path / CHAIN_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [CHAIN_FILE]


def test_a_chain_of_the_operators_is_taken(tmp_path: Path) -> None:
    own = CertificateChain.of("", tmp_path)
    assert CertificateChain.of(str(tmp_path / CHAIN_FILE), tmp_path / "elsewhere") == own


def test_a_chain_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    own, other = CertificateChain.of("", tmp_path), CertificateChain.of("", tmp_path / "elsewhere")
    for text in ("", own.key, own.root, other.key + "".join(own.certificates)):
        with pytest.raises(SettingsError) as caught:
            CertificateChain.parse(text)
        assert caught.value.code == "recording_chain_invalid"
    with pytest.raises(SettingsError):
        CertificateChain.of(str(tmp_path / "nothing.pem"), tmp_path)
