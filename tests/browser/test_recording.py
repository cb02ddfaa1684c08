"""A call that two people at browsers let be recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, expect

from tests.browser.calling import PATIENCE, Callers
from tests.browser.test_pages import screenshot
from tests.calls.service import Service
from tests.calls.test_recording import checked

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

SECONDS = 3.0
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def recorder(service: Service) -> None:
    service.start_recorder()


@pytest.mark.usefixtures("recorder")
async def test_both_agree_both_see_it_and_either_ends_it(callers: Callers, tmp_path: Path) -> None:
    a, b = await callers.pair(viewport=PHONE)
    first, second = a.person.page, b.person.page
    await first.get_by_test_id("ask-recording").click()
    await expect(first.get_by_test_id("recording")).to_contain_text("Waiting", timeout=1000 * PATIENCE)
    await expect_in_sight(first, "stop-recording", "recording")
    await expect(second.get_by_test_id("agree-recording")).to_be_visible(timeout=1000 * PATIENCE)
    await screenshot(second, "recording-asked.png")
    await second.get_by_test_id("agree-recording").click()
    for page in (first, second):
        await expect(page.get_by_test_id("recording")).to_have_attribute(
            "data-phase", "running", timeout=1000 * PATIENCE
        )
        await expect_in_sight(page, "stop-recording", "recording", "leave")
    await expect_below(second, "recording", "disclosure")
    await asyncio.sleep(SECONDS)
    await screenshot(first, "recording-running.png")
    await second.get_by_test_id("stop-recording").click()
    for page in (first, second):
        await expect(page.get_by_test_id("recording-stopped")).to_have_attribute("data-reason", "withdrawn")
    link = first.get_by_test_id("recording-file")
    await expect(link).to_be_visible(timeout=1000 * PATIENCE)
    await screenshot(first, "recording-ready.png")
    async with first.expect_download() as download:
        await link.click()
    film = await asyncio.to_thread(Path(await (await download.value).path()).read_bytes)

    root = callers.service.request("/.well-known/talchum.json")["recordings"]["root"]
    state, said = checked(film, root)
    assert state == "Trusted"
    assert said["c2pa.soft-binding"]["blocks"]
    path = tmp_path / "film.mp4"
    await asyncio.to_thread(path.write_bytes, film)
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    half = pictures[-1].shape[1] // 2
    assert min(pictures[-1][:, :half].std(), pictures[-1][:, half:].std()) > 5
    assert await a.cameras_sent_to_people() == []

    await first.get_by_test_id("ask-recording").click()
    await expect(first.get_by_test_id("recording-stopped")).to_have_attribute(
        "data-reason", "recording_paused"
    )
    await first.reload()
    await expect(first.get_by_test_id("recording-file")).to_be_visible(timeout=1000 * PATIENCE)


async def expect_in_sight(page: Page, *parts: str) -> None:
    for part in parts:
        await expect(page.get_by_test_id(part)).to_be_in_viewport(ratio=1)


async def expect_below(page: Page, lower: str, upper: str) -> None:
    """One part of the page lies below another and covers nothing of it."""
    under, over = [await page.get_by_test_id(part).bounding_box() for part in (lower, upper)]
    assert under is not None
    assert over is not None
    assert over["y"] + over["height"] <= under["y"]
