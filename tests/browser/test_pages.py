"""The pages exactly as a visitor gets them: in both languages, on a phone, and when things fail."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Playwright, expect

from tests.browser.calling import Callers
from tests.browser.conftest import RESULTS, SETTINGS
from tests.calls.service import running_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_visitor_starts_a_call_under_the_page_s_own_policy(callers: Callers) -> None:
    visitor = await callers.visitor()
    page = visitor.page
    await page.goto(callers.service.url())
    await page.get_by_test_id("new-call").click()
    await page.wait_for_url(re.compile(r"/call/#[\w-]{20,}"))
    await page.get_by_test_id(f"face-{callers.faces[0]}").click()
    await expect(page.get_by_test_id("enter-call")).to_be_enabled()
    await page.get_by_test_id("enter-call").click()
    await expect(page.get_by_text("Waiting for the other person")).to_be_visible()
    assert visitor.problems == []


async def test_the_page_speaks_korean(callers: Callers) -> None:
    visitor = await callers.visitor(locale="ko-KR")
    page = visitor.page
    await page.goto(callers.service.new_link())
    await expect(page.get_by_test_id("enter-call")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    for text in (await page.locator("h1, h2, button").all_inner_texts())[:6]:
        assert text.strip() == "" or re.search(r"[가-힣]|English", text), text
    await screenshot(page, "korean-lobby.png")
    assert visitor.problems == []


@pytest.mark.parametrize("device", ["Pixel 7", "iPhone 15"])
async def test_a_call_fits_the_screen_of_a_phone(
    callers: Callers, playwright: Playwright, device: str
) -> None:
    options = {
        name: value for name, value in playwright.devices[device].items() if name != "default_browser_type"
    }
    visitor = await callers.visitor(**options)
    page = visitor.page
    await page.goto(callers.service.new_link())
    await page.get_by_test_id(f"face-{callers.faces[0]}").click()
    await screenshot(page, f"{device}-lobby.png")
    await expect_no_sideways_scrolling(page)
    await page.get_by_test_id("enter-call").click()
    for control in ("mute", "camera-toggle", "change-face", "leave"):
        await expect(page.get_by_test_id(control)).to_be_in_viewport(ratio=1)
    await expect_no_sideways_scrolling(page)
    await screenshot(page, f"{device}-call.png")


async def test_a_visitor_who_refuses_the_camera_is_told_in_plain_words(callers: Callers) -> None:
    visitor = await callers.visitor(devices=False)
    await visitor.page.goto(callers.service.new_link())
    await expect(visitor.page.get_by_text("No camera was found")).to_be_visible()
    await expect(visitor.page.get_by_test_id("enter-call")).to_be_enabled()


async def test_a_link_to_no_room_says_so(callers: Callers) -> None:
    visitor = await callers.visitor()
    await visitor.page.goto(f"{callers.service.url()}/call/#AAAAAAAAAAAAAAAAAAAAAA")
    await expect(visitor.page.get_by_text("This call does not exist")).to_be_visible()


async def test_without_a_free_face_worker_the_page_says_so_and_shows_nothing(
    callers: Callers, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "TALCHUM_FACE_LEG_WAIT_SECONDS": "1"}
    with running_service(
        tmp_path / "data", callers.place, first_port=8180, workers=0, settings=settings
    ) as alone:
        visitor = await callers.add("visitor")
        await visitor.open(await asyncio.to_thread(alone.new_link))
        await visitor.choose_face(callers.faces[0])
        await expect(visitor.person.page.get_by_text("No face worker is free")).to_be_visible(timeout=15_000)
        await visitor.enter()
        assert (await visitor.figures())["outgoing"] == "card"


async def screenshot(page: Page, name: str) -> None:
    """A picture for people to look at."""
    await asyncio.to_thread(RESULTS.mkdir, exist_ok=True)
    await page.screenshot(path=RESULTS / name.replace(" ", "-"))


async def expect_no_sideways_scrolling(page: Page) -> None:
    """Fails when something sticks out of the screen."""
    wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0
