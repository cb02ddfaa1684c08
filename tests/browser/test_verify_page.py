"""The page that examines videos, with a real browser, a real call server and files as people have them."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Page, Playwright, Route, expect

from talchum.adapters.recording_credentials import CertificateChain
from talchum.apps.transform import run
from talchum.domain.leg_tag import LegTag
from tests.apps.call_servers import CallServer, Installation, installation
from tests.apps.test_verification_routes import until_gone, videos
from tests.apps.test_verify import pictures, recorded, written
from tests.browser.conftest import RESULTS
from tests.browser.people import Person, person
from tests.vision.scenes import CLIP

pytestmark = [
    pytest.mark.browser,
    pytest.mark.valkey,
    pytest.mark.asyncio(loop_scope="session"),
]

TAG = LegTag(0x5A3C9F1234)
PHONE = {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "phone-korean": {"viewport": PHONE, "locale": "ko-KR"},
    "desktop-dark-korean": {"locale": "ko-KR", "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`worn.mp4`, as `talchum transform` makes it, and `clean.mp4`, which it never saw."""
    directory = tmp_path_factory.mktemp("files")
    worn = directory / "worn.mp4"
    assert run(CLIP, worn, identity="veil", engine=None, as_json=True, out=io.StringIO(), tag=TAG) == 0
    written(directory / "clean.mp4", pictures(3))
    return directory


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as running:
        yield running


@pytest.fixture
def server(servers: Installation) -> CallServer:
    return servers.start()


@contextlib.asynccontextmanager
async def visitor(
    playwright: Playwright, server: CallServer, directory: Path, **context: Any
) -> AsyncIterator[Person]:
    """Somebody who came to the page from the start page, with nothing but a browser."""
    async with person(playwright, "visitor", None, directory, devices=False, probed=False, **context) as one:
        await one.page.goto(server.origin)
        await one.page.get_by_test_id("verify-link").click()
        await expect(one.page.get_by_test_id("verify-choice")).to_be_visible()
        yield one


async def give(page: Page, path: Path) -> None:
    await page.get_by_test_id("verify-file").set_input_files(path)


async def looks(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{overflow} px sideways"
    await page.screenshot(path=RESULTS / f"verify-{name}.png", full_page=True)


@pytest.mark.parametrize("look", LOOKS)
async def test_a_worn_face_and_a_clean_video_are_told_apart(
    playwright: Playwright, server: CallServer, files: Path, tmp_path: Path, look: str
) -> None:
    async with visitor(playwright, server, tmp_path, **LOOKS[look]) as one:
        page = one.page
        verdict = page.get_by_test_id("verdict")
        await looks(page, f"start-{look}")
        await give(page, files / "worn.mp4")
        await expect(page.get_by_test_id("verify-progress")).to_be_visible()
        await expect(verdict).to_have_attribute("data-verdict", "marked", timeout=120_000)
        await expect(verdict).to_contain_text("worn.mp4")
        interval = page.get_by_test_id("interval")
        await expect(interval).to_have_count(1)
        await expect(interval).to_have_attribute("data-kind", "anonymise")
        await expect(interval).to_contain_text(str(TAG))
        await expect(page.get_by_test_id("timeline")).to_be_visible()
        await expect(page.get_by_test_id("finding-badge")).to_contain_text(str(TAG))
        await expect(page.get_by_test_id("finding-log")).to_contain_text(str(TAG))
        await looks(page, f"marked-{look}")

        await page.get_by_test_id("verify-another").click()
        await give(page, files / "clean.mp4")
        running = page.get_by_test_id("verify-running")
        await expect(running).to_have_attribute("data-doing", "searching", timeout=120_000)
        await expect(page.get_by_test_id("verify-progress")).not_to_have_attribute("value", "0")
        await looks(page, f"running-{look}")
        await expect(verdict).to_have_attribute("data-verdict", "not-detected", timeout=240_000)
        await expect(page.get_by_test_id("interval")).to_have_count(0)
        await looks(page, f"clean-{look}")
        assert videos(tmp_path) == []
        assert one.problems == []


async def test_a_recording_of_this_installation_is_trusted_until_it_is_changed(
    playwright: Playwright, server: CallServer, files: Path, tmp_path: Path
) -> None:
    own = await asyncio.to_thread(recorded, files / "worn.mp4", CertificateChain.of("", tmp_path), TAG)
    other = CertificateChain.of("", tmp_path / "elsewhere")
    async with visitor(playwright, server, tmp_path) as one:
        page = one.page
        credentials, verdict = page.get_by_test_id("finding-credentials"), page.get_by_test_id("verdict")
        await give(page, own)
        await expect(credentials).to_have_attribute("data-look", "found", timeout=120_000)
        await expect(verdict).to_have_attribute("data-verdict", "marked")
        await expect(page.get_by_test_id("credentials-note")).to_contain_text("signed the file")
        await looks(page, "recording")

        film = bytearray(own.read_bytes())
        film[-1000] ^= 1
        own.write_bytes(film)
        await page.get_by_test_id("verify-another").click()
        await give(page, own)
        await expect(verdict).to_have_attribute("data-verdict", "marked-inconsistent", timeout=120_000)
        await expect(verdict).to_contain_text("changed after it was signed")
        await expect(credentials).to_have_attribute("data-look", "broken")
        await looks(page, "recording-changed")

        claimed = await asyncio.to_thread(recorded, files / "clean.mp4", other, TAG)
        await page.get_by_test_id("verify-another").click()
        await give(page, claimed)
        await expect(verdict).to_have_attribute("data-verdict", "marked", timeout=240_000)
        await expect(verdict).to_contain_text("Only its content credentials say so")
        await expect(credentials).to_have_attribute("data-look", "doubtful")
        await looks(page, "claimed")
        assert one.problems == []


async def test_what_cannot_be_examined_is_refused_in_plain_words(
    playwright: Playwright, servers: Installation, tmp_path: Path
) -> None:
    server = servers.start(TALCHUM_VERIFICATION_MEGABYTES="1")
    large, text, bomb = (tmp_path / name for name in ("large.mp4", "letter.mp4", "bomb.avi"))
    large.write_bytes(bytes(1_000_001))
    text.write_text("Dear reader, this is not a video.\n" * 20)
    write_bomb(bomb)
    async with visitor(playwright, server, tmp_path, viewport=PHONE) as one:
        page = one.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.method))
        await expect(page.get_by_test_id("verify-choice")).to_contain_text("1 MB")  # it knows the limit
        await give(page, large)
        await expect(page.get_by_test_id("verify-problem")).to_contain_text("too large")
        assert "POST" not in asked
        await looks(page, "too-large")
        for path, code in ((text, "media_file_unreadable"), (bomb, "media_file_too_large")):
            await give(page, path)
            error = page.get_by_test_id("error-message")
            await expect(error).to_have_attribute("data-code", code, timeout=60_000)
            await expect(page.get_by_test_id("verify-again")).to_have_count(0)
            await looks(page, code)
            await page.get_by_test_id("verify-another").click()
        assert videos(tmp_path) == []
        assert one.problems == []


