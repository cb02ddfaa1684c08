from __future__ import annotations

from pathlib import Path

import pytest

from building import networks
from building.errors import BuildError
from building.network_files import pinned_files
from talchum.vision.networks import PACKAGES


def test_converted_networks_with_other_bytes_are_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dict.fromkeys((pinned.name for pinned in pinned_files()), b"not the pinned bytes")
    monkeypatch.setattr(networks, "convert", lambda tarballs: wrong)
    with pytest.raises(BuildError, match=r"face_detection_short_range\.onnx with sha256"):
        networks.build_networks({}, tmp_path / "networks")
    assert not (tmp_path / "networks").exists()


def test_tarball_with_other_bytes_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "package.tgz"
    tarball.write_bytes(b"something else")
    with pytest.raises(BuildError, match=r"package\.tgz"):
        networks.build_networks(dict.fromkeys(PACKAGES, tarball), tmp_path / "networks")
