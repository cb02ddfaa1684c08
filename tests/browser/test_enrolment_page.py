"""The page that enrols, in a real browser with a real face worker: read, agree, be filmed, be asked.

Looping clips cannot do what is asked; the person who passes is a canvas that reads the page.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Playwright, expect

from talchum.adapters.accounts import Accounts
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.apps.consent_registry import ConsentRegistry
from talchum.domain.acts import CHECKED
from tests.apps.call_servers import installation
from tests.apps.people import registry_in
from tests.browser.actor import acted_pictures, film_actor
from tests.browser.calling import Callers, eventually
from tests.browser.conftest import RESULTS
from tests.browser.people import Person, person
from tests.browser.performer import plain_camera
from tests.calls.service import Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

STILL = range(0, 2)  # frames of the clip in which the face is nearly at rest
PROMPT_MS = 30_000
REFUSAL_MS = 90_000
PASS_MS = 150_000

DENIED = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""
DARK = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 480];
  const context = canvas.getContext("2d");
  setInterval(() => { context.fillStyle = "#0a0a0c"; context.fillRect(0, 0, 640, 480); }, 33);
  return canvas.captureStream(30);
};
"""

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}


@pytest.fixture
def registry(service: Service) -> Iterator[ConsentRegistry]:
    opened = registry_in(service.directory)
    yield opened
    opened.records.engine.dispose()


def invitation(registry: ConsentRegistry) -> str:
    return Accounts(registry.records.engine).invite(600.0, time.time())


async def looks(page: Page, name: str, *, each: bool = True) -> None:
    """Pictures of the page on a desk and a phone, dark, and in Korean; nothing runs off sideways."""
    RESULTS.mkdir(exist_ok=True)
    before = page.viewport_size
    ways = [
        ("desktop", "light", "en"),
        ("phone", "light", "en"),
        ("phone", "dark", "ko"),
        ("desktop", "dark", "ko"),
    ]
    for size, scheme, language in ways if each else ways[1:2]:
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await speak(page, language)
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{overflow} px sideways"
        await page.screenshot(path=RESULTS / f"enrol-{name}-{size}-{scheme}-{language}.png", full_page=True)
    await page.emulate_media(color_scheme="light")
    await speak(page, "en")
    if before is not None:
        await page.set_viewport_size(before)


async def speak(page: Page, language: str) -> None:
    await page.evaluate(
        "language => { localStorage.setItem('talchum:language', language);"
        " dispatchEvent(new Event('talchum:language-changed')); }",
        language,
    )
    await expect(page.locator(f"html[lang={language}]")).to_have_count(1)


async def sign_in(page: Page, origin: str, registry: ConsentRegistry) -> None:
    await page.goto(f"{origin}/account/#{invitation(registry)}")
    await page.get_by_test_id("name").fill("Hana")
    await page.get_by_test_id("use-invitation").click()
    await page.get_by_test_id("enrol").click()


async def agree(page: Page) -> None:
    """Read the statement, by the keyboard, and go on to the camera."""
    await expect(page.get_by_test_id("statement")).to_contain_text("my face")
    await page.get_by_test_id("title").fill("Hana")
    for box in ("agreed", "adult"):
        await page.get_by_test_id(box).press("Space")
    await expect(page.get_by_test_id("keeps")).not_to_be_checked()
    await page.get_by_test_id("to-camera").press("Enter")


