"""Each side learns from the other what it cannot measure alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from talchum.adapters.webrtc.peer import WebRtcPeer
from talchum.adapters.webrtc.statistics import PeerStats
from talchum.apps.delay_exchange import UNTOLD_SENDING_SECONDS, VOICE_FRAME_SECONDS, DelayExchange
from talchum.domain.delays import Total
from talchum.domain.errors import PeerConnectionError
from talchum.protocol.delay_messages import (
    DelayMessage,
    Loop,
    Passage,
    decode_delay_message,
    encode_delay_message,
)


class Connection:
    """Stands in for a peer: it says of itself what it is given, one after the other."""

    def __init__(self, stats: Iterable[PeerStats]) -> None:
        self._stats = iter(stats)
        self.told: list[DelayMessage] = []

    async def stats(self) -> PeerStats:
        found = next(self._stats, None)
        if found is None:
            raise PeerConnectionError("got a question to a closed connection", code="connection_closed")
        return found

    def send_message(self, text: str) -> bool:
        self.told.append(decode_delay_message(text))
        return True


def exchange(*stats: PeerStats) -> tuple[DelayExchange, Connection]:
    connection = Connection(stats)
    return DelayExchange(cast(WebRtcPeer, connection)), connection


SENDS = PeerStats(encoding=Total(0.3, 100), pacing=Total(0.4, 200))
RECEIVES = PeerStats(
    round_trip_time=0.08, video_processing=Total(0.5, 100), voice_buffering=Total(2400.0, 48_000)
)


async def test_a_performer_tells_its_loop_and_what_sending_takes() -> None:
    delays, connection = exchange(SENDS)
    await delays.tell(0.061, 0.014)
    (told,) = connection.told
    assert isinstance(told, Loop)
    assert (told.seconds, told.returning) == (0.061, 0.014)
    assert told.sending == pytest.approx(0.003 + 0.002)


async def test_what_is_not_known_yet_is_told_as_unknown() -> None:
    delays, connection = exchange(PeerStats())
    await delays.tell(None, None)
    assert connection.told == [Loop(seconds=None, returning=None, sending=None)]


async def test_a_receiver_tells_how_old_picture_and_voice_are() -> None:
    delays, connection = exchange(RECEIVES)
    await delays.tell(0.0, 0.0)
    passage = connection.told[-1]
    assert isinstance(passage, Passage)
    assert passage.video == pytest.approx(0.04 + UNTOLD_SENDING_SECONDS + 0.005)
    assert passage.voice == pytest.approx(0.04 + VOICE_FRAME_SECONDS + 0.05)


@pytest.mark.parametrize("lead", [0.02, 0.1])
async def test_a_picture_that_comes_earlier_by_server_relay_lets_the_voice_come_earlier(lead: float) -> None:
    there, here = exchange(RECEIVES), exchange()
    await there[0].tell(0.0, 0.0)
    by_client = there[1].told[-1]
    delays, connection = exchange(RECEIVES)
    await delays.tell(0.0, 0.0, lead)
    by_server = connection.told[-1]
    performer, _ = here
    leads = []
    for passage in (by_client, by_server):
        performer.heard(encode_delay_message(passage))
        leads.append(performer.voice_lead(0.2))
    assert leads[0] - leads[1] == pytest.approx(lead)


async def test_what_the_sender_says_of_itself_counts_into_the_passage() -> None:
    delays, connection = exchange(RECEIVES)
    delays.heard('{"type":"loop","seconds":0.05,"returning":0.02,"sending":0.002}')
    await delays.tell(0.0, 0.0)
    passage = connection.told[-1]
    assert isinstance(passage, Passage)
    assert passage.video == pytest.approx(0.04 + 0.002 + 0.005)


async def test_the_delay_by_either_way_is_the_loop_with_what_follows_it() -> None:
    delays, _ = exchange(RECEIVES)
    assert delays.by_client is None
    await delays.tell(0.0, 0.0)
    assert delays.by_client is None, "the performer has not told"
    assert delays.by_server(0.06) is None
    delays.heard('{"type":"loop","seconds":0.15,"returning":0.05,"sending":0.01}')
    assert delays.by_client == pytest.approx(0.15 + 0.04 + 0.01 + 0.005)
    assert delays.by_server(0.06) == pytest.approx(0.15 - 0.05 + 0.06)
    assert delays.by_server(None) is None


async def test_only_the_time_since_the_last_look_counts() -> None:
    later = PeerStats(encoding=Total(0.3 + 1.0, 110), pacing=Total(0.4, 210))
    delays, connection = exchange(SENDS, later)
    await delays.tell(0.0, 0.0)
    await delays.tell(0.0, 0.0)
    told = connection.told[-1]
    assert isinstance(told, Loop)
    assert told.sending == pytest.approx(0.1)


async def test_a_delay_that_is_out_of_bounds_is_told_as_the_bound() -> None:
    delays, connection = exchange(PeerStats())
    await delays.tell(1e6, 0.0)
    assert connection.told == [Loop(seconds=59.0, returning=0.0, sending=None)]


async def test_a_connection_that_closes_meanwhile_is_told_nothing() -> None:
    delays, connection = exchange()
    await delays.tell(0.0, 0.0)
    assert connection.told == []


def test_the_voice_leads_by_the_loop_until_the_other_side_has_told() -> None:
    delays, _ = exchange()
    assert delays.voice_lead(0.06) == 0.06
    delays.heard('{"type":"passage","video":0.03,"voice":0.07}')
    assert delays.voice_lead(0.06) == pytest.approx(0.02)


def test_what_does_not_decode_changes_nothing() -> None:
    delays, _ = exchange()
    delays.heard("nonsense")
    assert delays.passage is None
    assert delays.voice_lead(0.06) == 0.06
