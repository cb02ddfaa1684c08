"""A worn face is not on the other's screen before they know of it, and never when that does not verify."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from talchum.domain.leg_tag import LegTag
from talchum.domain.mark import Mark
from talchum.vision.badge import BadgePlace, draw_badge
from tests.browser.calling import Caller, Callers, eventually
from tests.browser.camera import Camera, make_camera
from tests.browser.performer import CLIP, read_pictures
from tests.browser.screen_watch import Seen, seen, watch_screen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

Change = Callable[[dict[str, Any]], dict[str, Any] | None]


async def change_what_comes(page: Page, change: Change) -> None:
    """Changes every disclosure on its way from the call server to a page; None: it is withheld."""

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            said = json.loads(message)
            if said["type"] != "disclosure":
                socket.send(message)
            elif (changed := change(said)) is not None:
                socket.send(json.dumps(changed))

        server.on_message(pass_on)

    await page.route_web_socket("**/ws", route)


def with_another_signature(said: dict[str, Any]) -> dict[str, Any]:
    head, body, signature = said["statement"].split(".")
    other = "A" if signature[9] != "A" else "B"
    return {**said, "statement": f"{head}.{body}.{signature[:9]}{other}{signature[10:]}"}


def withheld(_said: dict[str, Any]) -> None:
    return None


async def watching(callers: Callers, link: str) -> Caller:
    """B, who only watches, in the call, with an eye on what comes onto the screen."""
    b = await callers.add("B", devices=False)
    await b.open(link)
    await b.enter()
    await watch_screen(b.person.page)
    return b


async def receives_pictures(b: Caller) -> None:
    """Waits until pictures arrive, whether or not they are shown."""

    async def arriving() -> bool:
        return (await b.arriving(1.0)).frames >= 5

    await eventually(arriving, "pictures arrive")


async def test_no_picture_is_shown_before_the_other_has_said_that_they_know(callers: Callers) -> None:
    link = callers.service.new_link()
    b = await watching(callers, link)
    a = await callers.add("A")
    await a.join(link, callers.faces[0])
    await receives_pictures(b)
    page = b.person.page
    gate = page.get_by_test_id("disclosure-gate")
    await expect(gate).to_contain_text("The face you are about to see is made by AI")
    await expect(gate).to_contain_text("The voice you hear is their own.")
    await expect(page.get_by_test_id("disclosure")).to_have_text("AI-made face")
    await expect(a.person.page.get_by_test_id("they-know")).to_have_count(0)
    before = await seen(b.person.page)
    assert (before.attached, before.frame) == (None, None)

    await page.get_by_test_id("show-picture").click()
    await expect(gate).to_have_count(0)
    await expect(a.person.page.get_by_test_id("they-know")).to_be_visible()

    async def shown() -> bool:
        return (await seen(b.person.page)).frame is not None

    await eventually(shown, "the picture is shown")
    assert (await seen(b.person.page)).known_before_shown
    label = page.get_by_test_id("disclosure")
    await expect(label).to_have_text("AI-made face")
    await expect(label).to_have_attribute("data-badge", "matches", timeout=30_000)


@pytest.mark.parametrize(
    ("change", "gate"),
    [(with_another_signature, "failed"), (withheld, "waiting")],
    ids=["tampered", "withheld"],
)
async def test_a_disclosure_that_does_not_verify_or_come_is_a_picture_never_shown(
    callers: Callers, change: Change, gate: str
) -> None:
    link = callers.service.new_link()
    b = await callers.add("B", devices=False)
    await change_what_comes(b.person.page, change)
    await b.open(link)
    await b.enter()
    await watch_screen(b.person.page)
    await (await callers.add("A")).join(link, callers.faces[0])
    await receives_pictures(b)
    await expect(b.person.page.get_by_test_id("disclosure-gate")).to_have_attribute("data-gate", gate)
    await asyncio.sleep(2)
    assert await seen(b.person.page) == Seen(None, None, None, None)
    await expect(b.person.page.get_by_test_id("show-picture")).to_have_count(0)
    await expect(b.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")


async def test_a_disclosure_of_another_call_is_none_of_this_one(callers: Callers) -> None:
    elsewhere: list[str] = []

    def note(said: dict[str, Any]) -> dict[str, Any]:
        elsewhere.append(said["statement"])
        return said

    def replay(said: dict[str, Any]) -> dict[str, Any]:
        return {**said, "statement": elsewhere[-1]}

    b = await callers.add("B", devices=False)
    a = await callers.add("A")
    for change, gate in ((note, "ask"), (replay, "failed")):
        link = callers.service.new_link()
        await b.person.page.unroute_all()
        await change_what_comes(b.person.page, change)
        await b.open(link)
        await b.enter()
        await a.join(link, callers.faces[0])
        await expect(b.person.page.get_by_test_id("disclosure-gate")).to_have_attribute(
            "data-gate", gate, timeout=30_000
        )
    await expect(b.person.page.get_by_test_id("disclosure-gate")).to_have_attribute(
        "data-reason", "misplaced"
    )


async def test_another_kind_of_face_is_asked_about_and_another_face_of_the_same_is_not(
    callers: Callers,
) -> None:
    a, b = await callers.pair()
    page = b.person.page
    await watch_screen(page)
    await a.change_face(callers.faces[1])
    await b.sees()
    assert (await seen(b.person.page)).asked is None
    await a.change_face("veil")
    gate = page.get_by_test_id("disclosure-gate")
    await expect(gate).to_contain_text("AI covers the face", timeout=30_000)
    await expect(page.get_by_test_id("remote-video")).to_have_js_property("srcObject", None)
    await expect(a.person.page.get_by_test_id("they-know")).to_have_count(0)
    await b.sees()
    await expect(page.get_by_test_id("disclosure")).to_have_text("Face covered by AI")
    await expect(a.person.page.get_by_test_id("they-know")).to_be_visible()
    await a.change_face(callers.faces[0])
    await b.sees()
    assert (await b.figures())["remote"]["gate"] == "open"


async def test_a_mark_in_what_is_declared_to_be_an_own_face_is_a_warning(
    callers: Callers, tmp_path: Path
) -> None:
    link = callers.service.new_link()
    camera = await asyncio.to_thread(camera_that_films_a_worn_face, tmp_path)
    a = await callers.add("A", camera=camera)
    b = await callers.add("B", devices=False, sees_own_faces=True)
    await b.open(link)
    await b.enter()
    await a.open(link)
    await a.choose_own_face()
    await a.enter()
    await b.sees()
    page = b.person.page
    await expect(page.get_by_test_id("disclosure")).to_have_text("Own face")
    await expect(page.get_by_test_id("badge-note")).to_contain_text(
        "carries the mark of an AI-made one", timeout=30_000
    )


def camera_that_films_a_worn_face(directory: Path) -> Camera:
    """A virtual camera that plays somebody else's worn face, with its badge."""
    pictures = read_pictures(CLIP)[:30]
    height, width = pictures[0].shape[:2]
    place = BadgePlace.of(width, height, "bottom-left")
    badge = draw_badge(Mark("synthetic", LegTag(7)).badge_text, place, "en")
    for picture in pictures:
        picture[place.area.rows, place.area.columns] = badge
    return make_camera(directory, pictures, [[]] * len(pictures), "worn", marks=False)
