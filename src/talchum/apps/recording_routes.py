"""Finished recordings over HTTP, for whoever knows what opens one, until their time is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from quart import Quart, Response

from talchum.adapters.recording_credentials import MEDIA_TYPE
from talchum.adapters.recording_files import KeptRecording, RecordingFiles
from talchum.domain.errors import ContentError, DatabaseError

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 60.0


def add_recordings(
    app: Quart, open_files: Callable[[], RecordingFiles], expect_own_page: Callable[[], None]
) -> None:
    """Register the route. open_files: may block. expect_own_page: raises for other pages and too many."""

    @app.get("/api/recordings/<secret>")
    async def recording(secret: str) -> Response:
        expect_own_page()
        kept = await asyncio.to_thread(lambda: open_files().get(secret, time.time()))
        headers = {
            "Content-Length": str(kept.size),
            "Content-Disposition": 'attachment; filename="talchum-call.mp4"',
            "Cache-Control": "no-store",
        }
        response = Response(_pieces(kept), headers=headers, content_type=MEDIA_TYPE)
        response.timeout = None  # as long as it takes whoever fetches it
        return response


@asynccontextmanager
async def sweeping(open_files: Callable[[], RecordingFiles]) -> AsyncIterator[None]:
    """Delete recordings whose time is over, as long as this lasts."""
    task = asyncio.create_task(_sweep(open_files))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _sweep(open_files: Callable[[], RecordingFiles]) -> None:
    while True:
        try:
            count = await asyncio.to_thread(lambda: open_files().sweep(time.time()))
            if count:
                logger.info("%d recordings were deleted, their time was over", count)
        except (DatabaseError, ContentError) as error:
            logger.debug("recordings were not swept: %s", error.code)
        await asyncio.sleep(SWEEP_SECONDS)


async def _pieces(kept: KeptRecording) -> AsyncIterator[bytes]:
    pieces = kept.pieces()
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
