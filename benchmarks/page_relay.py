"""How long the page shows nothing new when it changes between client relay and server relay, both ways.

Part of `benchmarks.server_relay`. Two Chromiums, one call server whose performers always open their legs, and
face workers on this machine. The viewer's page goes over to the worker by itself; the worker is then told to
stop, so that the page goes back to the performer's picture and over to the next worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from talchum.domain.relay_choice import Way
from tests.browser.calling import Caller, eventually
from tests.browser.people import person
from tests.browser.performer import plain_camera
from tests.browser.ways_watch import changes_of_way, watch_ways
from tests.calls.service import running_service

IDENTITY = "veil"
SETTINGS = {"TALCHUM_SERVER_RELAY": "always"}
QUIET_SECONDS = 3.0
"""After a worker's start, which costs the others CPU."""


def page_gaps(times: int) -> dict[Way, list[float]]:
    """Milliseconds from the last frame by the other way to the first by this one, for each change to it."""
    return asyncio.run(_change_over(times))


async def _change_over(times: int) -> dict[Way, list[float]]:
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(running_service(directory / "service", settings=SETTINGS))
        camera = await asyncio.to_thread(plain_camera, directory, "A", range(0, 60))
        playwright = await stack.enter_async_context(async_playwright())
        filming = person(playwright, "A", None, directory, camera=camera, record=False)
        watching = person(playwright, "B", None, directory, devices=False, record=False)
        a = Caller(await stack.enter_async_context(filming))
        b = Caller(await stack.enter_async_context(watching))
        link = service.new_link()
        await b.open(link)
        await b.enter()
        await a.join(link, IDENTITY)
        await b.sees()
        await watch_ways(b.person.page)
        for time in range(times + 1):
            await eventually(lambda: _by_server(b), "the worker's picture is shown")
            if time == times:
                break
            worker = service.workers[-1]
            await asyncio.to_thread(service.start_worker)
            await asyncio.sleep(QUIET_SECONDS)
            worker.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(worker.process.wait)
        found = await changes_of_way(b.person.page)
    return {
        "client": [round(gap * 1000, 1) for way, gap in found if way == "client"],
        "server": [round(gap * 1000, 1) for way, gap in found if way == "server"],
    }


async def _by_server(viewer: Caller) -> bool:
    remote = (await viewer.figures())["remote"]
    return remote is not None and remote["way"] == "server"
