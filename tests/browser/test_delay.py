"""The delay on the screen against the truth: stamps in the pictures, and numbers that both pages read."""

from __future__ import annotations

import asyncio
import time
from statistics import median

import pytest

from tests.browser.calling import Callers, eventually
from tests.browser.lip_sync import moment_shown, views
from tests.browser.performer import CLIP
from tests.calls.headless import headless_call

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

NEAR_MS = 30
CALL_SECONDS = 60
WINDOW_SECONDS = 5


@pytest.mark.parametrize("worn", [True, False], ids=["worn face", "own face"])
async def test_the_delay_shown_of_a_headless_performer_is_what_its_stamps_say(
    callers: Callers, worn: bool
) -> None:
    link = callers.service.new_link()
    b = await callers.add("B", devices=False, sees_own_faces=not worn)
    await b.open(link)
    await b.enter()
    wear = ["--identity", callers.faces[0]] if worn else []
    performer = headless_call(callers.service, link, CLIP, seconds=CALL_SECONDS, arguments=["--stamp", *wear])
    with performer:
        await b.sees()
        await b.watch_stamps()

        async def near() -> bool:
            started = time.monotonic()
            await asyncio.sleep(WINDOW_SECONDS)
            shown = (await b.figures())["delayMs"]
            true = 1000 * median(await b.stamped_delays(started))
            print("shown", shown, "stamps say", round(true))
            return shown is not None and abs(shown - true) <= NEAR_MS

        await eventually(near, "the delay shown is what the stamps say")


async def test_the_delay_shown_of_a_performer_at_a_browser_is_the_true_one(callers: Callers) -> None:
    a, b = await callers.pair(record=False)
    await a.watch("own")
    await b.watch("other")

    async def near() -> bool:
        started = time.time()
        await asyncio.sleep(WINDOW_SECONDS)
        shown = (await b.figures())["delayMs"]
        own = views(await a.person.page.evaluate("__probe.views.own"))
        seen = views(await b.person.page.evaluate("__probe.views.other"))
        pairs = [(view.at, moment_shown(own, view.number, view.at)) for view in seen if view.at >= started]
        true = 1000 * median(at - sent for at, sent in pairs if sent is not None)
        print("shown", shown, "true", round(true), "of it the loop", (await a.figures())["faceLeg"]["loopMs"])
        return shown is not None and abs(shown - true) <= NEAR_MS

    await eventually(near, "the delay shown is the true one")
