"""What a call server does about consents for as long as it runs: know them, and end those that ran out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.known_consents import KnownConsents
from talchum.domain.errors import TalchumError

logger = logging.getLogger(__name__)

EXPIRY_SECONDS = 30.0


@asynccontextmanager
async def keep_consents(
    consents: KnownConsents, open_registry: Callable[[], ConsentRegistry]
) -> AsyncIterator[None]:
    """Follow the consents; end what ran out, with its face."""
    tasks = [asyncio.create_task(_follow(consents)), asyncio.create_task(_end_expired(open_registry))]
    for task in tasks:
        task.add_done_callback(_log_failure)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(consents: KnownConsents) -> None:
    async for _ in consents.follow():
        pass


async def _end_expired(open_registry: Callable[[], ConsentRegistry]) -> None:
    while True:
        try:
            await asyncio.to_thread(lambda: open_registry().end_expired())
        except TalchumError as error:
            logger.warning("consents that ran out: %s (%s)", error.message, error.code)
        await asyncio.sleep(EXPIRY_SECONDS)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("keeping consents failed: %s", type(error).__name__, exc_info=error)
