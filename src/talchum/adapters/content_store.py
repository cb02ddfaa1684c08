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

from talchum.domain.errors import ContentError

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
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(part).replace(path)  # a kill leaves the whole blob or none under its name
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
            raise ContentError(f"got no content {digest[:12]}, expected it", code="content_missing") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise ContentError(f"got other bytes as content {digest[:12]}", code="content_corrupt")
        return data

    def path(self, digest: str) -> Path:
        """A local file with the bytes, checked now."""
        self.get(digest)
        return self._place(digest)

    def delete(self, digest: str) -> None:
        """Forget a blob."""
        self._place(digest).unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        if _DIGEST.fullmatch(digest) is None:
            raise ContentError(f"got digest {digest!r:.80}, expected a SHA-256", code="content_missing")
        return self.directory / digest[:2] / digest
