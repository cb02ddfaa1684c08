"""Somebody at the system's Firefox, driven through puppeteer (see firefox/drive.mjs)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.browser.people import PROBE
from tests.network.namespaces import Namespace, find_program

DRIVER = Path(__file__).with_name("firefox")
ANSWER_LIMIT = 1 << 24  # bytes of one answer


class FirefoxError(Exception):
    """Firefox or its driver answered with an error."""


class FirefoxPerson:
    """Somebody at a Firefox; every method raises FirefoxError with the driver's words."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def goto(self, url: str) -> None:
        """Opens a page and waits until it has loaded."""
        await self._ask(goto=url)

    async def evaluate(self, script: str) -> Any:
        """What a script gives in the page."""
        return await self._ask(evaluate=script)

    async def click(self, selector: str) -> None:
        """Clicks what a CSS selector names, once it can be clicked."""
        await self._ask(click=selector)

    async def wait_for(self, selector: str, patience: float = 30.0) -> None:
        """Waits until what a CSS selector names is there."""
        await self._ask(**{"await": selector, "patience": 1000 * patience})

    async def screenshot(self, path: Path) -> None:
        """Writes a picture of the page."""
        await self._ask(screenshot=str(path))

    async def close(self) -> None:
        """Closes Firefox."""
        await self._ask(close=True)

    async def ready(self) -> None:
        """Waits until Firefox has started."""
        await self._read()

    async def _ask(self, **request: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._read()

    async def _read(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise FirefoxError("the driver of Firefox ended")
        answer = json.loads(line)
        if "error" in answer:
            raise FirefoxError(answer["error"])
        return answer["value"]


def missing_for_firefox() -> str | None:
    """Why Firefox cannot be driven here, None when it can; installs the driver's packages if need be."""
    for program in ("firefox-esr", "node", "npm"):
        if find_program(program) is None:
            return f"{program} is not installed"
    if not (DRIVER / "node_modules" / "puppeteer-core").is_dir():
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(npm, cwd=DRIVER, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"npm could not install puppeteer-core: {done.stderr.strip()[-300:]}"
    return None


@contextlib.asynccontextmanager
async def firefox_person(place: Namespace) -> AsyncIterator[FirefoxPerson]:
    """Somebody at a Firefox of their own in a namespace that has an address besides loopback."""
    node, firefox = find_program("node"), find_program("firefox-esr")
    assert node is not None
    assert firefox is not None
    process = await asyncio.create_subprocess_exec(
        *place.command([node, str(DRIVER / "drive.mjs"), firefox, str(PROBE)]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=ANSWER_LIMIT,
    )
    someone = FirefoxPerson(process)
    try:
        await someone.ready()
        yield someone
        await someone.close()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await process.wait()
