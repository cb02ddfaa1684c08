from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from building.errors import BuildError
from building.packed_assets import read_packed_assets, split_blob


def loader(*entries: tuple[str, int, int]) -> str:
    files = [{"filename": f"/third_party/{name}", "start": start, "end": end} for name, start, end in entries]
    return f'loadPackage({{"files": {json.dumps(files)}, "remote_package_size": 9}});'


def tarball(directory: Path, **members: bytes) -> tuple[Path, str]:
    path = directory / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, contents in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


PREFIX = "face_mesh_solution_packed_assets"


def whole_package() -> dict[str, bytes]:
    return {
        f"{PREFIX}_loader.js": loader(("a.tflite", 0, 3), ("b.binarypb", 3, 6)).encode(),
        f"{PREFIX}.data": b"aaabbb",
        "face_mesh.js": b"script",
    }


def test_files_are_cut_out_by_their_ranges(tmp_path: Path) -> None:
    assets = read_packed_assets(*tarball(tmp_path, **whole_package()))
    assert assets.files == {"a.tflite": b"aaa", "b.binarypb": b"bbb"}
    assert assets.script == "script"


def test_tarball_with_other_bytes_is_refused_by_name_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "package.tgz"
    path.write_bytes(b"not even an archive")
    with pytest.raises(BuildError, match=r"package\.tgz with sha256"):
        read_packed_assets(path, "0" * 64)


@pytest.mark.parametrize("missing", list(whole_package()))
def test_missing_member_is_named(tmp_path: Path, missing: str) -> None:
    members = {name: contents for name, contents in whole_package().items() if name != missing}
    with pytest.raises(BuildError, match=missing):
        read_packed_assets(*tarball(tmp_path, **members))


def test_missing_packed_file_is_named(tmp_path: Path) -> None:
    assets = read_packed_assets(*tarball(tmp_path, **whole_package()))
    with pytest.raises(BuildError, match=r"c\.tflite"):
        assets.file("c.tflite")


@pytest.mark.parametrize("entry", [("a", 0, 7), ("a", -1, 2), ("a", 4, 2)])
def test_range_beyond_the_blob_is_refused(entry: tuple[str, int, int]) -> None:
    with pytest.raises(BuildError, match="range"):
        split_blob(loader(entry), b"123456")


def test_loader_without_a_list_is_refused() -> None:
    with pytest.raises(BuildError, match="list of files"):
        split_blob("nothing here", b"")
