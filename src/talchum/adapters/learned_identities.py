"""Identities that this installation learned: manifests in the database, files in the content store."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import JSON, Column, Connection, Engine, Float, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from talchum.adapters.content_store import ContentStore
from talchum.adapters.database import METADATA, database_errors
from talchum.adapters.identity_files import expect_preview, in_order, load_assets
from talchum.domain.bundle import Bundle
from talchum.domain.errors import ContentError, IdentityError
from talchum.domain.identity import (
    CONSENTED_KINDS,
    PREVIEW_FILE,
    THUMBNAIL_FILE,
    Identity,
    identity_from_manifest,
    is_identity_name,
)
from talchum.vision.identity import IdentityAssets

logger = logging.getLogger(__name__)

_IDENTITIES = Table(
    "learned_identities",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("created", Float, nullable=False),
)


AddConsent = Callable[[Connection], None]
"""Keeps the consent to a person's face, in the transaction that keeps the face."""


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """What is asked of every identity each second. digest: another one of that name would not have it."""

    digest: str
    needs_consent: bool = False


@dataclass(frozen=True, slots=True)
class LearnedIdentities:
    """Learned identities by name, usable from any thread.

    Every method raises DatabaseError when there is no answer; those that read files raise ContentError
    (`content_unavailable`) when the store has none.
    """

    engine: Engine
    content: ContentStore

    def add(self, bundle: Bundle, now: float, add_consent: AddConsent | None = None) -> None:
        """Keep an identity; keeping the same one again is nothing. now: wall clock, seconds.

        A person's face is kept with the consent to it or not at all.
        Raises IdentityError: `identity_taken` when the name is another one's already, `consent_missing` for a
        person's face without a consent; and what `add_consent` raises.
        """
        if bundle.identity.needs_consent and add_consent is None:
            raise IdentityError(
                f"got a face of kind {bundle.identity.kind} without a consent", code="consent_missing"
            )
        name, manifest = bundle.identity.name, dict(bundle.manifest)
        digest = _digest(manifest)
        for data in bundle.files.values():  # before the record, so that what it names is there
            self.content.put(data)
        values = {"name": name, "digest": digest, "manifest": manifest, "created": now}
        with database_errors():
            try:
                with self.engine.begin() as connection:
                    connection.execute(insert(_IDENTITIES).values(values))
                    if add_consent is not None:
                        add_consent(connection)
            except IntegrityError:
                if self.digests().get(name) != digest:
                    raise identity_taken(name) from None
                if add_consent is not None:  # one more, to the same face
                    with self.engine.begin() as connection:
                        add_consent(connection)

    def digests(self) -> Mapping[str, str]:
        """The names there are, each with a digest that another identity of that name would not have."""
        return {name: one.digest for name, one in self.known().items()}

    def known(self) -> Mapping[str, KnownIdentity]:
        """The names there are, with what is asked of each every second."""
        kind = _IDENTITIES.c.manifest["kind"].as_string().label("kind")
        with database_errors(), self.engine.connect() as connection:
            rows = connection.execute(select(_IDENTITIES.c.name, _IDENTITIES.c.digest, kind))
            return {row.name: KnownIdentity(row.digest, row.kind in CONSENTED_KINDS) for row in rows}

    def list(self) -> list[Identity]:
        """All readable identities in the order of `IdentityFiles.list`; others are logged and left out."""
        with database_errors(), self.engine.connect() as connection:
            rows = connection.execute(select(_IDENTITIES.c.name, _IDENTITIES.c.manifest)).all()
        found = []
        for row in rows:
            try:
                found.append(_identity(row.manifest, row.name))
            except IdentityError as error:
                logger.warning("identity left out: %s (%s)", error.message, error.code)
        return in_order(found)

    def identity(self, name: str) -> Identity:
        """The manifest of one identity; IdentityError `identity_unknown` or `identity_corrupt`."""
        query = select(_IDENTITIES.c.manifest).where(_IDENTITIES.c.name == name)
        if is_identity_name(name):
            with database_errors(), self.engine.connect() as connection:
                row = connection.execute(query).first()
            if row is not None:
                return _identity(row.manifest, name)
        raise IdentityError(
            f"got identity {name!r:.80}, expected one that was learned", code="identity_unknown"
        )

    def assets(self, name: str) -> IdentityAssets:
        """As `IdentityFiles.assets`."""
        identity = self.identity(name)
        return load_assets(identity, lambda file: self._pinned(identity, file))

    def thumbnail(self, name: str) -> bytes:
        """As `IdentityFiles.thumbnail`."""
        return self._pinned(self.identity(name), THUMBNAIL_FILE)

    def preview(self, name: str) -> bytes:
        """As `IdentityFiles.preview`."""
        identity = self.identity(name)
        expect_preview(identity)
        return self._pinned(identity, PREVIEW_FILE)

    def remove(self, name: str) -> None:
        """Forget an identity; nothing happens when there is none. Its files stay until they are deleted."""
        with database_errors(), self.engine.begin() as connection:
            connection.execute(delete(_IDENTITIES).where(_IDENTITIES.c.name == name))

    def names_file(self, digest: str) -> bool:
        """Whether a file is one of an identity's."""
        with database_errors(), self.engine.connect() as connection:
            manifests = connection.execute(select(_IDENTITIES.c.manifest)).scalars().all()
        return any(digest in manifest.get("files", {}).values() for manifest in manifests)

    def _pinned(self, identity: Identity, file: str) -> bytes:
        try:
            return self.content.get(identity.files[file])
        except ContentError as error:
            if error.code == "content_unavailable":
                raise
            raise IdentityError(
                f"got no {file} of {identity.name!r} as pinned ({error.code}), expected it",
                code="identity_corrupt",
            ) from error


def identity_taken(name: str) -> IdentityError:
    """The error of a name that is another identity's."""
    return IdentityError(
        f"got identity {name!r:.80}, expected a name that is not taken", code="identity_taken"
    )


def _identity(manifest: object, name: str) -> Identity:
    return replace(identity_from_manifest(manifest, name), learned=True)


def _digest(manifest: Mapping[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
