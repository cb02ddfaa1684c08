"""Identities made wearable, once a process and never on the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from talchum.adapters.identity_files import IdentityFiles
from talchum.domain.errors import TalchumError
from talchum.domain.inference import InferenceProvider
from talchum.vision.pipeline import WornFace, prepare_worn_face
from talchum.vision.topology import FaceTopology

logger = logging.getLogger(__name__)

Prepare = Callable[[str, str | None], WornFace]


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
            made.add_done_callback(lambda done: self._forget_failure(key, done))
            self._faces[key] = made
        # Shielded: one leg that ends must not take the face from another that waits for it.
        return await asyncio.shield(made)

    def _forget_failure(self, key: tuple[str, str | None], done: asyncio.Future[WornFace]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._faces.pop(key, None)

    async def warm(self, identities: Sequence[str]) -> None:
        """Have these ready before anybody asks; one that cannot be worn is logged and left."""
        for identity in identities:
            try:
                await self.get(identity, None)
            except TalchumError as error:
                logger.warning("an identity cannot be worn: %s", error.code)


def preparer(files: IdentityFiles, topology: FaceTopology, provider: InferenceProvider = "cpu") -> Prepare:
    """Makes wearable what is in a directory of identities; their networks run on this provider."""

    def prepare(identity: str, engine: str | None) -> WornFace:
        assets = files.assets(identity)
        chosen = engine or assets.engines[0]
        return prepare_worn_face(assets, chosen, topology=topology, provider=provider)

    return prepare
