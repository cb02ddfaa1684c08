"""The operator's page: a face is learned from a capture while one watches, and worn in a call."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Playwright, expect

from faces.captures import kept
from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.apps.settings import Settings
from tests.browser.calling import Caller, Callers, eventually
from tests.browser.camera import Camera
from tests.browser.conftest import SETTINGS, callers_at
from tests.browser.performer import CLIP
from tests.browser.test_pages import expect_no_sideways_scrolling, screenshot
from tests.calls.service import ROOT, Child, Service, running_service
from tests.network.namespaces import Namespace

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

TOKEN = "the-operator-of-these-tests"
SECONDS = 5.6  # of the project's clip
MILLISECONDS = 120_000  # a trainer lets everything else on the machine go first


@pytest.fixture(scope="module")
def studio(place: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An installation with a capture and a face worker, and no trainer yet."""
    directory = tmp_path_factory.mktemp("studio")
    keep_capture(directory)
    settings = {**SETTINGS, "TALCHUM_OPERATOR_TOKEN": TOKEN}
    with running_service(directory, place, first_port=8280, settings=settings) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def studio_callers(
    playwright: Playwright,
    place: Namespace,
    studio: Service,
    camera: Camera,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Callers]:
    """People at that installation."""
    async with callers_at(studio, playwright, place, camera, tmp_path, request) as made:
        yield made


def keep_capture(data: Path) -> None:
    """The performer of the tests, kept as if sora's performance had been drawn."""
    settings = Settings(redis_url="", data=data)
    engine = open_database(settings.database)
    content = open_content_store(settings.content, data / "content-cache")
    identities = IdentityFiles(default_identities_directory())
    capture = kept("sora", CLIP.read_bytes(), SECONDS, identities, content, time.time())
    CaptureRecords(engine).add(capture)
    engine.dispose()


def start_trainer(service: Service) -> None:
    """One whose networks are small; it ends with the service."""
    log = service.directory / "trainer.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            service.command([sys.executable, "-m", "tests.apps.small_training"]),
            cwd=ROOT,
            env=service.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    service.children.append(Child("trainer", process, log))


async def order(page: Page, name: str, steps: int) -> Locator:
    """Has a face learned; where its job is shown."""
    await page.get_by_test_id("capture-sora").check()
    await page.get_by_test_id("identity-name").fill(name)
    steps_field = page.get_by_test_id("training-steps")
    if not await steps_field.is_visible():
        await page.get_by_text("How long to learn").click()
    await steps_field.fill(str(steps))
    await page.get_by_test_id("start-training").click()
    return page.locator(f'[data-testid="job"][data-identity="{name}"]')


async def expect_state(job: Locator, state: str) -> None:
    await expect(job).to_have_attribute("data-state", state, timeout=MILLISECONDS)


async def expect_loaded(picture: Locator) -> None:
    """Fails when an image does not come to show something."""
    await expect(picture).to_be_visible(timeout=MILLISECONDS)

    async def loaded() -> bool:
        return bool(await picture.evaluate("image => image.naturalWidth > 0"))

    await eventually(loaded, "the picture is there")


async def test_a_face_is_learned_and_worn(studio_callers: Callers) -> None:
    service = studio_callers.service
    operator = await studio_callers.visitor()
    page = operator.page
    await page.goto(f"{service.url()}/train/#{TOKEN}")
    await expect(page.get_by_test_id("no-jobs")).to_be_visible()
    assert TOKEN not in page.url
    await expect(page.get_by_test_id("no-trainer")).to_be_visible()
    await asyncio.to_thread(start_trainer, service)

    first = await order(page, "sora-again", 45)
    await expect(first).to_be_visible()
    second = await order(page, "sora-long", 20_000)
    await expect_state(first, "running")
    await expect(page.get_by_test_id("no-trainer")).to_be_hidden()
    await expect(second.get_by_test_id("job-state")).to_have_text("Waiting for its turn")
    await expect_loaded(first.get_by_test_id("held-out-picture"))
    await expect(first.get_by_test_id("job-likeness")).to_contain_text("PSNR")
    await screenshot(page, "training-running.png")

    await expect_state(first, "succeeded")
    await expect_state(second, "running")
    await second.get_by_test_id("cancel-job").click()
    await expect_state(second, "cancelled")
    await expect(second.get_by_test_id("retry-job")).to_be_enabled()
    clip = first.get_by_test_id("result-clip")

    async def playable() -> bool:
        duration: float = await clip.evaluate("video => video.duration || 0")
        return 2.5 < duration < 3.5

    await eventually(playable, "three seconds of the new face can be played")
    await screenshot(page, "training-result.png")
    await page.set_viewport_size({"width": 360, "height": 740})
    await expect_no_sideways_scrolling(page)
    assert operator.problems == []

    await first.get_by_test_id("call-with-face").click()
    await page.wait_for_url("**/call/**")
    performer = Caller(operator)
    await performer.wears("sora-again")
    await expect(page.get_by_test_id("face-sora-again")).to_have_attribute("aria-pressed", "true")
    await performer.enter()
    other = await studio_callers.add("other", devices=False)
    await other.open(page.url)
    await other.enter()
    await other.sees()
    await expect(other.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
    leg = (await performer.figures())["faceLeg"]
    assert leg["engine"] in {"neural", "portrait"}  # a busy machine may be too slow
    assert leg["engine"] == "portrait" or not leg["report"]["fallback"]  # which is reported a second later
    assert operator.problems == []


async def test_nobody_else_is_shown_anything(studio_callers: Callers) -> None:
    stranger = await studio_callers.visitor(devices=False)
    await stranger.page.goto(f"{studio_callers.service.url()}/train/#not-the-token-of-this-service")
    await expect(stranger.page.get_by_test_id("error-message")).to_contain_text("not one of this service")
    await stranger.page.reload()
    await expect(stranger.page.get_by_test_id("error-message")).to_contain_text("talchum up")
    await expect(stranger.page.get_by_test_id("capture-sora")).to_have_count(0)
