"""What a recording of a call says of itself, as a C2PA manifest (C2PA 2.2).

Of each picture, from left to right: whether a person's own face was in it, and the face legs whose pictures
it showed. No names and no peers: the tags lead to the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from talchum.domain.disclosure import DisclosedLeg

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
SOFT_BINDING = "c2pa.soft-binding"
MARK_ALGORITHM = "talchum.mark.v1"
"""What names the invisible mark in a soft binding; its value is a leg's tag."""
RECORDING = "talchum.recording"
"""The assertion that every recording carries, whatever was worn in it."""


@dataclass(slots=True)
class RecordedPicture:
    """One participant's place in the recording. own_face: whether they said that they show it."""

    own_face: bool = False
    legs: dict[str, DisclosedLeg] = field(default_factory=dict)

    def disclosed(self, legs: tuple[DisclosedLeg, ...]) -> None:
        """These face legs may be seen in it."""
        self.legs.update({str(leg.tag): leg for leg in legs})

    def summary(self) -> dict[str, object]:
        """As it stands in the manifest."""
        return {
            "ownFace": self.own_face,
            "legs": [{"tag": tag, "kind": leg.kind, "engine": leg.engine} for tag, leg in self.legs.items()],
        }


def manifest_of(
    pictures: list[RecordedPicture], statements: list[str], *, recording: str, version: str
) -> dict[str, object]:
    """The manifest of a recording, to be signed.

    statements: signed disclosures of what was worn. recording: its name in the audit log.
    """
    tags = list(dict.fromkeys(tag for picture in pictures for tag in picture.legs))
    source = COMPOSITE if tags else CAPTURE
    assertions: list[dict[str, object]] = [
        {
            "label": "c2pa.actions.v2",
            "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": source}]},
        },
        {
            "label": RECORDING,
            "data": {
                "recording": recording,
                "pictures": [picture.summary() for picture in pictures],
                "disclosures": statements,
            },
        },
    ]
    if tags:
        blocks = [{"scope": {}, "value": tag} for tag in tags]
        binding: dict[str, object] = {"alg": MARK_ALGORITHM, "blocks": blocks}
        assertions.append({"label": SOFT_BINDING, "data": binding})
    return {
        "claim_generator_info": [{"name": "talchum", "version": version}],
        "title": "A recorded call",
        "format": "video/mp4",
        "assertions": assertions,
    }
