"""People with a browser of their own: Chromium with a fake camera, and a probe in every page."""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, Playwright

from tests.browser.camera import Camera
from tests.browser.received import EncodedFrame, encoded_frames
from tests.network.namespaces import Namespace, find_program

PROBE = Path(__file__).with_name("probe.js")
ENCODED_AT_ONCE = 200  # frames fetched from a page in one message

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--ignore-certificate-errors",  # the TURN server of the tests signs for itself
)


@dataclass(slots=True)
class Person:
    """Somebody at a browser; `problems` collects uncaught errors and console errors of the page."""

    name: str
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    async def statistics(self) -> list[dict[str, Any]]:
        """For each open connection: `leg`, `state`, `at` (ms) and `entries` (RTCStatsReport by id)."""
        found: list[dict[str, Any]] = await self.page.evaluate("window.__probe.statistics()")
        return found

    async def take_encoded(self) -> list[EncodedFrame]:
        """The encoded video frames of other people that arrived since the last call."""
        frames: list[EncodedFrame] = []
        while batch := await self.page.evaluate(f"window.__probe.takeEncoded({ENCODED_AT_ONCE})"):
            frames += encoded_frames(batch)
        return frames


@contextlib.asynccontextmanager
async def person(
    playwright: Playwright,
    name: str,
    place: Namespace | None,
    directory: Path,
    *,
    camera: Camera | None = None,
    configuration: Mapping[str, object] | None = None,
    devices: bool = True,
    record: bool = True,
    probed: bool = True,
    switches: Sequence[str] = (),
    **context: Any,
) -> AsyncIterator[Person]:
    """Somebody at a Chromium of their own.

    place: the namespace it runs in, None for the machine's own network. configuration: overrides members of
    every RTCConfiguration of the page. devices: whether there are a camera and a microphone at all. record:
    keep the encoded video that arrives. probed: False for a page exactly as a visitor gets it, its content
    security policy in force. context: of Playwright's `new_context`.
    """
    arguments = [*SWITCHES, *switches]
    if devices:
        arguments.append("--use-fake-device-for-media-stream=fps=30")
    if camera is not None:
        arguments.append(f"--use-file-for-fake-video-capture={camera.video}")
        arguments.append(f"--use-file-for-fake-audio-capture={camera.audio}")
    browser = await playwright.chromium.launch(executable_path=_launcher(place, directory), args=arguments)
    try:
        made = await browser.new_context(
            permissions=["camera", "microphone", "clipboard-read", "clipboard-write"],
            bypass_csp=probed,
            **context,
        )
        if probed:
            settings = {"configuration": dict(configuration or {}), "record": record}
            await made.add_init_script(f"window.__probeSettings = {json.dumps(settings)}")
            await made.add_init_script(path=PROBE)
        someone = Person(name, made, await made.new_page())
        _collect_problems(someone)
        yield someone
    finally:
        await browser.close()


def _collect_problems(someone: Person) -> None:
    someone.page.on("pageerror", lambda error: someone.problems.append(f"uncaught: {error}"))
    someone.page.on(
        "console",
        lambda message: someone.problems.append(message.text) if message.type == "error" else None,
    )


def _launcher(place: Namespace | None, directory: Path) -> str:
    """A program that starts Chromium in the place; Playwright talks to it by pipes, across namespaces."""
    chromium = find_program("chromium") or find_program("google-chrome")
    if chromium is None:
        raise RuntimeError("chromium is not installed")
    if place is None:
        return chromium
    script = directory / f"chromium-{place.name}"
    script.write_text(f'#!/bin/sh\nexec {" ".join(place.command([chromium]))} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)
