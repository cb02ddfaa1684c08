"""Captures: their id follows from what is in them, and what says nothing of its origin is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from talchum.domain.capture import Capture, is_capture_id
from talchum.domain.errors import CaptureError
from talchum.domain.identity import identity_from_manifest

CAPTURE = Capture(
    subject="sora",
    title={"en": "Sora", "ko": "소라"},
    clip="a" * 64,
    still="b" * 64,
    points="c" * 64,
    thumbnail="d" * 64,
    seconds=13.0,
    provenance={"generator": "faces.captures", "statement": "drawn; it shows nobody", "inputs": []},
    created=1.8e9,
)


def test_the_same_bytes_have_the_same_id_whenever_they_were_made() -> None:
    assert is_capture_id(CAPTURE.id)
    assert replace(CAPTURE, created=0.0, title={"en": "S", "ko": "소"}).id == CAPTURE.id


@pytest.mark.parametrize("part", ["clip", "still", "points", "thumbnail"])
def test_other_bytes_have_another_id(part: str) -> None:
    changes: dict[str, Any] = {part: "e" * 64}
    assert replace(CAPTURE, **changes).id != CAPTURE.id


def test_two_people_never_share_an_id() -> None:
    assert replace(CAPTURE, subject="kofi").id != CAPTURE.id


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "../sora"},
        {"title": {"en": "Sora"}},
        {"title": {"en": "Sora", "ko": " "}},
        {"clip": "abc"},
        {"thumbnail": "D" * 64},
        {"seconds": 0.0},
        {"seconds": float("nan")},
        {"provenance": {}},
        {"provenance": {"generator": "faces.captures", "inputs": []}},
        {"provenance": {"generator": "", "statement": "drawn", "inputs": []}},
        {"provenance": {"generator": "faces.captures", "statement": "drawn"}},
    ],
)
def test_a_capture_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(CaptureError) as refused:
        replace(CAPTURE, **fields)
    assert refused.value.code == "capture_invalid"


def test_the_identity_that_learns_from_a_capture_says_where_it_comes_from() -> None:
    files = {"thumbnail.webp": "0" * 64, "texture.webp": "0" * 64, "texture_points.npy": "0" * 64}
    fields = {**CAPTURE.identity_fields("hana", {"en": "Hana", "ko": "하나"}), "files": files}
    identity = identity_from_manifest(fields, "hana")
    assert identity.title["ko"] == "하나"
    assert "Sora" in identity.description["en"]
    assert identity.provenance["statement"] == CAPTURE.provenance["statement"]
    assert identity.engines[0] == "neural"


@pytest.mark.parametrize("text", ["", "cap-", "cap-" + "0" * 15, "cap-" + "G" * 16, "../cap-" + "0" * 16, 7])
def test_other_texts_are_no_ids(text: object) -> None:
    assert not is_capture_id(text)