async def test_a_clip_is_asked_told_why_not_and_refused(
    callers: Callers, registry: ConsentRegistry, tmp_path: Path
) -> None:
    camera = await asyncio.to_thread(plain_camera, tmp_path, "still", STILL)
    one = await callers.visitor(camera=camera)
    page = one.page
    await sign_in(page, callers.service.url(), registry)
    await expect(page.get_by_test_id("statement")).to_contain_text("my face")
    await looks(page, "agreement")
    await agree(page)
    await expect(page.get_by_test_id("begin")).to_be_enabled()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await looks(page, "ready")
    await page.get_by_test_id("begin").press("Enter")

    asked = page.locator("[data-asked]:not([data-asked=''])")
    await expect(asked).to_have_count(1, timeout=PROMPT_MS)
    prompt = await asked.get_attribute("data-asked")
    assert prompt in {*CHECKED, "hand-on-cheek", "say-words"}
    await expect(page.get_by_test_id("prompt")).not_to_be_empty()
    await looks(page, "asked")
    records = EnrolmentRecords(registry.records.engine)
    [offered] = records.in_state("taken")
    again = page.get_by_test_id("remark").filter(has_text="asked again")
    await expect(again).to_be_visible(timeout=PROMPT_MS)
    await looks(page, "again", each=False)
    refused = page.get_by_test_id("not-enrolled")
    await expect(refused).to_be_visible(timeout=REFUSAL_MS)
    await expect(refused).to_have_attribute("data-end", "too_many_tries")
    await looks(page, "refused")
    assert records.get(offered.offer.nonce).state == "failed"

    await page.get_by_test_id("again").press("Enter")
    await expect(page.locator("[data-phase=acting]")).to_have_count(1, timeout=PROMPT_MS)
    [second] = records.in_state("taken")
    assert second.offer.nonce != offered.offer.nonce
    await page.get_by_test_id("cancel").press("Enter")
    await expect(page.get_by_test_id("begin")).to_be_visible()

    async def forgotten() -> bool:
        kept = records.of_subject(second.offer.subject)
        return [row.offer.nonce for row in kept] == [offered.offer.nonce]

    await eventually(forgotten, "what was cancelled is forgotten")
    assert one.problems == []


async def test_who_does_what_is_asked_gets_a_handle_that_takes_it_back(
    callers: Callers, registry: ConsentRegistry
) -> None:
    try:
        pictures = await asyncio.to_thread(acted_pictures, "elena")
    except subprocess.CalledProcessError:
        pytest.skip("the pinned wheel is neither cached nor to be had")
    one = await callers.visitor(viewport={"width": 390, "height": 844})
    await film_actor(one.context, pictures)
    page = one.page
    await sign_in(page, callers.service.url(), registry)
    await agree(page)
    await page.get_by_test_id("begin").click()
    await expect(page.locator("[data-asked='say-words']")).to_have_count(1, timeout=PASS_MS)
    words = await page.get_by_test_id("prompt").inner_text()
    assert words.count("·") == 2
    await expect(page.get_by_test_id("passed")).to_be_visible(timeout=PASS_MS)
    handle = await page.get_by_test_id("handle").inner_text()
    [row] = EnrolmentRecords(registry.records.engine).in_state("passed")
    assert row.outcome == "passed"
    await looks(page, "passed")
    await page.get_by_test_id("copy-handle").click()
    assert await page.evaluate("navigator.clipboard.readText()") == handle
    await page.get_by_test_id("to-account").click()
    await expect(page.get_by_test_id("under-way")).to_contain_text("waits to be learned")
    await looks(page, "under-way")
    await page.get_by_test_id("handle").fill(handle)
    await page.get_by_test_id("revoke-handle").click()
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("handle-revoked")).to_be_visible()
    assert EnrolmentRecords(registry.records.engine).in_state("passed") == []
    assert registry.captures.list() == []
    assert one.problems == []


