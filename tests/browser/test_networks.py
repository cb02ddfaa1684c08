"""Browsers in networks that let through nothing but TCP to port 443."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.browser.calling import Caller
from tests.browser.camera import Camera
from tests.browser.conftest import SETTINGS
from tests.browser.measures import routes
from tests.browser.people import person
from tests.calls.service import running_service
from tests.network.namespaces import SERVER_ADDRESS, TURN_ADDRESS, small_internet
from tests.network.turn_server import turn_server
from tests.scraping import scrape

METRICS_PORT = 9100
PATIENCE = 20.0
COUNTED = "talchum_call_routes_total"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.coturn,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_where_only_port_443_is_open_a_call_goes_through_the_relay_over_tls(
    playwright: Playwright, camera: Camera, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        internet = stack.enter_context(small_internet("only_443"))
        turn = stack.enter_context(turn_server(internet.server, TURN_ADDRESS, tmp_path))
        service = stack.enter_context(
            running_service(
                tmp_path / "data",
                internet.server,
                host=SERVER_ADDRESS,
                first_port=443,
                servers=0,
                workers=0,
                turn=turn,
                settings=SETTINGS,
            )
        )
        service.start_server({"TALCHUM_METRICS_ADDRESS": f"127.0.0.1:{METRICS_PORT}"})
        service.start_worker()
        # Without TLS the page is not one that browsers give a camera to.
        trusted = (f"--unsafely-treat-insecure-origin-as-secure={service.url()}",)
        link, people = service.new_link(), []
        for name, place, devices in (("A", internet.host_a, True), ("B", internet.host_b, False)):
            someone = person(
                *(playwright, name, place, tmp_path),
                camera=camera if devices else None,
                devices=devices,
                switches=trusted,
            )
            people.append(Caller(await stack.enter_async_context(someone)))
        a, b = people
        await b.open(link)
        await b.enter()
        await a.join(link, service.faces()[0])
        await b.sees()
        for caller, leg in ((a, False), (b, False), (a, True)):
            (route,) = routes(await caller.person.statistics(), leg=leg)
            assert route.relayed
            assert route.protocol == "tls"
        assert not any(one.canary for one in await b.look())
        async with asyncio.timeout(PATIENCE):  # each side tells it with its next figures
            measured = internet.server.inside(scrape, METRICS_PORT)
            while measured.value(COUNTED, route="relay-tls") < 2:
                await asyncio.sleep(0.2)
                measured = internet.server.inside(scrape, METRICS_PORT)
        routes_told = [one for one in measured.samples if one.name == COUNTED]
        assert [(one.labels, one.value) for one in routes_told] == [({"route": "relay-tls"}, 2.0)]
