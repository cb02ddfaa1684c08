"""A call between Chromium and Firefox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright

from tests.browser.calling import Caller, Callers, eventually
from tests.browser.camera import Camera
from tests.browser.conftest import SETTINGS
from tests.browser.firefox_person import FirefoxPerson, firefox_person, missing_for_firefox
from tests.browser.measures import share_of_canaries
from tests.calls.service import running_service
from tests.network.namespaces import addressed_namespace

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def callers(playwright: Playwright, camera: Camera, tmp_path: Path) -> AsyncIterator[Callers]:
    """People in a namespace that has an address: Firefox gathers no candidates on loopback alone."""
    with (
        addressed_namespace() as place,
        running_service(tmp_path / "data", place, settings=SETTINGS) as service,
    ):
        async with contextlib.AsyncExitStack() as stack:
            made = Callers(stack, playwright, place, service, camera, tmp_path)
            yield made
            await made.expect_no_camera()


async def test_firefox_and_chromium_see_each_other(callers: Callers) -> None:
    if (reason := await asyncio.to_thread(missing_for_firefox)) is not None:
        pytest.skip(reason)
    link = callers.service.new_link()
    chromium = await callers.add("Chromium")
    async with firefox_person(callers.place) as firefox:
        await firefox.goto(link)
        await firefox.wait_for("[data-testid=enter-call]")
        # Firefox's fake camera shows no face: what it sends is a card, of the worker's or its own.
        await firefox.click("[data-testid=face-veil]")
        await firefox.click("[data-testid=enter-call]:enabled")
        await chromium.join(link, callers.faces[0])

        await firefox.wait_for("[data-testid=show-picture]")
        assert await shown_at(firefox) is None
        await firefox.click("[data-testid=show-picture]")

        async def firefox_sees() -> bool:
            return await frames_at(firefox) >= 60 and bool(await shown_at(firefox))

        await eventually(firefox_sees, "Firefox shows pictures of the other person")
        assert "AI-made face" in await firefox.evaluate(
            "document.querySelector('[data-testid=disclosure]').textContent"
        )
        await chromium.sees(frames_a_second=1)
        assert share_of_canaries(await chromium.look()) == 0
        assert await disclosed(chromium) == "Face covered by AI"


async def frames_at(firefox: FirefoxPerson) -> int:
    """How many frames of the other person Firefox has decoded."""
    figures = await firefox.evaluate("window.talchumStats()")
    return int((figures["remote"] or {}).get("framesDecoded", 0))


async def shown_at(firefox: FirefoxPerson) -> int | None:
    """The width of the picture that Firefox has on its screen, None while there is none."""
    width: int | None = await firefox.evaluate(
        "(({ srcObject, videoWidth }) => srcObject && videoWidth)"
        "(document.querySelector('[data-testid=remote-video]'))"
    )
    return width


async def disclosed(caller: Caller) -> str:
    """What somebody reads of the other person's face."""
    return (await caller.person.page.get_by_test_id("disclosure").inner_text()).strip()