async def test_a_video_chosen_before_the_page_is_ready_is_examined(
    playwright: Playwright, server: CallServer, files: Path, tmp_path: Path
) -> None:
    ready = asyncio.Event()

    async def hold(route: Route) -> None:
        await ready.wait()
        await route.continue_()

    async with visitor(playwright, server, tmp_path) as one:
        await one.page.route("**/*.js", hold)
        await one.page.reload(wait_until="commit")
        await give(one.page, files / "clean.mp4")
        ready.set()
        verdict = one.page.get_by_test_id("verdict")
        await expect(verdict).to_have_attribute("data-verdict", "not-detected", timeout=120_000)


async def test_who_cancels_takes_the_video_and_the_place_back(
    playwright: Playwright, servers: Installation, files: Path, tmp_path: Path
) -> None:
    server = servers.start(TALCHUM_VERIFICATION_SLOTS="1")
    async with visitor(playwright, server, tmp_path) as one, visitor(playwright, server, tmp_path) as two:
        await give(one.page, files / "clean.mp4")
        running = one.page.get_by_test_id("verify-running")
        await expect(running).to_have_attribute("data-doing", "searching", timeout=120_000)
        await give(two.page, files / "worn.mp4")
        await expect(two.page.get_by_test_id("error-message")).to_have_attribute(
            "data-code", "verifications_busy"
        )
        await one.page.get_by_test_id("verify-cancel").click()
        await expect(one.page.get_by_test_id("verify-choice")).to_be_visible()
        await asyncio.to_thread(until_gone, tmp_path)
        await two.page.get_by_test_id("verify-again").click()
        verdict = two.page.get_by_test_id("verdict")
        await expect(verdict).to_have_attribute("data-verdict", "marked", timeout=120_000)
        await give_and_leave(one.page, files / "clean.mp4", server)
        await asyncio.to_thread(until_gone, tmp_path)


async def give_and_leave(page: Page, path: Path, server: CallServer) -> None:
    """Close the page's document in the middle of an examination."""
    await give(page, path)
    await expect(page.get_by_test_id("verify-running")).to_have_attribute(
        "data-doing", "searching", timeout=120_000
    )
    await page.goto(server.origin)


def write_bomb(path: Path) -> None:
    """A few kilobytes that announce pictures of 8000 by 6000."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 8000, 6000, "yuv420p"
        # a new frame holds what was in memory, which may be hard to compress
        picture = av.VideoFrame.from_ndarray(np.full((9000, 8000), 128, np.uint8), format="yuv420p")
        for packet in stream.encode(picture) + stream.encode(None):
            container.mux(packet)
