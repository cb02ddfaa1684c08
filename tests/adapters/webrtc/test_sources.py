"""What is refused as video for another person."""

from __future__ import annotations

import pytest

from talchum.adapters.webrtc.sources import EgressVideo
from talchum.domain.errors import PeerConnectionError
from talchum.domain.frame import EgressFrame
from tests.adapters.peers import egress, picture
from tests.adapters.webrtc.calls import Call

pytestmark = pytest.mark.call


async def test_an_egress_sender_refuses_anything_but_an_egress_frame(call: Call) -> None:
    source = EgressVideo()
    call.sources.append(source)
    with pytest.raises(PeerConnectionError) as refused:
        source.send(picture())  # type: ignore[arg-type]
    assert refused.value.code == "egress_only"
    assert source.frames_sent == 0


async def test_an_egress_sender_refuses_a_look_alike(call: Call) -> None:
    class Disguised(EgressFrame):
        pass

    source = EgressVideo()
    call.sources.append(source)
    disguised = Disguised(picture(), "face", "", {}, egress(picture()).key)
    with pytest.raises(PeerConnectionError):
        source.send(disguised)
