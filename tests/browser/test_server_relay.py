"""Server relay in the page: the other's picture straight from their face worker."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.calling import Callers, eventually
from tests.browser.ways_watch import changes_of_way, watch_ways
from tests.calls.service import Child, Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def relaying(service: Service) -> AsyncIterator[Child]:
    """A call server whose performers always open their legs: on loopback it would never pay."""
    server = await asyncio.to_thread(service.start_server, {"TALCHUM_SERVER_RELAY": "always"})
    yield server
    await asyncio.to_thread(server.stop)


async def test_viewer_goes_over_to_the_worker_and_back_when_it_stops_without_a_gap(
    callers: Callers, relaying: Child
) -> None:
    a, b = await callers.pair(server=callers.service.servers.index(relaying))
    await watch_ways(b.person.page)

    async def by(way: str) -> bool:
        remote = (await b.figures())["remote"]
        return remote is not None and remote["way"] == way

    await eventually(lambda: by("server"), "the worker's picture is shown")
    await b.person.page.get_by_test_id("route-badge").click()
    await expect(b.person.page.get_by_test_id("way-figure")).to_have_attribute("data-way", "server")
    first = callers.service.workers[-1]
    second = await asyncio.to_thread(callers.service.start_worker)
    first.process.send_signal(signal.SIGTERM)

    async def ended() -> bool:
        return first.process.poll() is not None

    await eventually(ended, "the worker ends when its call has moved")
    await eventually(lambda: by("server"), "the second worker's picture is shown")
    await asyncio.sleep(1)
    found = await changes_of_way(b.person.page)
    print("changes", found)
    assert [way for way, _ in found][:3] == ["server", "client", "server"]
    assert max(gap for _, gap in found) < 1.0, "bars are measured by benchmarks.server_relay"
    assert second.process.poll() is None
    assert (await a.figures())["faceLeg"]["state"] == "live"


async def test_nothing_of_a_worker_is_shown_before_somebody_knows_whose_face_it_is(
    callers: Callers, relaying: Child
) -> None:
    link = callers.service.new_link(callers.service.servers.index(relaying))
    a = await callers.add("A", record=False)
    b = await callers.add("B", devices=False)
    await b.open(link)
    await b.enter()
    await a.join(link, callers.faces[0])
    video = b.person.page.locator("video[data-way=server]")
    await expect(video).to_be_attached(timeout=30_000)
    await expect(b.person.page.get_by_test_id("show-picture")).to_be_visible()
    assert await video.evaluate("video => video.srcObject") is None
    await b.sees()

    async def opened() -> bool:
        return bool(await video.evaluate("video => video.srcObject !== null"))

    await eventually(opened, "the worker's picture is there once somebody knows")
