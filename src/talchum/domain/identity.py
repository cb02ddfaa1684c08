"""What an identity says about itself: the manifest beside its pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeGuard

from talchum.domain.errors import IdentityError

IdentityKind = Literal["synthetic", "anonymise", "self", "licensed"]
Language = Literal["en", "ko"]

KINDS: tuple[IdentityKind, ...] = ("synthetic", "anonymise", "self", "licensed")
CONSENTED_KINDS: frozenset[IdentityKind] = frozenset({"self", "licensed"})
"""Faces of people: worn only with a consent that holds, and only by whom it names."""

LANGUAGES: tuple[Language, ...] = ("en", "ko")
OPENINGS = frozenset({"eyes", "mouth"})
THUMBNAIL_FILE = "thumbnail.webp"
TEXTURE_FILES = ("texture.webp", "texture.png")
TEXTURE_POINTS_FILE = "texture_points.npy"
NETWORK_FILE = "network.onnx"
NEUTRAL_SHAPE_FILE = "neutral_shape.npy"
PREVIEW_FILE = "preview.mp4"
METRICS_FILE = "metrics.json"
LEARNED_FILES = frozenset({NETWORK_FILE, NEUTRAL_SHAPE_FILE, PREVIEW_FILE, METRICS_FILE})
"""What a training adds to an identity."""

_FILES = frozenset({THUMBNAIL_FILE, *TEXTURE_FILES, TEXTURE_POINTS_FILE}) | LEARNED_FILES
_FIELDS = frozenset(
    {"name", "title", "description", "kind", "engines", "openings", "licence", "provenance", "files"}
)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_identity_name(name: object) -> TypeGuard[str]:
    """Whether a name can be an identity's: 1 to 32 of a-z, 0-9 and "-", a letter first; so never a path."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """A face that can be worn.

    title, description: by language ("en", "ko"). engines: engines that can render it, best first.
    openings: where the performer's own pixels show ("eyes", "mouth"). licence: SPDX identifier of its files.
    provenance: how it was made, at least `generator`, `inputs` and `statement`. files: SHA-256 of each.
    learned: whether this installation learned it, rather than came with it.
    """

    name: str
    title: Mapping[Language, str]
    description: Mapping[Language, str]
    kind: IdentityKind
    engines: tuple[str, ...]
    openings: frozenset[str]
    licence: str
    provenance: Mapping[str, object]
    files: Mapping[str, str]
    learned: bool = False

    @property
    def texture_file(self) -> str | None:
        """The name of its texture, or None for a cover that needs none."""
        return next((name for name in TEXTURE_FILES if name in self.files), None)

    @property
    def needs_consent(self) -> bool:
        """Whether it is the face of a person."""
        return self.kind in CONSENTED_KINDS


def identity_from_manifest(manifest: object, expected_name: str) -> Identity:
    """The identity a decoded manifest describes.

    Raises IdentityError `identity_corrupt`, naming the field, when anything is missing, unknown or malformed.
    """
    fields = _mapping(manifest, "manifest")
    if set(fields) != _FIELDS:
        raise _corrupt(
            f"fields {sorted(set(fields) ^ _FIELDS)} missing or unknown", "exactly the manifest's fields"
        )
    name = fields["name"]
    if not is_identity_name(name) or name != expected_name:
        raise _corrupt(f"name {name!r:.80}", f"{expected_name!r}")
    kind = fields["kind"]
    if kind not in KINDS:
        raise _corrupt(f"kind {kind!r:.80}", f"one of {', '.join(KINDS)}")
    openings = frozenset(_texts(fields["openings"], "openings"))
    if not openings <= OPENINGS:
        raise _corrupt(f"openings {sorted(openings)!r:.80}", "only eyes and mouth")
    engines = _texts(fields["engines"], "engines")
    if not engines:
        raise _corrupt("no engines", "at least one")
    return Identity(
        name=name,
        title=_by_language(fields["title"], "title"),
        description=_by_language(fields["description"], "description"),
        kind=kind,
        engines=engines,
        openings=openings,
        licence=_text(fields["licence"], "licence"),
        provenance=_provenance(fields["provenance"]),
        files=_files(fields["files"], kind != "anonymise"),
    )


def _corrupt(got: str, expected: str) -> IdentityError:
    return IdentityError(f"got a manifest with {got}, expected {expected}", code="identity_corrupt")


def _mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _corrupt(f"{field} of type {type(value).__name__}", f"an object as {field}")
    return MappingProxyType(value)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _corrupt(f"an empty {field}", f"some text as {field}")
    return value


def _texts(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _corrupt(f"{field} of type {type(value).__name__}", f"a list as {field}")
    return tuple(_text(item, field) for item in value)


def _by_language(value: object, field: str) -> Mapping[Language, str]:
    texts = _mapping(value, field)
    if set(texts) != set(LANGUAGES):
        raise _corrupt(f"{field} in {sorted(texts)}", f"{field} in {', '.join(LANGUAGES)}")
    return MappingProxyType({language: _text(texts[language], field) for language in LANGUAGES})


def _provenance(value: object) -> Mapping[str, object]:
    provenance = _mapping(value, "provenance")
    for field in ("generator", "statement"):
        _text(provenance.get(field), f"provenance {field}")
    if not isinstance(provenance.get("inputs"), list):
        raise _corrupt("no provenance inputs", "a list of what went into it, empty when nothing did")
    return provenance


def _files(value: object, has_texture: bool) -> Mapping[str, str]:
    files = _mapping(value, "files")
    textures = [name for name in TEXTURE_FILES if name in files]
    wanted = {THUMBNAIL_FILE, TEXTURE_POINTS_FILE, *textures} if has_texture else {THUMBNAIL_FILE}
    optional = LEARNED_FILES if has_texture else frozenset()
    if set(files) - optional != wanted or len(textures) != int(has_texture) or not set(files) <= _FILES:
        raise _corrupt(
            f"files {sorted(files)!r:.200}",
            "a thumbnail" + (", one texture and its texture points" if has_texture else " only"),
        )
    for name, digest in files.items():
        if not isinstance(digest, str) or _SHA256.fullmatch(digest) is None:
            raise _corrupt(f"{name} with digest {digest!r:.80}", "a SHA-256 in lower-case hexadecimal")
    return MappingProxyType({name: str(digest) for name, digest in files.items()})
