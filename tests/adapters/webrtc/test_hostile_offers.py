"""Offers made to upset a face worker; `benchmarks/trust.py --only hostile-sdp` tries 100,000 of them."""

from __future__ import annotations

from collections import Counter

import pytest
import webrtc

from tests.adapters.peers import ready_engine
from tests.adapters.webrtc.hostile_offers import hostile_offer, taken
from tests.protocol.hostile_sdp import OFFERS

pytestmark = pytest.mark.call


async def test_the_engine_survives_what_is_let_through_and_learns_no_address() -> None:
    ready_engine()
    fates = Counter([await taken(hostile_offer(seed)) for seed in range(300)])
    assert {"answered", "engine", "description_invalid", "too_many_lines"} <= fates.keys()


async def test_the_oracle_sees_a_candidate_that_was_left_in() -> None:
    ready_engine()
    connection = webrtc.RTCPeerConnection()
    plain = "a=candidate:1 1 udp 2122260223 198.51.100.7 50000 typ host"
    init = webrtc.RTCSessionDescriptionInit(type="offer", sdp=f"{OFFERS['wrtc']}{plain}\r\n")
    await connection.set_remote_description(init)
    understood = connection.pending_remote_description
    connection.close()
    assert understood is not None
    assert "198.51.100.7" in understood.sdp
