"""Blobs in a bucket of S3 or of anything that speaks its protocol, with a cache on this machine.

Needs the extra ``s3``. Credentials and region come from where boto3 looks for them (environment, profile or
the machine's role), never from a URL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from talchum.adapters.content_store import DirectoryStore, content_corrupt, content_missing, expect_digest
from talchum.domain.errors import ContentError, SettingsError

_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True, slots=True)
class S3Store:
    """Blobs as objects ``prefix/ab/abcdef...`` of a bucket; usable from any thread.

    cache: where fetched blobs stay; a blob deleted by another machine stays there too, but no record names
    it any more. client: of boto3.
    """

    client: Any
    bucket: str
    prefix: str
    cache: DirectoryStore

    @classmethod
    def open(cls, url: str, cache_directory: Path) -> Self:
        """The store behind ``s3://bucket/prefix?endpoint=http://...``; nothing is asked of it yet.

        Raises SettingsError: a URL without a bucket, or boto3 is not installed.
        """
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        plain = bool(parts.netloc) and parts.netloc == parts.hostname  # no user, no password, no port
        if parts.scheme != "s3" or not plain or not set(options) <= {"endpoint"}:
            raise SettingsError(
                "got an address of a content store that cannot be read, "
                "expected s3://bucket/prefix or s3://bucket/prefix?endpoint=http://..."
            )
        endpoint = options.get("endpoint", [None])[0]
        return cls(_client(endpoint), parts.netloc, parts.path.strip("/"), DirectoryStore(cache_directory))

    def put(self, data: bytes) -> str:
        """Keep a blob; its digest."""
        digest = hashlib.sha256(data).hexdigest()
        with _store_errors(digest):
            self.client.put_object(Bucket=self.bucket, Key=self._key(digest), Body=data)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a file's bytes; their digest."""
        return self.put(path.read_bytes())

    def get(self, digest: str) -> bytes:
        """The bytes, checked; from this machine where they are here already."""
        expect_digest(digest)
        try:
            return self.cache.get(digest)
        except ContentError:
            self.cache.delete(digest)  # not here yet, or spoilt here: either way the bucket has it
        with _store_errors(digest):
            answer = self.client.get_object(Bucket=self.bucket, Key=self._key(digest))
            data: bytes = answer["Body"].read()
        if hashlib.sha256(data).hexdigest() != digest:
            raise content_corrupt(digest)
        self.cache.put(data)
        return data

    def path(self, digest: str) -> Path:
        """A local file with the bytes, checked now."""
        self.get(digest)
        return self.cache.path(digest)

    def delete(self, digest: str) -> None:
        """Forget a blob, here and in the bucket."""
        expect_digest(digest)
        with _store_errors(digest):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(digest))
        self.cache.delete(digest)

    def _key(self, digest: str) -> str:
        key = f"{digest[:2]}/{digest}"
        return f"{self.prefix}/{key}" if self.prefix else key


def _client(endpoint: str | None) -> Any:
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        raise SettingsError(
            "got an s3:// content store without boto3, expected: pip install 'talchum[s3]'"
        ) from None
    options = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        # bytes are checked by their SHA-256; stores other than Amazon's may refuse a second checksum
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # a session of its own: boto3's default one may not be used by two threads at once
    return Session().client("s3", endpoint_url=endpoint, config=options)


@contextmanager
def _store_errors(digest: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise content_missing(digest) from None
        raise _unavailable(code or "an error") from error
    except BotoCoreError as error:
        raise _unavailable(type(error).__name__) from error


def _unavailable(what: str) -> ContentError:
    return ContentError(f"the content store answered {what:.80}, expected it to serve", retryable=True)
