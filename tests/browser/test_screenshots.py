"""The picture in the README: a real call in two real browsers, made anew with `--update-screenshots`."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import expect

from talchum.domain.frame import Image
from tests.browser.calling import Caller, Callers, eventually
from tests.browser.conftest import RESULTS
from tests.browser.measures import share_of_faces
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
QUIET_MS = 100  # the picture that is kept is not one of a machine that is still busy with starting browsers
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
    kept = bool(pytestconfig.getoption("--update-screenshots"))
    longest = QUIET_MS if kept else math.inf
    for name, (face, frames) in PEOPLE.items():
        camera = await asyncio.to_thread(plain_camera, tmp_path, name, frames)
        people.append(await callers.add(name, camera=camera, viewport=WINDOW))
        await people[-1].join(link, face)
    for caller in people:
        await eventually(caller.knows, "the other's face is disclosed", PATIENCE)
    pictures = []
    for number, caller in enumerate(people):
        path = RESULTS / f"call-{number}.png"
        taken = taken_with_faces_on(caller, path, longest)
        await eventually(taken, "both faces are on the screen", PATIENCE)
        await expect(caller.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
        pictures.append(np.asarray(cv2.imread(str(path)), np.uint8))
    both = side_by_side(pictures)
    assert both.shape == (WINDOW["height"], 2 * WINDOW["width"] + GAP, 3)
    if kept:
        await asyncio.to_thread(PICTURE.parent.mkdir, exist_ok=True)
        assert cv2.imwrite(str(PICTURE), both, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def taken_with_faces_on(caller: Caller, path: Path, longest: float) -> Callable[[], Awaitable[bool]]:
    """A condition: a picture of the page was taken between two moments at which both faces were on.

    longest: the delay that the picture may show, ms. Searching what arrived for faces takes all of a core and
    would make that delay, so it comes last.
    """

    async def own_face_is_on() -> bool:
        figures = await caller.figures()
        report, delay = figures["faceLeg"]["report"], figures["delayMs"]
        on = figures["outgoing"] == "returned" and report is not None and report["state"] == "face"
        return on and delay is not None and delay <= longest

    async def taken() -> bool:
        since = time.time()
        if not await own_face_is_on():
            return False
        await asyncio.to_thread(RESULTS.mkdir, exist_ok=True)
        await caller.person.page.screenshot(path=path)
        if not await own_face_is_on():
            return False
        seen = await caller.look(since=since)
        return bool(seen) and share_of_faces(seen) == 1

    return taken


def side_by_side(pictures: Sequence[Image]) -> Image:
    """The pictures beside each other on white."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([pictures[0], gap, pictures[1]])
