"""One process's connections, with a store that answers by hand."""

from __future__ import annotations

import asyncio
import contextlib

from talchum.apps.signalling import _end


async def test_task_that_swallows_a_cancellation_still_ends() -> None:
    swallowed = 0
    begun = asyncio.Event()

    async def stubborn() -> None:
        nonlocal swallowed
        begun.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await begun.wait()
    async with asyncio.timeout(5):
        await _end(task)
    assert task.cancelled()
    assert swallowed == 3


async def test_task_that_failed_is_not_waited_for() -> None:
    async def fail() -> None:
        raise ValueError("at once")

    task = asyncio.create_task(fail())
    with contextlib.suppress(ValueError):
        await task
    await _end(task)
