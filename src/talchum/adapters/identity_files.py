"""Identities as directories: `<name>/manifest.json` and the files it pins by SHA-256."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from talchum.adapters.array_file import decode_floats
from talchum.adapters.image_file import decode_image
from talchum.domain.bundle import Bundle
from talchum.domain.errors import IdentityError, MediaFileError
from talchum.domain.frame import Image
from talchum.domain.identity import (
    NETWORK_FILE,
    NEUTRAL_SHAPE_FILE,
    PREVIEW_FILE,
    TEXTURE_POINTS_FILE,
    THUMBNAIL_FILE,
    Identity,
    identity_from_manifest,
    is_identity_name,
)
from talchum.vision.identity import IdentityAssets, Opening

logger = logging.getLogger(__name__)

MANIFEST_FILE = "manifest.json"
MAX_MANIFEST_BYTES = 64 * 1024
MAX_FILE_BYTES = 8 * 1024 * 1024


def default_identities_directory() -> Path:
    """The identities that ship with this installation."""
    return Path(__file__).resolve().parent.parent / "identities"


@dataclass(frozen=True, slots=True)
class IdentityFiles:
    """The identities in a directory; bytes are checked against the manifest before anything decodes them.

    A directory holds no person's face: one of kind `self` or `licensed` is refused (`consent_missing`).
    """

    directory: Path

    def list(self) -> list[Identity]:
        """All readable identities: people, then drawn masks, then covers, each by name.

        One whose manifest is not readable is left out and logged: it must not take the others down with it.
        """
        found = []
        for path in self.directory.glob(f"*/{MANIFEST_FILE}"):
            try:
                found.append(self.identity(path.parent.name))
            except IdentityError as error:
                logger.warning("identity left out: %s (%s)", error.message, error.code)
        return in_order(found)

    def identity(self, name: str) -> Identity:
        """The manifest of one identity; IdentityError `identity_unknown` or `identity_corrupt`."""
        if not is_identity_name(name):
            raise IdentityError(
                f"got identity {name!r:.80}, expected 1 to 32 of a-z, 0-9 and -", code="identity_unknown"
            )
        path = self.directory / name / MANIFEST_FILE
        if not path.is_file():
            raise IdentityError(
                f"got identity {name!r}, expected one that is installed", code="identity_unknown"
            )
        raw = _read(path, MAX_MANIFEST_BYTES)
        try:
            manifest = json.loads(raw)
        except ValueError as error:
            raise IdentityError(
                f"got an unreadable manifest of {name!r}, expected JSON", code="identity_corrupt"
            ) from error
        identity = identity_from_manifest(manifest, name)
        if identity.needs_consent:
            # A person's face comes from a live enrolment and lies beside its consent.
            raise IdentityError(
                f"got a face of kind {identity.kind} in a directory, expected none", code="consent_missing"
            )
        return identity

    def assets(self, name: str) -> IdentityAssets:
        """Pixels and mesh of one identity; tens of milliseconds: not for an event loop.

        Raises IdentityError: `identity_unknown`, `identity_corrupt` (a file is missing, not the pinned one or
        cannot be decoded), `identity_invalid` (shapes that do not fit together).
        """
        identity = self.identity(name)
        return load_assets(identity, lambda file: self._pinned(identity, file))

    def thumbnail(self, name: str) -> bytes:
        """The WebP picture of one identity, as `assets` checked."""
        return self._pinned(self.identity(name), THUMBNAIL_FILE)

    def preview(self, name: str) -> bytes:
        """The MP4 of one identity, checked too; IdentityError `identity_unknown` where it has none."""
        identity = self.identity(name)
        expect_preview(identity)
        return self._pinned(identity, PREVIEW_FILE)

    def write(self, bundle: Bundle) -> None:
        """Put an identity into the directory, its manifest last; files it no longer has go."""
        target = self.directory / bundle.identity.name
        target.mkdir(parents=True, exist_ok=True)
        for name, data in bundle.files.items():
            (target / name).write_bytes(data)
        text = json.dumps(bundle.manifest, ensure_ascii=False, indent=2) + "\n"
        (target / MANIFEST_FILE).write_text(text, encoding="utf-8")
        for path in target.iterdir():
            if path.name != MANIFEST_FILE and path.name not in bundle.files:
                path.unlink()

    def bundle(self, name: str) -> Bundle:
        """A whole identity, checked. Raises IdentityError as `assets`."""
        identity = self.identity(name)
        manifest = json.loads(_read(self.directory / name / MANIFEST_FILE, MAX_MANIFEST_BYTES))
        return Bundle(manifest, {file: self._pinned(identity, file) for file in identity.files})

    def _pinned(self, identity: Identity, file: str) -> bytes:
        path = self.directory / identity.name / file
        if not path.is_file():
            raise IdentityError(f"got no {file} of {identity.name!r}, expected it", code="identity_corrupt")
        raw = _read(path, MAX_FILE_BYTES)
        digest = hashlib.sha256(raw).hexdigest()
        if digest != identity.files[file]:
            raise IdentityError(
                f"got {file} of {identity.name!r} with sha256 {digest}, expected {identity.files[file]}",
                code="identity_corrupt",
            )
        return raw


def in_order(identities: Iterable[Identity]) -> list[Identity]:
    """People, then drawn masks, then covers, each by name."""
    return sorted(
        identities, key=lambda one: (one.kind == "anonymise", "mouth" not in one.openings, one.name)
    )


def expect_preview(identity: Identity) -> None:
    """Pass for an identity with a preview. Raises IdentityError (`identity_unknown`)."""
    if PREVIEW_FILE not in identity.files:
        raise IdentityError(
            f"got {identity.name!r} without a preview, expected a learned identity", code="identity_unknown"
        )


def load_assets(identity: Identity, read: Callable[[str], bytes]) -> IdentityAssets:
    """Pixels and mesh of an identity. read: the checked bytes of one of its files, by name.

    Raises IdentityError (`identity_corrupt`, `identity_invalid`) and what `read` raises.
    """
    name, openings = identity.name, cast("frozenset[Opening]", identity.openings)
    if identity.texture_file is None:
        nowhere = np.zeros((0, 2), np.float32)
        return IdentityAssets(name, identity.kind, None, None, nowhere, openings, identity.engines)
    pixels = _decode(read(identity.texture_file), identity.texture_file)
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    texture: Image = np.ascontiguousarray(pixels[..., 2::-1])  # OpenCV decodes to BGR
    points = _array(read(TEXTURE_POINTS_FILE), TEXTURE_POINTS_FILE)
    network = read(NETWORK_FILE) if NETWORK_FILE in identity.files else None
    shape = None
    if NEUTRAL_SHAPE_FILE in identity.files:
        shape = _array(read(NEUTRAL_SHAPE_FILE), NEUTRAL_SHAPE_FILE)
    return IdentityAssets(
        name, identity.kind, texture, alpha, points, openings, identity.engines, network, shape
    )


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise IdentityError(f"got {path.name} over {limit} bytes, expected less", code="identity_corrupt")
    return raw


def _undecodable(file: str) -> IdentityError:
    return IdentityError(
        f"got a {file} that cannot be decoded, expected a whole one", code="identity_corrupt"
    )


def _array(raw: bytes, file: str) -> NDArray[np.float32]:
    try:
        return decode_floats(raw)
    except MediaFileError as error:
        raise _undecodable(file) from error


def _decode(raw: bytes, file: str) -> Image:
    try:
        return decode_image(raw)
    except MediaFileError as error:
        raise _undecodable(file) from error
