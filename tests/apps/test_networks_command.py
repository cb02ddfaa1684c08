from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from talchum.apps.networks_command import run
from talchum.vision.networks import FACE_TOPOLOGY_FILE, NETWORKS, PACKAGES, default_networks_directory

pytestmark = pytest.mark.vision

FILES = [*(network.file for network in NETWORKS.values()), FACE_TOPOLOGY_FILE.file]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes((default_networks_directory() / name).read_bytes())
    return tmp_path


def states(directory: Path) -> tuple[int, dict[str, str]]:
    out = io.StringIO()
    status = run(as_json=True, out=out, directory=directory)
    return status, {entry["file"]: entry["state"] for entry in json.loads(out.getvalue())}


def test_installation_is_whole() -> None:
    out = io.StringIO()
    assert run(as_json=True, out=out) == 0
    entries = json.loads(out.getvalue())
    assert [entry["file"] for entry in entries] == FILES
    for entry in entries:
        assert entry["state"] == "ok"
        assert (entry["source"].split()[1], entry["licence"]) in {
            (package.specification, package.licence) for package in PACKAGES
        }
    assert entries[0]["inputs"] == {"image": [1, 3, 128, 128]}


@pytest.mark.parametrize("name", FILES)
def test_corrupt_file_is_named_and_the_status_says_so(directory: Path, name: str) -> None:
    raw = bytearray((directory / name).read_bytes())
    raw[-1] ^= 1
    (directory / name).write_bytes(raw)
    assert states(directory) == (1, dict.fromkeys(FILES, "ok") | {name: "corrupt"})


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named_and_the_status_says_so(directory: Path, name: str) -> None:
    (directory / name).unlink()
    assert states(directory) == (1, dict.fromkeys(FILES, "ok") | {name: "missing"})


def test_people_read_which_file_is_wrong(directory: Path) -> None:
    (directory / FILES[0]).write_bytes(b"")
    out = io.StringIO()
    assert run(as_json=False, out=out, directory=directory) == 1
    assert f"wrong: {FILES[0]} (corrupt)" in out.getvalue()


def test_people_read_that_all_is_well(directory: Path) -> None:
    out = io.StringIO()
    assert run(as_json=False, out=out, directory=directory) == 0
    assert "wrong" not in out.getvalue()
