"""What people do in a call, through the page as they see it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Playwright, expect

from talchum.domain.stamp import read_stamp
from tests.browser.camera import Camera
from tests.browser.measures import Arrived, Glimpse, arrived, glimpse
from tests.browser.people import Person, person
from tests.browser.received import Decoder, EncodedFrame
from tests.calls.service import Service
from tests.network.namespaces import Namespace

PATIENCE = 30.0  # seconds for anything that happens by itself


class NotSeenError(AssertionError):
    """Something that should have come about by itself did not."""


@dataclass(slots=True)
class Caller:
    """Somebody in a call. sees_own_faces: they may receive a camera, because its owner chose to show it."""

    person: Person
    sees_own_faces: bool = False
    decoder: Decoder = field(default_factory=Decoder)
    glimpses: list[Glimpse] = field(default_factory=list)

    async def open(self, link: str) -> None:
        """Opens the link and waits for the lobby."""
        await self.person.page.goto(link)
        await expect(self.person.page.get_by_test_id("enter-call")).to_be_visible(timeout=1000 * PATIENCE)

    async def choose_face(self, identity: str) -> None:
        """Picks a face, in the lobby or in the opened picker of the call."""
        await self.person.page.get_by_test_id(f"face-{identity}").click()

    async def choose_own_face(self) -> None:
        """Asks for the own face and confirms it."""
        page = self.person.page
        await page.get_by_test_id("own-face").click()
        await page.get_by_test_id("own-face-confirm").click()

    async def enter(self) -> None:
        """Goes from the lobby into the call."""
        await self.person.page.get_by_test_id("enter-call").click()

    async def join(self, link: str, identity: str) -> None:
        """Opens the link, picks a face, waits until it is on, and goes in."""
        await self.open(link)
        await self.choose_face(identity)
        await self.wears(identity)
        await self.enter()

    async def wears(self, identity: str) -> None:
        """Waits until a face worker returns pictures with this face."""

        async def is_on() -> bool:
            leg = (await self.figures()).get("faceLeg")  # missing while the page loads
            if leg is None:
                return False
            on = leg["state"] == "live" and leg["wearing"] == identity and leg["framesReceived"] > 0
            return bool(on)

        await eventually(is_on, f"a face worker returns pictures of {identity}")

    async def figures(self) -> dict[str, Any]:
        """What the page knows of the call (`window.talchumStats`)."""
        found: dict[str, Any] = await self.person.page.evaluate("window.talchumStats?.() ?? {}")
        return found

    async def change_face(self, identity: str) -> None:
        """Picks another face during the call."""
        await self.person.page.get_by_test_id("change-face").click()
        await self.choose_face(identity)
        await self.wears(identity)

    async def sees(self, *, frames_a_second: float = 5.0) -> None:
        """Waits until pictures of the other person flow and may be seen; says, when asked, that they know."""

        async def flowing() -> bool:
            return await self.knows() and (await self.arriving(1.0)).frames >= frames_a_second

        await eventually(flowing, "pictures of the other person flow")

    async def knows(self) -> bool:
        """Says, when asked, that they know what the other's face is; whether the picture is shown."""
        button = self.person.page.get_by_test_id("show-picture")
        if await button.is_visible():
            await button.click()
        remote = (await self.figures()).get("remote")
        return remote is not None and remote["gate"] == "open"

    async def arriving(self, seconds: float) -> Arrived:
        """What comes from the other person in the next seconds."""
        before = await self.person.statistics()
        await asyncio.sleep(seconds)
        return arrived(before, await self.person.statistics())

    async def look(self, since: float = 0.0) -> list[Glimpse]:
        """All frames of the other person that arrived after a moment (wall clock), decoded and searched."""
        encoded = await self.person.take_encoded()
        self.glimpses += await asyncio.to_thread(self._search, encoded)
        return [one for one in self.glimpses if one.arrival > since]

    def _search(self, encoded: list[EncodedFrame]) -> list[Glimpse]:
        return [glimpse(frame) for frame in self.decoder.decode(encoded)]

    async def cameras_sent_to_people(self) -> list[dict[str, Any]]:
        """Every time that a camera's own track was given to a connection to another participant."""
        found: list[dict[str, Any]] = await self.person.page.evaluate(
            "__probe.cameraSends.filter(({ connection }) => !__probe.connections[connection].probedLeg)"
        )
        return found

    async def watch_stamps(self) -> None:
        """Reads the stamps of the other person's pictures from now on, as they are displayed."""
        await self.person.page.evaluate("__probe.watchStamps(__probe.remoteStream('video'))")

    async def stamped_delays(self, since: float) -> list[float]:
        """Seconds from stamp to display of the pictures displayed after a moment (monotonic seconds)."""
        rows: list[list[float]] = await self.person.page.evaluate("__probe.stamps")
        to_monotonic = await self._to_monotonic()
        displayed = [(at / 1000 + to_monotonic, row) for at, *row in rows]
        ages = [read_stamp(np.array([row], np.uint8), at) for at, row in displayed if at >= since]
        return [age for age in ages if age is not None]

    async def _to_monotonic(self) -> float:
        """What makes the page's time a monotonic one, seconds, by the fastest of some answers.

        The page counts from the wall clock of when it was opened, which may have been set meanwhile.
        """
        answers = []
        for _ in range(5):
            asked = time.monotonic()
            page: float = await self.person.page.evaluate("performance.timeOrigin + performance.now()")
            took = time.monotonic() - asked
            answers.append((took, asked + took / 2 - page / 1000))
        return min(answers)[1]

    async def watch(self, name: str) -> None:
        """Records pictures and beeps: of the own devices ("own") or of the other person ("other")."""
        video, audio = (
            ("__probe.deviceStream('video')", "__probe.deviceStream('audio')")
            if name == "own"
            else ("__probe.remoteStream('video')", "__probe.remoteStream('audio')")
        )
        await self.person.page.evaluate(
            f"""async () => {{ await __probe.watchView("{name}", {video});
                               await __probe.listen("{name}", {audio}); }}"""
        )


