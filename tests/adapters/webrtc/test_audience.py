"""Who is refused what."""

from __future__ import annotations

import pytest

from talchum.adapters.webrtc.audience import Audience
from talchum.adapters.webrtc.sources import CameraVideo, ReturnedVideo
from talchum.domain.errors import PeerConnectionError
from tests.adapters.peers import until
from tests.adapters.webrtc.calls import Call, leg

pytestmark = pytest.mark.call


@pytest.mark.parametrize("audience", ["participant", "performer"])
async def test_the_camera_is_refused_towards_another_person(call: Call, audience: Audience) -> None:
    side = call.side(audience, polite=True)
    camera = CameraVideo()
    call.sources.append(camera)
    with pytest.raises(PeerConnectionError) as refused:
        await side.peer.send_video(camera)
    assert refused.value.code == "camera_refused"
    assert not side.descriptions


async def test_a_worker_sends_nothing_but_egress(call: Call) -> None:
    performer, worker = await leg(call)
    returned = performer.peer.returned_video()
    await until(lambda: performer.peer.returned_video() is not None, "video comes back")
    returned = performer.peer.returned_video()
    assert isinstance(returned, ReturnedVideo)
    with pytest.raises(PeerConnectionError) as refused:
        await worker.peer.send_video(returned)
    assert refused.value.code == "returned_only"
