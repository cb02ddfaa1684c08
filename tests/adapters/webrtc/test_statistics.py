"""What a connection says of itself."""

from __future__ import annotations

import pytest

from talchum.domain.frame import I420Frame
from tests.adapters.peers import until
from tests.adapters.webrtc.calls import Call, leg

pytestmark = pytest.mark.call


async def test_statistics_name_the_route(call: Call) -> None:
    performer, worker = await leg(call)
    got: list[I420Frame] = []
    worker.videos[0].read(lambda frame, _arrived: got.append(frame))
    await until(lambda: len(got) > 5, "frames arrive")
    stats = await worker.peer.stats()
    assert stats.route == "direct"
    assert stats.frames_received > 0
    assert (await performer.peer.stats()).width_out == 640
