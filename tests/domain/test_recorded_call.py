from __future__ import annotations

from typing import Any

from talchum.domain.disclosure import DisclosedLeg
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import CAPTURE, COMPOSITE, RecordedPicture, manifest_of

SORA, VEIL = DisclosedLeg(LegTag(1), "synthetic", "neural"), DisclosedLeg(LegTag(2), "anonymise", "veil")


def assertions(*pictures: RecordedPicture) -> dict[str, Any]:
    manifest: dict[str, Any] = manifest_of(list(pictures), ["a.b.c"], recording="r" * 32, version="1")
    return {one["label"]: one["data"] for one in manifest["assertions"]}


def test_every_leg_that_was_seen_is_bound_by_its_tag() -> None:
    performer, other = RecordedPicture(), RecordedPicture(own_face=True)
    performer.disclosed((SORA,))
    performer.disclosed((SORA, VEIL))
    said = assertions(performer, other)
    assert said["c2pa.soft-binding"] == {
        "alg": "talchum.mark.v1",
        "blocks": [{"scope": {}, "value": "00000001"}, {"scope": {}, "value": "00000002"}],
    }
    assert said["talchum.recording"]["pictures"] == [
        {
            "ownFace": False,
            "legs": [
                {"tag": "00000001", "kind": "synthetic", "engine": "neural"},
                {"tag": "00000002", "kind": "anonymise", "engine": "veil"},
            ],
        },
        {"ownFace": True, "legs": []},
    ]
    assert said["c2pa.actions.v2"]["actions"][0]["digitalSourceType"] == COMPOSITE


def test_a_call_of_own_faces_is_no_synthetic_media() -> None:
    said = assertions(RecordedPicture(own_face=True), RecordedPicture(own_face=True))
    assert said["c2pa.actions.v2"]["actions"][0]["digitalSourceType"] == CAPTURE
    assert "c2pa.soft-binding" not in said
