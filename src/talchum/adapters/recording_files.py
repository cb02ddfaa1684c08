"""Finished recordings of calls: sealed in the content store, and only a call's participants have the key.

What opens one is a secret that the room drew and told its participants. Of it the database has a hash, and
the key is another, so that neither the database nor the content store shows anything by itself.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import BigInteger, Column, Engine, Float, Integer, String, Table, delete, insert, select

from talchum.adapters.content_store import ContentStore
from talchum.adapters.database import METADATA, database_errors
from talchum.adapters.sealed_files import seal_stream, unsealed, unsealed_size
from talchum.domain.errors import ContentError

RECORDINGS = Table(
    "recordings",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("blob", String(64), nullable=False),
    Column("bytes", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("expires", Float, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A recording that can be read. size: in bytes."""

    path: Path
    size: int
    key: bytes

    def pieces(self) -> Iterator[bytes]:
        """The file, piece by piece."""
        return unsealed(self.path, self.key)


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """Usable from any thread; everything blocks and raises DatabaseError and ContentError.

    work: directory for what is sealed and on its way to the content store.
    """

    engine: Engine
    content: ContentStore
    work: Path

    def keep(self, file: IO[bytes], secret: str, expires: float) -> None:
        """Keep a recording until `expires` (wall clock). Nothing unsealed is written."""
        file.seek(0)
        with tempfile.TemporaryDirectory(dir=self.work) as directory:
            sealed = Path(directory) / "sealed"
            with sealed.open("wb") as target:
                seal_stream(file, target, _key(secret))
            values = {
                "id": _id(secret),
                "blob": self.content.put_file(sealed),
                "bytes": unsealed_size(sealed),
                "expires": expires,
            }
        with database_errors(), self.engine.begin() as connection:
            connection.execute(insert(RECORDINGS).values(values))

    def get(self, secret: str, now: float) -> KeptRecording:
        """A recording by its secret. Raises ContentError (`recording_unknown`) before and after its time."""
        query = select(RECORDINGS).where(RECORDINGS.c.id == _id(secret), RECORDINGS.c.expires > now)
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise ContentError(
                "got a recording that is not there, not yet or not any more",
                code="recording_unknown",
                retryable=True,
            )
        return KeptRecording(self.content.path(row.blob), row.bytes, _key(secret))

    def sweep(self, now: float) -> int:
        """Delete those whose time is over; how many there were."""
        over = RECORDINGS.c.expires <= now
        with database_errors(), self.engine.connect() as connection:
            rows = connection.execute(select(RECORDINGS.c.id, RECORDINGS.c.blob).where(over)).all()
        for row in rows:
            self.content.delete(row.blob)
            with database_errors(), self.engine.begin() as connection:
                connection.execute(delete(RECORDINGS).where(RECORDINGS.c.id == row.id))
        return len(rows)


def _id(secret: str) -> str:
    return hashlib.sha256(b"talchum recording id " + secret.encode()).hexdigest()


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"talchum recording key " + secret.encode()).digest()
