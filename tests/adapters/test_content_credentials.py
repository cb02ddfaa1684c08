"""Content credentials of files as they come: of ours, of others, broken, and where there can be none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from talchum.adapters.content_credentials import read_credentials
from talchum.adapters.recording_credentials import CertificateChain, sign_recording
from talchum.domain.recorded_call import RecordedPicture, manifest_of
from talchum.domain.verification import CredentialsFinding
from tests.adapters.test_recording_credentials import CLIP, signed


@pytest.fixture
def chain(tmp_path: Path) -> CertificateChain:
    return CertificateChain.of("", tmp_path)


def kept(directory: Path, data: bytes) -> Path:
    """As the call server keeps what people give it, without a name that says what it is."""
    path = directory / "video-1"
    path.write_bytes(data)
    return path


def test_a_recording_is_known_by_what_is_in_it(tmp_path: Path, chain: CertificateChain) -> None:
    path = kept(tmp_path, signed(chain))
    assert read_credentials(path, chain.root) == CredentialsFinding("trusted", frozenset({"00000007"}), True)
    assert read_credentials(path).state == "valid"


def test_what_others_signed_does_not_name_talchum(tmp_path: Path, chain: CertificateChain) -> None:
    manifest = manifest_of([RecordedPicture(own_face=True)], [], recording="r" * 32, version="1")
    assertions = manifest["assertions"]
    assert isinstance(assertions, list)
    with CLIP.open("rb") as source, (tmp_path / "video-1").open("w+b") as target:
        sign_recording(source, target, {**manifest, "assertions": assertions[:1]}, chain)
    assert read_credentials(tmp_path / "video-1", chain.root) == CredentialsFinding("trusted")


@pytest.mark.parametrize("name", [b"talchum.recording", b"A recorded call", b"jumb"])
def test_a_manifest_that_was_changed_still_names_talchum(
    tmp_path: Path, chain: CertificateChain, name: bytes
) -> None:
    recording = bytearray(signed(chain))
    recording[recording.index(name) + 1] ^= 1
    found = read_credentials(kept(tmp_path, bytes(recording)), chain.root)
    assert (found.state, found.names_talchum) == ("invalid", True)


@pytest.mark.parametrize("container", ["mp4", "mov", "webm", "matroska", "avi", "mpegts"])
def test_a_video_without_credentials_has_none_in_any_container(tmp_path: Path, container: str) -> None:
    path = tmp_path / "video-1"
    with av.open(str(path), "w", format=container) as target:
        stream = target.add_stream("vp8" if container == "webm" else "mpeg4", Fraction(10))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            target.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        target.mux(stream.encode(None))
    assert read_credentials(path) == CredentialsFinding()


def test_an_empty_file_has_none(tmp_path: Path) -> None:
    assert read_credentials(kept(tmp_path, b"")).tags == frozenset()