async def test_who_is_sent_a_link_reads_who_asks_and_is_asked_on_their_own_device(
    callers: Callers, registry: ConsentRegistry, tmp_path: Path
) -> None:
    origin = callers.service.url()
    asking = await callers.visitor(devices=False)
    await sign_in(asking.page, origin, registry)
    await asking.page.goto(f"{origin}/account/")
    await asking.page.get_by_test_id("licensee").fill("Studio Nabi")
    await asking.page.get_by_test_id("make-link").press("Enter")
    link = await asking.page.get_by_test_id("lend-link").inner_text()
    await looks(asking.page, "borrow")
    await asking.page.goto(link)
    await expect(asking.page.get_by_test_id("error-message")).to_contain_text("your own link")

    camera = await asyncio.to_thread(plain_camera, tmp_path, "still", STILL)
    one = await callers.visitor(camera=camera)
    page = one.page
    await page.goto(link)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Studio Nabi asks")
    assert page.url.endswith("/enrol/"), "the address bar keeps no token"
    await expect(page.get_by_test_id("statement")).to_contain_text("Studio Nabi may wear it")
    await looks(page, "lend")
    await page.get_by_test_id("enter-name").fill("Hana")
    await page.get_by_test_id("enter").press("Enter")
    await expect(page.get_by_test_id("days")).to_have_count(0)
    await looks(page, "lend-agreement")
    await agree(page)
    await expect(page.get_by_test_id("begin")).to_be_enabled()
    await page.get_by_test_id("begin").press("Enter")
    asked = page.locator("[data-asked]:not([data-asked=''])")
    await expect(asked).to_have_count(1, timeout=PROMPT_MS)
    [taken] = EnrolmentRecords(registry.records.engine).in_state("taken")
    assert (taken.offer.scope, taken.offer.licensee) == ("licensed", "Studio Nabi")
    assert taken.offer.subject not in taken.offer.wearers
    await page.get_by_test_id("cancel").press("Enter")
    await expect(page.get_by_test_id("begin")).to_be_visible()
    assert one.problems == []

    third = await callers.visitor(devices=False)
    await third.page.goto(link)
    await expect(third.page.get_by_test_id("use-invitation")).to_be_visible()
    await expect(third.page.get_by_test_id("enter-name")).to_have_count(0)


@pytest.mark.parametrize(("lacking", "code"), [("denied", "camera_denied"), ("none", "no_camera")])
async def test_without_a_camera_it_is_said_why(
    callers: Callers, registry: ConsentRegistry, lacking: str, code: str
) -> None:
    one = await callers.visitor(devices=lacking != "none")
    if lacking == "denied":
        await one.context.add_init_script(DENIED)
    await sign_in(one.page, callers.service.url(), registry)
    await agree(one.page)
    await expect(one.page.get_by_test_id("error-message")).to_have_attribute("data-code", code)
    await expect(one.page.get_by_test_id("begin")).to_be_disabled()
    await looks(one.page, code)


async def test_who_sits_in_the_dark_is_told_so(callers: Callers, registry: ConsentRegistry) -> None:
    one = await callers.visitor()
    await one.context.add_init_script(DARK)
    await sign_in(one.page, callers.service.url(), registry)
    await agree(one.page)
    await one.page.get_by_test_id("begin").click()
    await expect(one.page.get_by_test_id("remark")).to_contain_text("too dark", timeout=PROMPT_MS)
    await looks(one.page, "dark", each=False)
    await one.page.get_by_test_id("cancel").click()


async def test_without_a_face_worker_it_waits_and_says_so(
    playwright: Playwright, callers: Callers, tmp_path: Path
) -> None:
    registry = registry_in(tmp_path)
    with installation(tmp_path) as servers:
        server = servers.start(TALCHUM_FACE_LEG_WAIT_SECONDS="5")
        async with person(playwright, "visitor", None, tmp_path, camera=callers.camera, probed=False) as one:
            await wait_in_vain(one, server.origin, registry)
    registry.records.engine.dispose()


async def wait_in_vain(one: Person, origin: str, registry: ConsentRegistry) -> None:
    await sign_in(one.page, origin, registry)
    await agree(one.page)
    await one.page.get_by_test_id("begin").click()
    await expect(one.page.locator("[data-phase=queued]")).to_have_count(1)
    refused = one.page.get_by_test_id("not-enrolled")
    await expect(refused).to_have_attribute("data-end", "no_free_face_worker", timeout=PROMPT_MS)
    await looks(one.page, "busy")
