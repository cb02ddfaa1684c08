"""Identities on disk: the shipped ones are whole, and anything tampered with is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.bundle import Bundle
from talchum.domain.errors import IdentityError
from tests.adapters.learned_bundles import learned_bundle

SHIPPED = IdentityFiles(default_identities_directory())
MASKS = {"yangban", "bune", "gaksi"}
MAX_SHIPPED_BYTES = 30 * 1024 * 1024


def shipped_names() -> list[str]:
    return [identity.name for identity in SHIPPED.list()]


@pytest.fixture
def copied(tmp_path: Path) -> IdentityFiles:
    """One person and the veil, in a directory that may be spoilt."""
    for name in (shipped_names()[0], "veil"):
        shutil.copytree(SHIPPED.directory / name, tmp_path / name)
    return IdentityFiles(tmp_path)


def person_in(files: IdentityFiles) -> str:
    return next(one.name for one in files.list() if one.kind == "synthetic")


def test_people_masks_and_veil_ship() -> None:
    identities = SHIPPED.list()
    people = [one for one in identities if one.kind == "synthetic" and "mouth" in one.openings]
    assert len(people) >= 8
    assert {one.name for one in identities if one.openings == {"eyes"}} == MASKS
    covers = [one for one in identities if one.kind == "anonymise"]
    assert [(one.name, one.engines) for one in covers] == [("veil", ("veil",))]


@pytest.mark.parametrize("kind", ["self", "licensed"])
def test_a_directory_is_no_way_in_for_a_persons_face(copied: IdentityFiles, kind: str) -> None:
    name = person_in(copied)
    path = copied.directory / name / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "kind": kind}))
    assert name not in [identity.name for identity in copied.list()]
    for ask in (copied.assets, copied.thumbnail, copied.bundle):
        with pytest.raises(IdentityError) as refused:
            ask(name)
        assert refused.value.code == "consent_missing"


def test_list_shows_people_first_then_masks_then_the_veil() -> None:
    names = shipped_names()
    assert names[-1] == "veil"
    assert set(names[-4:-1]) == MASKS
    assert names[:-4] == sorted(names[:-4])


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_identity_is_whole_and_says_where_it_comes_from(name: str) -> None:
    identity = SHIPPED.identity(name)
    on_disk = {path.name for path in (SHIPPED.directory / name).iterdir()}
    assert on_disk == {"manifest.json", *identity.files}, "every file is listed, and nothing else lies there"
    assert identity.licence == "CC0-1.0"
    assert str(identity.provenance["generator"]).startswith("faces.")
    assert "no photograph" in str(identity.provenance["statement"])
    inputs = identity.provenance["inputs"]
    assert isinstance(inputs, list)
    for source in inputs:
        assert source["licence"] == "CC0-1.0"
        assert len(source["sha256"]) == 64


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_assets_load_and_fit_together(name: str) -> None:
    assets = SHIPPED.assets(name)
    if assets.kind == "anonymise":
        assert assets.texture is None
        return
    assert assets.texture is not None
    height, width = assets.texture.shape[:2]
    assert max(height, width) <= 768
    face = np.ptp(assets.texture_points, axis=0)
    assert face[0] >= 400, "the face fills the texture"
    # a face the right way up: the eyes above the mouth, the performer's right eye on the picture's left
    assert assets.texture_points[159, 1] < assets.texture_points[13, 1]
    assert assets.texture_points[33, 0] < assets.texture_points[263, 0]


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_thumbnail_is_a_small_square_webp(name: str) -> None:
    raw = SHIPPED.thumbnail(name)
    picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    assert raw[8:12] == b"WEBP"
    assert picture is not None
    assert picture.shape == (256, 256, 3)


def test_all_shipped_identities_together_stay_small() -> None:
    total = sum(path.stat().st_size for path in SHIPPED.directory.rglob("*") if path.is_file())
    assert total <= MAX_SHIPPED_BYTES


def test_texture_comes_back_as_rgb(copied: IdentityFiles) -> None:
    name = person_in(copied)
    assets = copied.assets(name)
    assert assets.texture is not None
    height, width = assets.texture.shape[:2]
    middle = assets.texture[height // 2 - 40 : height // 2 + 40, width // 2 - 40 : width // 2 + 40].mean(
        (0, 1)
    )
    assert middle[0] > middle[2], "skin is redder than it is blue"


@pytest.mark.parametrize("file", ["texture.webp", "thumbnail.webp", "texture_points.npy"])
def test_changed_file_is_refused_by_name(copied: IdentityFiles, file: str) -> None:
    name = person_in(copied)
    path = copied.directory / name / file
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(IdentityError, match=file) as caught:
        copied.thumbnail(name) if file == "thumbnail.webp" else copied.assets(name)
    assert caught.value.code == "identity_corrupt"


def test_missing_file_is_refused_by_name(copied: IdentityFiles) -> None:
    name = person_in(copied)
    (copied.directory / name / "texture_points.npy").unlink()
    with pytest.raises(IdentityError, match=r"texture_points\.npy") as caught:
        copied.assets(name)
    assert caught.value.code == "identity_corrupt"


def repinned(files: IdentityFiles, name: str, file: str, data: bytes) -> None:
    """Put other bytes into an identity and pin them, as somebody who can write manifests would."""
    directory = files.directory / name
    (directory / file).write_bytes(data)
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][file] = hashlib.sha256(data).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("file", ["texture.webp", "texture_points.npy"])
def test_pinned_rubbish_is_refused(copied: IdentityFiles, file: str) -> None:
    name = person_in(copied)
    repinned(copied, name, file, b"rubbish")
    with pytest.raises(IdentityError) as caught:
        copied.assets(name)
    assert caught.value.code == "identity_corrupt"


def test_pinned_points_of_a_wrong_shape_are_refused(copied: IdentityFiles, tmp_path: Path) -> None:
    name = person_in(copied)
    np.save(tmp_path / "few.npy", np.zeros((3, 2), np.float32))
    repinned(copied, name, "texture_points.npy", (tmp_path / "few.npy").read_bytes())
    with pytest.raises(IdentityError) as caught:
        copied.assets(name)
    assert caught.value.code == "identity_invalid"


@pytest.mark.parametrize("name", ["nobody", "../x", "..", "/etc", "sora/../veil", "", "a" * 400])
def test_unknown_or_unsafe_name_is_unknown(name: str) -> None:
    for ask in (SHIPPED.identity, SHIPPED.assets, SHIPPED.thumbnail):
        with pytest.raises(IdentityError) as caught:
            ask(name)
        assert caught.value.code == "identity_unknown"
        assert len(caught.value.message) < 200


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff", '{"name": "' + "a" * 70_000])
def test_broken_manifest_is_refused_and_leaves_the_others_listed(copied: IdentityFiles, text: str) -> None:
    name = person_in(copied)
    (copied.directory / name / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(IdentityError) as caught:
        copied.identity(name)
    assert caught.value.code == "identity_corrupt"
    assert [one.name for one in copied.list()] == ["veil"]


def test_directory_under_another_name_is_refused(copied: IdentityFiles) -> None:
    name = person_in(copied)
    (copied.directory / name).rename(copied.directory / "other")
    with pytest.raises(IdentityError) as caught:
        copied.identity("other")
    assert caught.value.code == "identity_corrupt"


def test_directory_without_identities_lists_none(tmp_path: Path) -> None:
    assert IdentityFiles(tmp_path / "absent").list() == []


def test_a_bundle_that_was_written_is_the_identity_and_what_it_dropped_is_gone(tmp_path: Path) -> None:
    files, learned = IdentityFiles(tmp_path), learned_bundle("hana")
    files.write(learned)
    assert files.identity("hana").files == learned.identity.files
    assert files.preview("hana") == b"a preview"
    assert files.bundle("hana").files == learned.files
    still = {name: data for name, data in learned.files.items() if name != "preview.mp4"}
    files.write(Bundle.of(learned.manifest, still))
    assert not (tmp_path / "hana" / "preview.mp4").exists()


def test_an_identity_without_a_preview_says_so(copied: IdentityFiles) -> None:
    with pytest.raises(IdentityError) as caught:
        copied.preview("veil")
    assert caught.value.code == "identity_unknown"
