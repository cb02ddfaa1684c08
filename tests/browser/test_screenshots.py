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
        await caller.sees()
        await eventually(shows_face_at(caller), "the other person's face is on the screen")
        await expect(caller.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
        path = RESULTS / f"call-{number}.png"
        await caller.person.page.screenshot(path=path)
        pictures.append(np.asarray(cv2.imread(str(path)), np.uint8))
    both = side_by_side(pictures)
    assert both.shape == (WINDOW["height"], 2 * WINDOW["width"] + GAP, 3)
    if pytestconfig.getoption("--update-screenshots"):
        await asyncio.to_thread(PICTURE.parent.mkdir, exist_ok=True)
        assert cv2.imwrite(str(PICTURE), both, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def shows_face_at(caller: Caller) -> Callable[[], Awaitable[bool]]:
    """A condition: the last frames that somebody received show a face, and the own face is on as well."""

    async def shown() -> bool:
        latest = (await caller.look())[-5:]
        leg = (await caller.figures())["faceLeg"]
        own = leg["report"] is not None and leg["report"]["state"] == "face"
        return own and len(latest) == 5 and all(one.face for one in latest)

    return shown


def side_by_side(pictures: Sequence[Image]) -> Image:
    """The pictures beside each other on white."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([pictures[0], gap, pictures[1]])
