"""The harness itself, without the service: a camera sent straight to another browser is seen as that."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser import canary
from tests.browser.camera import Camera, make_camera
from tests.browser.lip_sync import percentile, skews, views
from tests.browser.people import Person, person
from tests.browser.received import Decoder
from tests.browser.test_canary import face_like
from tests.network.namespaces import Namespace, find_program, loopback_namespace, missing_requirement

pytestmark = pytest.mark.browser

GATHERED = """async (connection) => {
  if (connection.iceGatheringState !== "complete")
    await new Promise((done) => connection.addEventListener("icegatheringstatechange",
      () => connection.iceGatheringState === "complete" && done()));
  return connection.localDescription.sdp; }"""


@pytest.fixture
def place() -> Iterator[Namespace]:
    if (reason := missing_requirement()) is not None:
        pytest.skip(reason)
    if find_program("chromium") is None:
        pytest.skip("chromium is not installed")
    with loopback_namespace() as namespace:
        yield namespace


@pytest.fixture
def address(place: Namespace, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text("<!doctype html><title>harness</title><p>harness</p>")
    command = [
        sys.executable,
        "-m",
        "http.server",
        "8000",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(place.command(command), stderr=subprocess.PIPE, text=True) as server:
        yield "http://localhost:8000/"
        server.terminate()


@pytest.fixture
def plain_camera(tmp_path: Path) -> Camera:
    return make_camera(tmp_path, [face_like(1), face_like(2)], [[(320, 200)], [(330, 210)]])


@pytest.fixture
async def pair(
    place: Namespace, address: str, plain_camera: Camera, tmp_path: Path
) -> AsyncIterator[tuple[Person, Person]]:
    async with (
        async_playwright() as playwright,
        person(playwright, "A", place, tmp_path, camera=plain_camera) as a,
        person(playwright, "B", place, tmp_path) as b,
    ):
        for someone in (a, b):
            await visit(someone, address)
        yield a, b


async def visit(someone: Person, address: str) -> None:
    """Opens a page of a server that may still be starting."""
    for _ in range(100):
        try:
            await someone.page.goto(address)
        except Exception:  # noqa: BLE001 - Playwright has one error for every refused connection
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{address} does not answer")


async def connect(a: Person, b: Person) -> None:
    """A sends camera and microphone to B; the test carries the descriptions."""
    offer = await a.page.evaluate(
        f"""async () => {{
          const stream = await navigator.mediaDevices.getUserMedia({{
            video: {{ width: 640, height: 480, frameRate: 30 }},
            audio: {{ echoCancellation: false, noiseSuppression: false, autoGainControl: false }} }});
          const connection = new RTCPeerConnection();
          for (const track of stream.getTracks()) connection.addTrack(track, stream);
          await connection.setLocalDescription();
          return ({GATHERED})(connection); }}"""
    )
    answer = await b.page.evaluate(
        f"""async (sdp) => {{
          const connection = new RTCPeerConnection();
          connection.ontrack = ({{ track }}) => {{
            const element = document.createElement(track.kind);
            element.srcObject = new MediaStream([track]);
            element.autoplay = true;
            document.body.append(element); }};
          await connection.setRemoteDescription({{ type: "offer", sdp }});
          await connection.setLocalDescription();
          return ({GATHERED})(connection); }}""",
        offer,
    )
    await a.page.evaluate(
        "sdp => window.__probe.connections[0].setRemoteDescription({ type: 'answer', sdp })", answer
    )


async def test_a_camera_sent_straight_is_found_heard_and_in_step(pair: tuple[Person, Person]) -> None:
    a, b = pair
    await connect(a, b)
    await a.page.evaluate(
        """async () => { await __probe.watchView('own', __probe.deviceStream('video'));
                         await __probe.listen('own', __probe.deviceStream('audio')) }"""
    )
    await b.page.evaluate(
        """async () => { await __probe.watchView('a', __probe.remoteStream('video'));
                         await __probe.listen('a', __probe.remoteStream('audio')) }"""
    )
    await asyncio.sleep(1)  # the first beep of a new AudioContext comes late
    started = time.time()
    await asyncio.sleep(8)
    frames = [frame for frame in Decoder().decode(await b.take_encoded()) if frame.arrival >= started]
    assert len(frames) >= 8 * 5
    assert sum(canary.search(frame.picture).found for frame in frames) / len(frames) >= 0.99
    assert (await a.page.evaluate("__probe.cameraSends"))[0]["connection"] == 0
    apart = skews(
        views(await a.page.evaluate("__probe.views.own")),
        [moment / 1000 for moment in await a.page.evaluate("__probe.beeps.own")],
        views(await b.page.evaluate("__probe.views.a")),
        [moment / 1000 for moment in await b.page.evaluate("__probe.beeps.a")],
    )
    print("skew ms", [round(1000 * x) for x in apart], "p95", percentile([abs(x) for x in apart], 0.95))
    assert len(apart) >= 5


async def test_what_is_not_a_camera_is_not_reported_as_one(pair: tuple[Person, Person]) -> None:
    a, _ = pair
    found = await a.page.evaluate(
        """async () => {
          const canvas = document.createElement("canvas");
          canvas.getContext("2d").fillRect(0, 0, 10, 10);
          const connection = new RTCPeerConnection();
          const sender = connection.addTrack(canvas.captureStream().getVideoTracks()[0]);
          const before = __probe.cameraSends.length;
          const stream = await navigator.mediaDevices.getUserMedia({ video: true });
          await sender.replaceTrack(stream.getVideoTracks()[0]);
          return [before, __probe.cameraSends.length]; }"""
    )
    assert found == [0, 1]
