"""What a call server does about enrolments while it runs: sign what was learned, delete what is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from talchum.apps.enrolments import Enrolments
from talchum.domain.errors import TalchumError

logger = logging.getLogger(__name__)

GO_ON_SECONDS = 2.0
TIDY_SECONDS = 30.0


@asynccontextmanager
async def keep_enrolments(open_enrolments: Callable[[], Enrolments]) -> AsyncIterator[None]:
    """Go on with enrolments. open_enrolments: may block; raises TalchumError."""
    task = asyncio.create_task(_go_on(open_enrolments))
    task.add_done_callback(_log_failure)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _go_on(open_enrolments: Callable[[], Enrolments]) -> None:
    tidied = -TIDY_SECONDS
    while True:
        tidies = time.monotonic() - tidied >= TIDY_SECONDS
        try:
            await asyncio.to_thread(_step, open_enrolments, tidies)
        except TalchumError as error:
            logger.warning("enrolments: %s (%s)", error.message, error.code)
        if tidies:
            tidied = time.monotonic()
        await asyncio.sleep(GO_ON_SECONDS)


def _step(open_enrolments: Callable[[], Enrolments], tidies: bool) -> None:
    enrolments = open_enrolments()
    enrolments.go_on(time.time())
    if tidies:
        enrolments.tidy()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("going on with enrolments failed: %s", type(error).__name__, exc_info=error)