@dataclass(slots=True)
class Callers:
    """Makes people, and looks afterwards at what they received."""

    stack: contextlib.AsyncExitStack
    playwright: Playwright
    place: Namespace
    service: Service
    camera: Camera
    directory: Path
    made: list[Caller] = field(default_factory=list)

    @property
    def faces(self) -> list[str]:
        """The synthetic faces that can be worn."""
        return self.service.faces()

    async def add(self, name: str, *, sees_own_faces: bool = False, **options: Any) -> Caller:
        """Somebody new at a browser of their own; options are those of `person`."""
        if options.get("devices", True):
            options.setdefault("camera", self.camera)
        someone = await self.stack.enter_async_context(
            person(self.playwright, name, self.place, self.directory, **options)
        )
        caller = Caller(someone, sees_own_faces)
        self.made.append(caller)
        return caller

    async def visitor(self, **options: Any) -> Person:
        """Somebody at a page exactly as it is, without the probe; options are those of `person`."""
        if options.get("devices", True):
            options.setdefault("camera", self.camera)
        place = person(self.playwright, "visitor", self.place, self.directory, probed=False, **options)
        return await self.stack.enter_async_context(place)

    async def pair(
        self, identity: str | None = None, *, server: int = 0, **options: Any
    ) -> tuple[Caller, Caller]:
        """A, who wears a face, and B, who only watches and listens, in a call at a call server; B sees A."""
        link = self.service.new_link(server)
        a = await self.add("A", **{**options, "record": False})  # nobody sends A a picture
        b = await self.add("B", devices=False, **options)
        await b.open(link)
        await b.enter()
        await a.join(link, identity or self.faces[0])
        await b.sees()
        return a, b

    async def expect_no_camera(self) -> None:
        """Fails when anybody received the camera of somebody who wore a face, or a page had a problem."""
        for caller in self.made:
            seen = sum(one.canary for one in await caller.look())
            assert caller.sees_own_faces or seen == 0, (
                f"{caller.person.name} received the camera {seen} times"
            )
        for caller in self.made:
            if not any(other.sees_own_faces for other in self.made):
                assert await caller.cameras_sent_to_people() == []

    async def leave_evidence(self, directory: Path) -> None:
        """Writes what every page shows and said into a directory."""
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        for caller in self.made:
            name = caller.person.name
            await caller.person.page.screenshot(path=directory / f"{name}.png")
            said = "\n".join([*caller.person.problems, str(await caller.figures())])
            await asyncio.to_thread((directory / f"{name}.txt").write_text, said + "\n")


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, patience: float = PATIENCE) -> None:
    """Waits until a condition holds; NotSeenError when it does not in time."""
    deadline = time.monotonic() + patience
    while not await condition():
        if time.monotonic() > deadline:
            raise NotSeenError(f"waited {patience:.0f} s in vain: {what}")
        await asyncio.sleep(0.1)
