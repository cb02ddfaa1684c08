"""Whether everybody knows that a face is AI-made before its first frame is on their screen, join by join.

Two Chromiums, one call server and a face worker on this machine. For each join both open a new page in a new
room; A wears a face, B is asked, answers and sees it. Bar: in every join asked, answered, picture on the
page, first frame, in this order, and A is told that B knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright, expect

from benchmarks.machine import spread
from benchmarks.outcome import Outcome
from tests.browser.calling import Caller, NotSeenError, eventually
from tests.browser.people import person
from tests.browser.performer import plain_camera
from tests.browser.screen_watch import Seen, seen, watch_screen
from tests.calls.service import Service, running_service

IDENTITY = "sora"
PATIENCE_MS = 60_000
LEAVE_MS = 500


@dataclass(frozen=True, slots=True)
class Join:
    """What came of one join. seconds: from A's opening of the link to the first frame on B's screen."""

    seen: Seen
    told: bool
    seconds: float

    @property
    def in_order(self) -> bool:
        """Whether B knew before the first frame, and A was told so."""
        return self.seen.known_before_shown and self.told


async def join_once(service: Service, a: Caller, b: Caller, identity: str) -> Join:
    """One call between two people at their browsers, on new pages. Raises NotSeenError, PlaywrightError."""
    link = service.new_link()
    for caller in (a, b):
        old, caller.person.page = caller.person.page, await caller.person.context.new_page()
        # Who leaves gives the face worker back at once; who only closes the page keeps it for a while.
        with contextlib.suppress(PlaywrightError):
            await old.get_by_test_id("leave").click(timeout=LEAVE_MS)
        await old.close()
    await b.open(link)
    await b.enter()
    page = b.person.page
    await watch_screen(page)
    began = time.monotonic()
    await a.join(link, identity)
    await page.get_by_test_id("show-picture").click(timeout=PATIENCE_MS)

    async def shown() -> bool:
        return (await seen(page)).frame is not None

    await eventually(shown, "the picture is shown")
    seconds = time.monotonic() - began
    try:
        await expect(a.person.page.get_by_test_id("they-know")).to_be_visible()
    except AssertionError:
        return Join(await seen(page), told=False, seconds=seconds)
    return Join(await seen(page), told=True, seconds=seconds)


def measure_disclosure(n: int) -> Outcome:
    """`n` joins; one that did not come about counts as not in order."""
    done, failed = asyncio.run(_joins(n))
    in_order = sum(join.in_order for join in done)
    return Outcome(
        "disclosure known before the first shown frame",
        f"{n} of {n} joins",
        f"{in_order} of {n}, {failed} of which did not come about" if failed else f"{in_order} of {n}",
        n,
        in_order == n,
        {
            "failed": failed,
            "shownUnasked": sum(join.seen.pressed is None for join in done),
            "secondsToFirstFrame": spread([join.seconds for join in done]) if done else None,
        },
    )


async def _joins(joins: int) -> tuple[list[Join], int]:
    done: list[Join] = []
    failed = 0
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(running_service(directory / "service"))
        camera = await asyncio.to_thread(plain_camera, directory, "A", range(0, 60))
        playwright = await stack.enter_async_context(async_playwright())
        filming = person(playwright, "A", None, directory, camera=camera, record=False)
        watching = person(playwright, "B", None, directory, devices=False, record=False)
        a, b = await stack.enter_async_context(filming), await stack.enter_async_context(watching)
        for _ in range(joins):
            try:
                done.append(await join_once(service, Caller(a), Caller(b), IDENTITY))
            except (NotSeenError, PlaywrightError, AssertionError) as error:
                failed += 1
                print(f"a join failed: {type(error).__name__}: {str(error)[:200]}", flush=True)
    return done, failed
