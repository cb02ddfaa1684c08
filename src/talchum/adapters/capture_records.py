"""The captures that networks may learn from, in the database; their parts are in the content store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Engine, Float, Row, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from talchum.adapters.content_store import ContentStore
from talchum.adapters.database import METADATA, database_errors
from talchum.domain.capture import Capture, is_capture_id
from talchum.domain.errors import CaptureError
from talchum.domain.identity import TEXTURE_FILES, TEXTURE_POINTS_FILE, THUMBNAIL_FILE

_CAPTURES = Table(
    "captures",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("subject", String(32), nullable=False),
    Column("title", JSON, nullable=False),
    *(Column(part, String(64), nullable=False) for part in ("clip", "still", "points", "thumbnail")),
    Column("seconds", Float, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("created", Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class CaptureRecords:
    """Captures by id, usable from any thread. Every method raises DatabaseError when there is no answer."""

    engine: Engine

    def add(self, capture: Capture) -> None:
        """Keep a capture; one that is kept already stays as it is."""
        values = {
            "id": capture.id,
            "subject": capture.subject,
            "title": dict(capture.title),
            **capture.parts,
            "seconds": capture.seconds,
            "provenance": dict(capture.provenance),
            "created": capture.created,
        }
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(insert(_CAPTURES).values(values))
            except IntegrityError:
                self.get(capture.id)  # the same bytes under the same id, or something else is wrong

    def get(self, capture_id: str) -> Capture:
        """One capture. Raises CaptureError (`capture_unknown`)."""
        if not is_capture_id(capture_id):
            raise CaptureError(
                f"got capture {capture_id!r:.80}, expected cap- and 16 hexadecimal digits",
                code="capture_unknown",
            )
        query = select(_CAPTURES).where(_CAPTURES.c.id == capture_id)
        with database_errors(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise CaptureError(f"got capture {capture_id}, expected one that is kept", code="capture_unknown")
        return _capture(row)

    def list(self) -> list[Capture]:
        """All captures, the newest first."""
        query = select(_CAPTURES).order_by(_CAPTURES.c.created.desc(), _CAPTURES.c.id)
        with database_errors(), self.engine.connect() as connection:
            return [_capture(row) for row in connection.execute(query)]

    def remove(self, capture_id: str) -> None:
        """Forget a capture; nothing happens when there is none. Its parts stay until they are deleted."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_CAPTURES).where(_CAPTURES.c.id == capture_id))


def still_files(capture: Capture, content: ContentStore) -> dict[str, bytes]:
    """What an identity takes over from a capture: texture, texture points and thumbnail, by file name.

    Raises ContentError as `ContentStore.get`.
    """
    named = {
        TEXTURE_FILES[0]: capture.still,
        TEXTURE_POINTS_FILE: capture.points,
        THUMBNAIL_FILE: capture.thumbnail,
    }
    return {name: content.get(digest) for name, digest in named.items()}


def _capture(row: Row[Any]) -> Capture:
    return Capture(
        subject=row.subject,
        title=row.title,
        clip=row.clip,
        still=row.still,
        points=row.points,
        thumbnail=row.thumbnail,
        seconds=row.seconds,
        provenance=row.provenance,
        created=row.created,
    )
