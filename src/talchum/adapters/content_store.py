"""Files by what is in them: a blob's name is the SHA-256 of its bytes, checked before anybody opens it.

Bundles, captures and job files lie here, so that a worker on any machine can fetch what a record names.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from talchum.domain.errors import ContentError, SettingsError

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ContentStore(Protocol):
    """Where blobs lie. digest: SHA-256 in lower-case hexadecimal."""

    def put(self, data: bytes) -> str:
        """Keep a blob; its digest. Raises ContentError (`content_unavailable`)."""

    def put_file(self, path: Path) -> str:
        """Keep a file's bytes; their digest. Raises ContentError (`content_unavailable`)."""

    def get(self, digest: str) -> bytes:
        """The bytes, checked. Raises ContentError (`content_missing`, `content_corrupt`)."""

    def path(self, digest: str) -> Path:
        """A local file with the bytes, checked now; not to be written to. Raises ContentError as `get`."""

    def delete(self, digest: str) -> None:
        """Forget a blob; nothing happens when there is none."""


@dataclass(frozen=True, slots=True)
class DirectoryStore:
    """Blobs as files ``ab/abcdef...`` of one directory, which may be shared by machines."""

    directory: Path

    def put(self, data: bytes) -> str:
        """Keep a blob; its digest."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._place(digest)
        if path.exists():
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(part).replace(path)  # a kill leaves the whole blob or none under its name
        except OSError as error:
            raise ContentError(f"a blob cannot be kept: {error.strerror}", retryable=True) from error
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a file's bytes; their digest."""
        return self.put(path.read_bytes())

    def get(self, digest: str) -> bytes:
        """The bytes, checked."""
        path = self._place(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise content_missing(digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise content_corrupt(digest)
        return data

    def path(self, digest: str) -> Path:
        """A local file with the bytes, checked now."""
        self.get(digest)
        return self._place(digest)

    def delete(self, digest: str) -> None:
        """Forget a blob."""
        self._place(digest).unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        expect_digest(digest)
        return self.directory / digest[:2] / digest


def open_content_store(url: str, cache_directory: Path) -> ContentStore:
    """The store behind ``file:///directory`` or ``s3://bucket/prefix`` (the extra `s3`).

    cache_directory: where what was fetched from a bucket stays. Raises SettingsError.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return DirectoryStore(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from talchum.adapters.s3_store import S3Store  # a machine without a bucket has no boto3

        return S3Store.open(url, cache_directory)
    raise SettingsError("got a content store of an unknown kind, expected file:///directory or s3://bucket")


def expect_digest(digest: str) -> None:
    """Pass for a SHA-256 in lower-case hexadecimal. Raises ContentError (`content_missing`)."""
    if _DIGEST.fullmatch(digest) is None:
        raise ContentError(f"got digest {digest!r:.80}, expected a SHA-256", code="content_missing")


def content_missing(digest: str) -> ContentError:
    """The error of a blob that is not there."""
    return ContentError(f"got no content {digest[:12]}, expected it", code="content_missing")


def content_corrupt(digest: str) -> ContentError:
    """The error of a blob that is not what its name says."""
    return ContentError(f"got other bytes as content {digest[:12]}", code="content_corrupt")
