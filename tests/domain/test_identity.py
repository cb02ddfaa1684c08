"""Manifests: what is taken and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from talchum.domain.errors import IdentityError
from talchum.domain.identity import identity_from_manifest, is_identity_name

DIGEST = "0" * 64
MANIFEST: dict[str, Any] = {
    "name": "sora",
    "title": {"en": "Sora", "ko": "소라"},
    "description": {"en": "a synthetic woman", "ko": "가상 여성"},
    "kind": "synthetic",
    "engines": ["portrait"],
    "openings": ["eyes", "mouth"],
    "licence": "CC0-1.0",
    "provenance": {"generator": "faces.people", "statement": "shows nobody", "inputs": []},
    "files": {"thumbnail.webp": DIGEST, "texture.webp": DIGEST, "texture_points.npy": DIGEST},
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(MANIFEST), **fields}


def test_complete_manifest_becomes_an_identity() -> None:
    identity = identity_from_manifest(MANIFEST, "sora")
    assert identity.title["ko"] == "소라"
    assert identity.openings == {"eyes", "mouth"}
    assert identity.texture_file == "texture.webp"


@pytest.mark.parametrize("kind", ["self", "licensed"])
def test_the_face_of_a_person_needs_consent_and_has_a_texture(kind: str) -> None:
    identity = identity_from_manifest(changed(kind=kind), "sora")
    assert identity.needs_consent
    assert identity.texture_file == "texture.webp"
    assert not identity_from_manifest(MANIFEST, "sora").needs_consent


def test_cover_has_a_thumbnail_and_no_texture() -> None:
    manifest = changed(
        name="veil", kind="anonymise", engines=["veil"], openings=[], files={"thumbnail.webp": DIGEST}
    )
    assert identity_from_manifest(manifest, "veil").texture_file is None


def test_what_was_learned_may_be_there_or_not() -> None:
    for file in ("network.onnx", "neutral_shape.npy", "preview.mp4", "metrics.json"):
        manifest = changed(files={**MANIFEST["files"], file: DIGEST})
        assert file in identity_from_manifest(manifest, "sora").files
        cover = changed(kind="anonymise", files={"thumbnail.webp": DIGEST, file: DIGEST})
        with pytest.raises(IdentityError):
            identity_from_manifest(cover, "sora")


@pytest.mark.parametrize("field", sorted(MANIFEST))
def test_manifest_without_a_field_is_refused(field: str) -> None:
    manifest = changed()
    del manifest[field]
    with pytest.raises(IdentityError) as caught:
        identity_from_manifest(manifest, "sora")
    assert caught.value.code == "identity_corrupt"


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": "me.jpg"},
        {"name": "doyun"},
        {"kind": "photograph"},
        {"engines": []},
        {"engines": "portrait"},
        {"openings": ["hands"]},
        {"title": {"en": "Sora"}},
        {"description": {"en": "", "ko": "가상"}},
        {"licence": " "},
        {"provenance": {"generator": "faces.people", "inputs": []}},
        {"provenance": {"generator": "", "statement": "shows nobody", "inputs": []}},
        {"provenance": {"generator": "faces.people", "statement": "shows nobody"}},
        {"files": {"thumbnail.webp": DIGEST}},
        {"files": {**MANIFEST["files"], "texture.png": DIGEST}},
        {"files": {**MANIFEST["files"], "../../escape": DIGEST}},
        {"files": {**MANIFEST["files"], "thumbnail.webp": "abc"}},
        {"files": []},
    ],
)
def test_manifest_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(IdentityError) as caught:
        identity_from_manifest(changed(**fields), "sora")
    assert caught.value.code == "identity_corrupt"


def test_cover_with_a_texture_is_refused() -> None:
    with pytest.raises(IdentityError):
        identity_from_manifest(changed(kind="anonymise"), "sora")


@pytest.mark.parametrize("manifest", [None, [], "sora", 3])
def test_manifest_that_is_no_object_is_refused(manifest: object) -> None:
    with pytest.raises(IdentityError):
        identity_from_manifest(manifest, "sora")


@pytest.mark.parametrize("name", ["sora", "a", "old-mask-2", "a" * 32])
def test_plain_names_are_names(name: str) -> None:
    assert is_identity_name(name)


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".", "Sora", "-a", "2a", "a" * 33, "a\n", "소라", None, 3]
)
def test_names_that_could_be_paths_or_worse_are_not_names(name: object) -> None:
    assert not is_identity_name(name)
