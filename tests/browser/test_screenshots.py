"""The picture in the README: a real call in two real browsers, made anew with `--update-screenshots`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import expect

from talchum.domain.frame import Image
from tests.browser.calling import Caller, Callers, eventually
from tests.browser.conftest import RESULTS
from tests.browser.performer import plain_camera
from tests.calls.service import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

PICTURE = ROOT / "docs" / "images" / "call.webp"
QUALITY = 90
SETTLED = 3  # frames in a row that show a face
PATIENCE = 90.0  # seconds: two faces at once are the most that two cores can do
GAP = 24  # pixels between the two windows
WINDOW = {"width": 960, "height": 640}
PEOPLE = {  # the face of each, and frames of the clip in which the eyes are open and the face half turned
    "A": ("sora", range(44, 62)),
    "B": ("yangban", range(124, 144)),
}


async def test_two_people_who_wear_faces(
    callers: Callers, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    link, people = callers.service.new_link(), []
    for name, (face, frames) in PEOPLE.items():
        camera = await asyncio.to_thread(plain_camera, tmp_path, name, frames)
        people.append(await callers.add(name, camera=camera, viewport=WINDOW))
        await people[-1].join(link, face)
    pictures = []
    for number, caller in enumerate(people):
        path = RESULTS / f"call-{number}.png"
        await eventually(taken_with_faces_on(caller, path), "both faces are on the screen", PATIENCE)
        await expect(caller.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
        pictures.append(np.asarray(cv2.imread(str(path)), np.uint8))
    both = side_by_side(pictures)
    assert both.shape == (WINDOW["height"], 2 * WINDOW["width"] + GAP, 3)
    if pytestconfig.getoption("--update-screenshots"):
        await asyncio.to_thread(PICTURE.parent.mkdir, exist_ok=True)
        assert cv2.imwrite(str(PICTURE), both, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def taken_with_faces_on(caller: Caller, path: Path) -> Callable[[], Awaitable[bool]]:
    """A condition: a picture of the page was taken between two moments at which both faces were on."""

    async def faces_are_on() -> bool:
        latest = (await caller.look())[-SETTLED:]
        figures = await caller.figures()
        report = figures["faceLeg"]["report"]
        own = figures["outgoing"] == "returned" and report is not None and report["state"] == "face"
        own = own and figures["delayMs"] is not None  # the picture shows it
        return own and len(latest) == SETTLED and all(one.face for one in latest)

    async def taken() -> bool:
        if not await faces_are_on():
            return False
        await asyncio.to_thread(RESULTS.mkdir, exist_ok=True)
        await caller.person.page.screenshot(path=path)
        return await faces_are_on()

    return taken


def side_by_side(pictures: Sequence[Image]) -> Image:
    """The pictures beside each other on white."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([pictures[0], gap, pictures[1]])
