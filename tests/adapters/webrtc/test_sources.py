"""What is refused as video for another person."""

from __future__ import annotations

import pytest

from talchum.adapters.webrtc.sources import CameraVideo, EgressVideo
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


async def test_every_sender_of_a_camera_hears_of_its_new_size(call: Call) -> None:
    """A leg and its successor send the same camera; the end of one is not the other's."""
    source = CameraVideo()
    call.sources.append(source)
    heard: list[str] = []
    leg, successor = (lambda: heard.append("leg")), (lambda: heard.append("successor"))
    source.watch_size(leg)
    source.watch_size(successor)
    source.send(picture(640, 480))
    source.send(picture(640, 480))
    assert heard == ["leg", "successor"]
    source.unwatch_size(leg)
    source.unwatch_size(leg)
    source.send(picture(320, 240))
    assert heard == ["leg", "successor", "successor"]
