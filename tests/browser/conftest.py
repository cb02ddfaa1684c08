"""One installation and one camera for all browser tests; people with browsers for each test."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, async_playwright

from tests.browser.calling import Callers
from tests.browser.camera import Camera
from tests.browser.performer import canary_camera
from tests.calls.service import ROOT, Service, running_service
from tests.network.namespaces import Namespace, find_program, loopback_namespace, missing_requirement
from tests.network.turn_server import TurnServer, turn_server

RESULTS = ROOT / "test-results"
SETTINGS = {"TALCHUM_WORKER_SLOTS": "2"}

failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[failed] = item.stash.get(failed, False) or report.failed
    return report


@pytest.fixture(scope="session")
def place() -> Iterator[Namespace]:
    """A network of its own for everything that the browser tests start."""
    if (reason := missing_requirement()) is not None:
        pytest.skip(reason)
    with loopback_namespace() as namespace:
        yield namespace


@pytest.fixture(scope="session")
def turn(place: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer | None]:
    """A TURN server on loopback, None where coturn is not installed."""
    if find_program("turnserver") is None:
        yield None
        return
    with turn_server(place, "127.0.0.1", tmp_path_factory.mktemp("turn")) as server:
        yield server


@pytest.fixture(scope="session")
def service(
    place: Namespace, turn: TurnServer | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Two call servers and a face worker with two slots."""
    directory = tmp_path_factory.mktemp("service")
    with running_service(directory, place, servers=2, workers=1, turn=turn, settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """The performer with the canary on their face."""
    return canary_camera(tmp_path_factory.mktemp("camera"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def callers(
    playwright: Playwright,
    place: Namespace,
    service: Service,
    camera: Camera,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Callers]:
    """Makes people at browsers of that installation, as `callers_at`."""
    async with callers_at(service, playwright, place, camera, tmp_path, request) as made:
        yield made


@contextlib.asynccontextmanager
async def callers_at(
    service: Service,
    playwright: Playwright,
    place: Namespace,
    camera: Camera,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Callers]:
    """Makes people at browsers. Afterwards nobody may have received the camera of one who wore a face."""
    async with contextlib.AsyncExitStack() as stack:
        made = Callers(stack, playwright, place, service, camera, tmp_path)
        yield made
        if request.node.stash.get(failed, False):
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            await made.leave_evidence(RESULTS / name)
        else:
            await made.expect_no_camera()
