"""Calls between two browsers in which A wears a face.

After every test the fixture `callers` searches all that anybody received for the canary on A's face.
"""

from __future__ import annotations

import asyncio
import signal
import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.calling import Caller, Callers, eventually
from tests.browser.lip_sync import View, percentile, skews, views
from tests.browser.measures import routes, share_of_canaries, share_of_faces

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]

CREDENTIAL_SECONDS = 16
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
        started = time.time()
        figures = await b.arriving(5.0)
        print(figures)
        if figures.frames >= 15:
            break
    assert figures.frames >= 15
    assert figures.width >= 640
    assert figures.height >= 480
    assert figures.packets >= 20
    assert figures.energy > 0
    assert share_of_faces(await b.look(since=started)) >= 0.9


async def test_lips_and_voice_stay_together(callers: Callers) -> None:
    a, b = await callers.pair(record=False)
    await a.watch("own")
    await b.watch("other")
    await asyncio.sleep(10)  # the page measures the face's delay and holds the voice back, slowly
    for _ in range(WINDOWS):
        started = time.time()
        await asyncio.sleep(10)
        late = await skews_between(a, b, started)
        held_back = (await a.figures())["voiceDelayMs"]
        print("picture late, ms", [round(1000 * skew) for skew in late], "voice held back", held_back)
        apart = [abs(skew) for skew in late]
        if len(apart) >= 6 and percentile(apart, 0.95) <= 0.080:
            break
    assert len(apart) >= 6
    assert percentile(apart, 0.95) <= 0.080


async def test_a_face_changes_in_mid_call(callers: Callers) -> None:
    a, b = await callers.pair()
    changed = time.time()
    await a.change_face(callers.faces[1])
    await asyncio.sleep(2)
    seen = await b.look(since=changed)
    assert longest_gap([one.arrival for one in seen]) < 1.0
    assert share_of_faces(seen) >= 0.9


async def test_media_goes_on_when_the_signalling_socket_is_cut(callers: Callers) -> None:
    a, b = await callers.pair()
    sockets = await a.person.page.evaluate("__probe.sockets.length")
    cut = time.time()
    await a.person.page.evaluate("__probe.sockets.at(-1).close()")

    async def resumed() -> bool:
        return bool(
            await a.person.page.evaluate(
                f"__probe.sockets.length > {sockets} && __probe.sockets.at(-1).readyState === WebSocket.OPEN"
            )
        )

    await eventually(resumed, "the page opens another socket")
    await asyncio.sleep(1)
    assert longest_gap([one.arrival for one in await b.look(since=cut)]) < 1.0
    await a.change_face(callers.faces[1])
    await b.sees()


async def test_media_goes_on_when_the_call_server_is_killed_and_another_takes_its_place(
    callers: Callers,
) -> None:
    a, b = await callers.pair()
    service = callers.service
    sockets = await a.person.page.evaluate("__probe.sockets.length")
    server, killed = service.servers[0], time.time()
    server.kill()
    await asyncio.to_thread(service.start_server, port=server.port)

    async def resumed() -> bool:
        opened = await a.person.page.evaluate(f"__probe.sockets.length > {sockets}")
        return bool(opened) and (await a.figures())["signalling"] == "open"

    await eventually(resumed, "the page resumes its session at the new server")
    await asyncio.sleep(1)
    assert longest_gap([one.arrival for one in await b.look(since=killed)]) < 1.0
    await a.change_face(callers.faces[1])
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
    shown = [(one.arrival - killed, one.face) for one in await b.look(since=killed)]
    cards = [moment for moment, face in shown if not face]
    assert cards, "the card was never shown"
    back = [moment for moment, face in shown if face and moment > cards[0]]
    print("card after", cards[0], "face after", back[:1])
    assert back, "the face did not come back"
    assert back[0] <= 3.0
    beeps = [moment / 1000 - killed for moment in await b.person.page.evaluate("__probe.beeps.other")]
    assert longest_gap([-1.0, *(beep for beep in beeps if beep > -1.0)]) < 1.3
    assert (await a.figures())["faceLeg"]["state"] == "live"


async def test_a_face_worker_that_stops_hands_its_call_over_without_the_card(callers: Callers) -> None:
    a, b = await callers.pair()
    (first,) = callers.service.workers
    await asyncio.to_thread(callers.service.start_worker)
    await asyncio.sleep(2.5)
    told = time.time()
    first.process.send_signal(signal.SIGTERM)

    async def ended() -> bool:
        return first.process.poll() is not None

    await eventually(ended, "the worker ends when its call has moved")
    await asyncio.sleep(1)
    seen = await b.look(since=told)
    print("longest gap", longest_gap([one.arrival for one in seen]), "faces", share_of_faces(seen))
    assert longest_gap([one.arrival for one in seen]) < 1.0
    assert share_of_faces(seen) >= 0.9
    leg = (await a.figures())["faceLeg"]
    assert (leg["state"], leg["legs"]) == ("live", 2)


@pytest.mark.coturn
async def test_ice_restarts_after_the_relay_credential_expired(callers: Callers) -> None:
    """The page asks for fresh credentials in time and restarts ICE with them."""
    short = await asyncio.to_thread(
        callers.service.start_server, {"TALCHUM_TURN_LIFETIME_SECONDS": str(CREDENTIAL_SECONDS)}
    )
    try:
        a, b = await callers.pair(
            configuration={"iceTransportPolicy": "relay"}, server=callers.service.servers.index(short)
        )
        first = routes_by_id(await a.person.statistics())
        await asyncio.sleep(CREDENTIAL_SECONDS + 2)

        async def has_another_route() -> bool:
            return bool(routes_by_id(await a.person.statistics()) - first)

        await eventually(has_another_route, "ICE settles on candidates made with another credential")
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
    assert share_of_canaries(await b.look()) == 0
    assert await a.cameras_sent_to_people() == []

    await a.choose_own_face()
    await expect(b.person.page.get_by_test_id("disclosure")).to_have_text("Own face")
    await asyncio.sleep(1)
    shown_from = time.time()
    await asyncio.sleep(4)
    own = await b.look(since=shown_from)
    assert len(own) >= 20
    assert share_of_canaries(own) >= 0.99  # the search finds the camera when it is shown

    await a.change_face(callers.faces[0])
    await expect(b.person.page.get_by_test_id("disclosure")).to_have_text("AI-made face")
    await asyncio.sleep(1)
    covered_from = time.time()
    await asyncio.sleep(2)
    covered = await b.look(since=covered_from)
    assert len(covered) >= 10
    assert share_of_canaries(covered) == 0


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
    first = (await b.look())[0]
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
