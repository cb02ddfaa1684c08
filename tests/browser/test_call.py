"""Calls between two browsers in which A wears a face.

After every test the fixture `callers` searches all that anybody received for the canary on A's face.
"""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.calling import Caller, Callers, eventually
from tests.browser.lip_sync import View, percentile, skews, views
from tests.browser.measures import routes, shows_face, sighted
from tests.browser.received import decode

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

CREDENTIAL_SECONDS = 8
WATCH_DISCLOSURE = """
  window.__readable = { since: null, lost: 0 };
  const look = () => {
    const badge = document.querySelector("[data-testid=disclosure]");
    const readable = badge?.textContent === "AI-made face" && badge.checkVisibility();
    if (readable) __readable.since ??= performance.timeOrigin + performance.now();
    else if (__readable.since !== null) __readable.lost++;
    requestAnimationFrame(look);
  };
  look();"""
WINDOWS = (
    4  # how many times a figure may be taken before it counts as missed: machines have other things to do
)


async def test_the_other_sees_the_worn_face_and_hears_the_voice(callers: Callers) -> None:
    _, b = await callers.pair()
    for _ in range(WINDOWS):
        figures = await b.arriving(5.0)
        print(figures)
        if figures.frames >= 15:
            break
    assert figures.frames >= 15
    assert figures.width >= 640
    assert figures.height >= 480
    assert figures.packets >= 20
    assert figures.energy > 0
    await b.new_frames()
    seen = sighted(decode(b.received[-150:]))
    print(seen)
    assert seen.faces >= 0.9


async def test_lips_and_voice_stay_together(callers: Callers) -> None:
    a, b = await callers.pair(record=False)
    await a.watch("own")
    await b.watch("other")
    await asyncio.sleep(5)  # the voice is held back by what the page has measured of the face
    for _ in range(WINDOWS):
        started = time.time()
        await asyncio.sleep(10)
        apart = [abs(skew) for skew in await skews_between(a, b, started)]
        print("skew ms", [round(1000 * skew) for skew in apart])
        if len(apart) >= 6 and percentile(apart, 0.95) <= 0.080:
            break
    assert len(apart) >= 6
    assert percentile(apart, 0.95) <= 0.080


async def test_a_face_changes_in_mid_call(callers: Callers) -> None:
    a, b = await callers.pair()
    await b.new_frames()
    await a.change_face(callers.faces[1])
    await asyncio.sleep(3)
    frames = await b.new_frames()
    assert longest_gap([frame.arrival for frame in frames]) < 1.0
    assert sighted(decode(b.received)).faces >= 0.9


async def test_media_goes_on_when_the_signalling_socket_is_cut(callers: Callers) -> None:
    a, b = await callers.pair()
    sockets = await a.person.page.evaluate("__probe.sockets.length")
    await b.new_frames()
    await a.person.page.evaluate("__probe.sockets.at(-1).close()")

    async def resumed() -> bool:
        return bool(
            await a.person.page.evaluate(
                f"__probe.sockets.length > {sockets} && __probe.sockets.at(-1).readyState === WebSocket.OPEN"
            )
        )

    await eventually(resumed, "the page opens another socket")
    await asyncio.sleep(1)
    assert longest_gap([frame.arrival for frame in await b.new_frames()]) < 0.5
    await a.change_face(callers.faces[1])  # which needs what was resumed
    await b.sees()


async def test_two_call_servers_serve_one_room(callers: Callers) -> None:
    service = callers.service
    link = service.new_link()
    a, b = await callers.add("A"), await callers.add("B")
    await b.open(link.replace(service.url(0), service.url(1)))
    await b.choose_face("veil")
    await b.enter()
    await a.join(link, callers.faces[0])
    await b.sees()
    await a.sees()


@pytest.mark.coturn
async def test_a_call_through_the_relay_alone(callers: Callers) -> None:
    a, b = await callers.pair(configuration={"iceTransportPolicy": "relay"})
    for caller in (a, b):
        (route,) = routes(await caller.person.statistics())
        assert route.relayed
        await expect(caller.person.page.get_by_test_id("route-badge")).to_have_text("relayed")
    assert (await b.arriving(3.0)).frames >= 5


async def test_a_killed_face_worker_is_replaced_and_the_voice_goes_on(callers: Callers) -> None:
    a, b = await callers.pair()
    (first,) = callers.service.workers
    await asyncio.to_thread(callers.service.start_worker)
    await b.watch("other")
    await asyncio.sleep(2.5)
    killed = time.time()
    first.kill()
    await asyncio.sleep(6)
    await b.new_frames()
    shown = [
        (frame.arrival - killed, shows_face(frame.picture))
        for frame in decode(b.received)
        if frame.arrival > killed
    ]
    cards = [moment for moment, face in shown if not face]
    assert cards, "the card was never shown"
    back = [moment for moment, face in shown if face and moment > cards[0]]
    print("card after", cards[0], "face after", back[:1])
    assert back, "the face did not come back"
    assert back[0] <= 3.0
    beeps = [moment / 1000 - killed for moment in await b.person.page.evaluate("__probe.beeps.other")]
    assert longest_gap([-1.0, *(beep for beep in beeps if beep > -1.0)]) < 1.3
    assert (await a.figures())["faceLeg"]["state"] == "live"


