"""A bundle: a whole identity as it is kept or sent, its manifest and the files that the manifest pins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from talchum.domain.errors import IdentityError
from talchum.domain.identity import Identity, identity_from_manifest

MAX_BUNDLE_BYTES = 3 * 1024 * 1024  # of all files together


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Made by `Bundle.of`, which pins the files.

    manifest: ready for JSON. files: bytes by name, each with its SHA-256 in the manifest.
    Raises IdentityError (`identity_corrupt`, `identity_invalid` when it is too large).
    """

    manifest: Mapping[str, object]
    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        if digests != dict(self.identity.files):
            raise IdentityError(
                "got a bundle whose files are not those of its manifest, expected them",
                code="identity_corrupt",
            )
        size = sum(map(len, self.files.values()))
        if size > MAX_BUNDLE_BYTES:
            raise IdentityError(f"got a bundle of {size} bytes, expected at most {MAX_BUNDLE_BYTES}")

    @classmethod
    def of(cls, fields: Mapping[str, object], files: Mapping[str, bytes]) -> Bundle:
        """Pin files. fields: of the manifest; its own `files`, if any, are replaced."""
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
        return cls({**fields, "files": digests}, dict(files))

    @property
    def identity(self) -> Identity:
        """What the manifest says."""
        return identity_from_manifest(dict(self.manifest), str(self.manifest.get("name")))
