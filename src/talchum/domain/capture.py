"""A capture: one person performing, kept so that a face network can learn them from it.

It names its parts by SHA-256. It comes from a generator of this project or from a live enrolment, never from
a photo or a clip that somebody sends: docs/identities.md has the rule.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from talchum.domain.errors import CaptureError
from talchum.domain.identity import CONSENTED_KINDS, LANGUAGES, IdentityKind, Language, is_identity_name

LICENCE = "CC0-1.0"
"""Of what the project's generators draw, and of the faces learned from it."""

PERSON_GENERATOR = "talchum.enrolment"
"""What a capture of a real person says it was made by."""

PERSON_LICENCE = "LicenseRef-consent"
"""Of a person's face: their consent, and nothing else."""

_ID = re.compile(r"cap-[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Capture:
    """One person's performance, and their face at rest.

    subject: a name for the person, as an identity's. title: by language. clip: digest of the performance, a
    video. still, points: digests of the face from the front and of where its mesh lies, as an identity's
    texture and texture points. thumbnail: digest of a portrait. seconds: of the clip. provenance: how it was
    made, at least `generator`, `inputs` and `statement`. created: wall clock, seconds.
    Raises CaptureError (`capture_invalid`).
    """

    subject: str
    title: Mapping[Language, str]
    clip: str
    still: str
    points: str
    thumbnail: str
    seconds: float
    provenance: Mapping[str, object]
    created: float

    def __post_init__(self) -> None:
        if not is_identity_name(self.subject):
            raise _invalid(f"subject {self.subject!r:.80}", "1 to 32 of a-z, 0-9 and -")
        if set(self.title) != set(LANGUAGES) or not all(text.strip() for text in self.title.values()):
            raise _invalid(f"a title in {sorted(self.title)!r:.80}", f"one in {', '.join(LANGUAGES)}")
        for name, digest in self.parts.items():
            if _SHA256.fullmatch(digest) is None:
                raise _invalid(f"{name} with digest {digest!r:.80}", "a SHA-256 in lower-case hexadecimal")
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise _invalid(f"{self.seconds} seconds", "a duration")
        for field in ("generator", "statement"):
            if not str(self.provenance.get(field) or "").strip():
                raise _invalid(f"a provenance without {field}", "it to say where the capture comes from")
        if not isinstance(self.provenance.get("inputs"), list):
            raise _invalid("no provenance inputs", "a list of what went into it, empty when nothing did")

    @property
    def parts(self) -> Mapping[str, str]:
        """The digest of each part."""
        return {
            "clip": self.clip,
            "still": self.still,
            "points": self.points,
            "thumbnail": self.thumbnail,
        }

    @property
    def id(self) -> str:
        """`cap-` and 16 hexadecimal digits of subject and parts: the same bytes have the same id."""
        text = "\n".join((self.subject, *self.parts.values()))
        return f"cap-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    @property
    def is_of_person(self) -> bool:
        """Whether it is of a real person, whose consent decides what becomes of it."""
        return self.provenance["generator"] == PERSON_GENERATOR

    def identity_fields(
        self,
        name: str,
        title: Mapping[Language, str] | None = None,
        *,
        kind: IdentityKind = "synthetic",
    ) -> dict[str, object]:
        """The manifest, but for its files, of the identity that learns from this capture.

        name: of the identity. title: by language; the capture's own unless given. kind: what a consent says
        of a person's.
        Raises CaptureError (`capture_of_person`) for a person's face that would be nobody's, and the reverse.
        """
        if self.is_of_person != (kind in CONSENTED_KINDS):
            raise CaptureError(
                f"got a capture for a face of kind {kind}, expected one of the other sort",
                code="capture_of_person",
            )
        return {
            "name": name,
            "title": dict(title or self.title),
            "description": {
                "en": f"Learned here from a performance of {self.title['en']}",
                "ko": f"{self.title['ko']}의 연기로 여기에서 학습한 얼굴",
            },
            "kind": kind,
            "engines": ["neural", "portrait"],
            "openings": ["eyes", "mouth"],
            "licence": PERSON_LICENCE if self.is_of_person else LICENCE,
            "provenance": dict(self.provenance),
        }


def is_capture_id(text: object) -> TypeGuard[str]:
    """Whether a text can be a capture's id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _invalid(got: str, expected: str) -> CaptureError:
    return CaptureError(f"got a capture with {got}, expected {expected}")
