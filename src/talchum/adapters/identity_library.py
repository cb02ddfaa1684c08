"""All identities that can be worn here: those that ship, and those this installation learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from talchum.adapters.content_store import open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import IdentityFiles, in_order
from talchum.adapters.learned_identities import (
    AddConsent,
    KnownIdentity,
    LearnedIdentities,
    identity_taken,
)
from talchum.domain.bundle import Bundle
from talchum.domain.errors import IdentityError
from talchum.domain.identity import Identity, is_identity_name
from talchum.vision.identity import IdentityAssets

SHIPPED = "shipped"
"""The digest of what ships, which changes only with the installation."""


class Identities(Protocol):
    """Where identities come from; `IdentityFiles` says what each method raises."""

    def list(self) -> list[Identity]:
        """All readable identities: people, then drawn masks, then covers, each by name."""

    def identity(self, name: str) -> Identity:
        """The manifest of one identity."""

    def assets(self, name: str) -> IdentityAssets:
        """Pixels and mesh of one identity; not for an event loop."""

    def thumbnail(self, name: str) -> bytes:
        """The WebP picture of one identity."""

    def preview(self, name: str) -> bytes:
        """The MP4 of one identity that has one."""


@dataclass(frozen=True, slots=True)
class IdentityLibrary:
    """Shipped and learned identities behind one set of methods, usable from any thread.

    What ships is listed once, since it changes only with the installation; what was learned is asked for
    each time, and methods raise as those of `LearnedIdentities` too.
    """

    shipped: IdentityFiles
    learned: LearnedIdentities
    _listed: tuple[Identity, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_listed", tuple(self.shipped.list()))

    @classmethod
    def open(cls, directory: Path, database_url: str, content_url: str, cache_directory: Path) -> Self:
        """The identities of an installation.

        directory: of the shipped ones. cache_directory: as for `open_content_store`. Raises SettingsError,
        DatabaseError.
        """
        content = open_content_store(content_url, cache_directory)
        return cls(IdentityFiles(directory), LearnedIdentities(open_database(database_url), content))

    def list(self) -> list[Identity]:
        """All readable identities, as they are now."""
        taken = {identity.name for identity in self._listed}
        learned = [identity for identity in self.learned.list() if identity.name not in taken]
        return in_order([*self._listed, *learned])

    def digests(self) -> Mapping[str, str]:
        """The names there are now, each with a text that changes when what it names does; cheap."""
        return {name: one.digest for name, one in self.known().items()}

    def known(self) -> Mapping[str, KnownIdentity]:
        """The names there are now, with what is asked of each every second; cheap."""
        shipped = {identity.name: KnownIdentity(SHIPPED) for identity in self._listed}
        return {**shipped, **self.learned.known(), **shipped}

    def identity(self, name: str) -> Identity:
        """The manifest of one identity."""
        return self._home(name).identity(name)

    def assets(self, name: str) -> IdentityAssets:
        """Pixels and mesh of one identity; not for an event loop."""
        return self._home(name).assets(name)

    def thumbnail(self, name: str) -> bytes:
        """The WebP picture of one identity."""
        return self._home(name).thumbnail(name)

    def preview(self, name: str) -> bytes:
        """The MP4 of one identity that has one."""
        return self._home(name).preview(name)

    def expect_free(self, name: str) -> None:
        """Pass for a name that a new identity may have.

        Raises IdentityError: `identity_taken`, or `identity_invalid` for what is no name.
        """
        if not is_identity_name(name):
            raise IdentityError(f"got identity {name!r:.80}, expected 1 to 32 of a-z, 0-9 and -")
        if name in self.digests():
            raise identity_taken(name)

    def add(self, bundle: Bundle, now: float, add_consent: AddConsent | None = None) -> None:
        """Keep a learned identity, as `LearnedIdentities.add`; a shipped name is taken."""
        name = bundle.identity.name
        if self._ships(name):
            raise identity_taken(name)
        self.learned.add(bundle, now, add_consent)

    def _ships(self, name: str) -> bool:
        return any(identity.name == name for identity in self._listed)

    def _home(self, name: str) -> Identities:
        return self.shipped if self._ships(name) else self.learned
