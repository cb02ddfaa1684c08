"""Identities made wearable, once a process and never on the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Protocol

from talchum.domain.errors import TalchumError
from talchum.domain.rendering import AS_USUAL, Rendering
from talchum.vision.identity import IdentityAssets
from talchum.vision.pipeline import WornFace, prepare_worn_face
from talchum.vision.topology import FaceTopology

logger = logging.getLogger(__name__)

Prepare = Callable[[str, str | None], WornFace]


class HasAssets(Protocol):
    """Where identities come from."""

    def assets(self, name: str) -> IdentityAssets:
        """Pixels and mesh of one identity; raises IdentityError."""


class PreparedFaces:
    """Wearable faces by identity and engine; a switch to one that is here takes no time.

    prepare: makes one, on a thread of `executor`; raises IdentityError.
    """

    def __init__(self, prepare: Prepare, executor: Executor) -> None:
        self._prepare = prepare
        self._executor = executor
        self._faces: dict[tuple[str, str | None], asyncio.Future[WornFace]] = {}

    async def get(self, identity: str, engine: str | None) -> WornFace:
        """The wearable face; `engine` None for the identity's first. Raises IdentityError."""
        key = (identity, engine)
        made = self._faces.get(key)
        if made is None:
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(self._executor, self._prepare, identity, engine)
            self._faces[key] = made
            made.add_done_callback(lambda done: self._forget_failure(key, done))
        # Shielded: one leg that ends must not take the face from another that waits for it.
        return await asyncio.shield(made)

    def _forget_failure(self, key: tuple[str, str | None], done: asyncio.Future[WornFace]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._faces.get(key) is done:
            del self._faces[key]

    def forget(self, identity: str) -> None:
        """Drop what was made of an identity that is gone or another one now; who wears it goes on."""
        for key in [key for key in self._faces if key[0] == identity]:
            del self._faces[key]

    async def warm(self, identities: Sequence[str]) -> None:
        """Have these ready before anybody asks; one that cannot be worn is logged and left."""
        for identity in identities:
            try:
                await self.get(identity, None)
            except TalchumError as error:
                logger.warning("an identity cannot be worn: %s", error.code)


def preparer(identities: HasAssets, topology: FaceTopology, rendering: Rendering = AS_USUAL) -> Prepare:
    """Makes identities wearable, rendered like this."""

    def prepare(identity: str, engine: str | None) -> WornFace:
        assets = identities.assets(identity)
        chosen = engine or assets.engines[0]
        return prepare_worn_face(assets, chosen, topology=topology, rendering=rendering)

    return prepare
