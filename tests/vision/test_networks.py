from __future__ import annotations

from pathlib import Path

import pytest

from talchum.domain.errors import NetworkFileError
from talchum.vision.networks import NETWORKS, default_networks_directory, network_path

NAME = "face_landmarks_attention"
FILE = NETWORKS[NAME].file


def refusal(name: str, directory: Path) -> NetworkFileError:
    with pytest.raises(NetworkFileError) as refused:
        network_path(name, directory)
    return refused.value


@pytest.mark.vision
@pytest.mark.parametrize("name", list(NETWORKS))
def test_installed_network_is_the_pinned_one(name: str) -> None:
    assert network_path(name, default_networks_directory()).is_file()


def test_file_with_other_bytes_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not the network")
    error = refusal(NAME, tmp_path)
    assert error.code == "network_file_corrupt"
    assert FILE in error.message
    assert NETWORKS[NAME].sha256 in error.message


def test_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    error = refusal(NAME, tmp_path)
    assert error.code == "network_file_missing"
    assert FILE in error.message
    assert str(tmp_path) not in error.message


def test_directory_in_the_files_place_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert refusal(NAME, tmp_path).code == "network_file_missing"


def test_unknown_network_is_refused(tmp_path: Path) -> None:
    error = refusal("face_swap", tmp_path)
    assert error.code == "network_unknown"
    assert NAME in error.message