@pytest.mark.coturn
async def test_ice_restarts_after_the_relay_credential_expired(callers: Callers) -> None:
    """The page has fresh credentials by then, and the connection outlives its first ones."""
    short = await asyncio.to_thread(
        callers.service.start_server, {"TALCHUM_TURN_LIFETIME_SECONDS": str(CREDENTIAL_SECONDS)}
    )
    try:
        a, b = await callers.pair(
            configuration={"iceTransportPolicy": "relay"}, server=callers.service.servers.index(short)
        )
        await asyncio.sleep(CREDENTIAL_SECONDS + 2)
        before = routes_by_id(await a.person.statistics())
        await a.person.page.evaluate(
            "__probe.connections.find((c) => !c.probedLeg && c.connectionState === 'connected').restartIce()"
        )

        async def has_another_route() -> bool:
            return bool(routes_by_id(await a.person.statistics()) - before)

        await eventually(has_another_route, "ICE settles on another pair of candidates")
        (route,) = routes(await a.person.statistics())
        assert route.relayed
        await b.sees()
    finally:
        short.stop()


async def test_the_own_face_is_shown_only_when_confirmed(callers: Callers) -> None:
    link = callers.service.new_link()
    a, b = await callers.add("A"), await callers.add("B", devices=False, sees_own_faces=True)
    await b.open(link)
    await b.enter()
    await a.join(link, callers.faces[0])
    await b.sees()
    page = a.person.page
    await page.get_by_test_id("change-face").click()
    await page.get_by_test_id("own-face").click()
    await page.get_by_test_id("own-face-cancel").click()  # the picker stays open
    await asyncio.sleep(1)
    await b.new_frames()
    assert sighted(decode(b.received), look_for_faces=1000).canaries == 0
    assert await a.cameras_sent_to_people() == []

    await a.choose_own_face()
    await expect(b.person.page.get_by_test_id("disclosure")).to_have_text("Own face")
    await asyncio.sleep(1)
    shown_from = time.time()
    await asyncio.sleep(4)
    await b.new_frames()
    own = sighted(frame for frame in decode(b.received) if frame.arrival >= shown_from)
    assert own.frames >= 20
    assert own.canaries / own.frames >= 0.99  # the search finds the camera when it is shown

    await a.change_face(callers.faces[0])
    await expect(b.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
    await asyncio.sleep(1)
    covered_from = time.time()
    await asyncio.sleep(2)
    await b.new_frames()
    again = sighted(frame for frame in decode(b.received) if frame.arrival >= covered_from)
    assert again.frames >= 10
    assert again.canaries == 0


async def test_the_other_reads_what_it_is_before_the_first_frame(callers: Callers) -> None:
    link = callers.service.new_link()
    a, b = await callers.add("A"), await callers.add("B", devices=False)
    await b.open(link)
    await b.enter()
    await b.person.page.evaluate(WATCH_DISCLOSURE)
    await a.join(link, callers.faces[0])
    await b.sees()
    await asyncio.sleep(2)
    readable_since, unreadable = await b.person.page.evaluate("[__readable.since, __readable.lost]")
    first = (await b.new_frames())[0]
    assert readable_since is not None
    assert readable_since / 1000 <= first.arrival
    assert unreadable == 0


async def test_a_third_participant_is_told_that_the_room_is_full(callers: Callers) -> None:
    link = callers.service.new_link()
    for name in ("A", "B"):
        await (await callers.add(name)).open(link)
    third = await callers.add("C")
    await third.person.page.goto(link)
    await expect(third.person.page.get_by_text("This call is full")).to_be_visible(timeout=10_000)


async def test_a_reload_joins_again_as_the_same_participant(callers: Callers) -> None:
    a, b = await callers.pair()
    await a.person.page.reload()
    await a.wears(callers.faces[0])
    assert (await a.figures())["phase"] == "call"
    await b.sees()


def longest_gap(moments: list[float]) -> float:
    """The longest time between two neighbours; infinite when there are fewer than two."""
    return max((after - before for before, after in pairwise(moments)), default=float("inf"))


def routes_by_id(statistics: list[dict[str, Any]]) -> set[str]:
    """The candidate pairs in use between participants."""
    return {
        entry["selectedCandidatePairId"]
        for connection in statistics
        if not connection["leg"]
        for entry in connection["entries"].values()
        if entry["type"] == "transport" and "selectedCandidatePairId" in entry
    }


async def skews_between(a: Caller, b: Caller, since: float) -> list[float]:
    """Seconds by which A's picture is late against A's voice at B, since a moment."""
    pictures: list[list[View]] = []
    beeps: list[list[float]] = []
    for caller, name in ((a, "own"), (b, "other")):
        pictures.append(views(await caller.person.page.evaluate(f"__probe.views.{name}")))
        heard = await caller.person.page.evaluate(f"__probe.beeps.{name}")
        beeps.append([moment / 1000 for moment in heard])
    seen = [view for view in pictures[1] if view.at >= since]
    return skews(pictures[0], beeps[0], seen, beeps[1])
