"""The identities a running process knows: those that ship from the start, learned ones as they come.

A database that does not answer takes nothing that is known away, and nobody has to wait for it to start.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial

from talchum.adapters.identity_files import IdentityFiles
from talchum.adapters.identity_library import SHIPPED, Identities, IdentityLibrary
from talchum.adapters.learned_identities import KnownIdentity
from talchum.apps.settings import Settings
from talchum.domain.errors import DatabaseError
from talchum.domain.identity import Identity
from talchum.vision.identity import IdentityAssets

logger = logging.getLogger(__name__)


def open_library(settings: Settings) -> IdentityLibrary:
    """The identities of an installation. Raises SettingsError, DatabaseError."""
    if not settings.database_url:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return IdentityLibrary.open(
        settings.identities, settings.database, settings.content, settings.data / "content-cache"
    )


class KnownIdentities:
    """Usable from any thread; all but `in`, `digests`, `needs_consent`, `first_engine` and `ships` may block.

    open_library: called until it succeeds; raises DatabaseError.
    """

    def __init__(self, shipped: IdentityFiles, open_library: Callable[[], IdentityLibrary]) -> None:
        self._shipped = shipped
        self._open = open_library
        self._opening = threading.Lock()
        self._library: IdentityLibrary | None = None
        self._listed = tuple(shipped.list())
        self._first_engines = {one.name: one.engines[0] for one in self._listed}
        self._known: Mapping[str, KnownIdentity] = {one.name: KnownIdentity(SHIPPED) for one in self._listed}
        self._answered = True

    @classmethod
    def of(cls, settings: Settings) -> KnownIdentities:
        """Those of an installation. Raises SettingsError."""
        known = cls(IdentityFiles(settings.identities), partial(open_library, settings))
        known.refresh()
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._known

    @property
    def digests(self) -> Mapping[str, str]:
        """The names as of the last `refresh`, each with a text that changes when what it names does."""
        return {name: one.digest for name, one in self._known.items()}

    def needs_consent(self, name: str) -> bool:
        """Whether an identity may be a person's face: also one that the last `refresh` did not know of."""
        known = self._known.get(name)
        return known is None or known.needs_consent

    def refresh(self) -> Mapping[str, str]:
        """Ask what there is now; what was known before where there is no answer."""
        try:
            self._known = self.library().known()
            self._answered = True
        except DatabaseError as error:
            if self._answered:  # once, not once a second
                logger.warning("learned identities: %s (%s)", error.message, error.code)
            self._answered = False
        return self.digests

    def library(self) -> IdentityLibrary:
        """The whole library. Raises DatabaseError."""
        with self._opening:
            if self._library is None:
                self._library = self._open()
            return self._library

    def list(self) -> list[Identity]:
        """All identities now; those that were listed last where there is no answer."""
        self.refresh()
        try:
            self._listed = tuple(self.library().list())
        except DatabaseError:
            logger.debug("the identities that were listed last are listed again")
        return [*self._listed]

    def identity(self, name: str) -> Identity:
        """As of `IdentityLibrary`."""
        return self._home(name).identity(name)

    def assets(self, name: str) -> IdentityAssets:
        """As of `IdentityLibrary`."""
        return self._home(name).assets(name)

    def thumbnail(self, name: str) -> bytes:
        """As of `IdentityLibrary`."""
        return self._home(name).thumbnail(name)

    def preview(self, name: str) -> bytes:
        """As of `IdentityLibrary`."""
        return self._home(name).preview(name)

    def first_engine(self, name: str) -> str:
        """What renders an identity unless another engine is asked for; *neural* what was learned."""
        return self._first_engines.get(name, "neural")

    def ships(self, name: str) -> bool:
        """Whether an identity came with the installation."""
        known = self._known.get(name)
        return known is not None and known.digest == SHIPPED

    def _home(self, name: str) -> Identities:
        return self._shipped if self.ships(name) else self.library()
