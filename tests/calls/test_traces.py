"""One trace from a request for a face to its first picture, over the processes that it took."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import running_service
from tests.otlp_receiver import receiver

pytestmark = [pytest.mark.call, pytest.mark.valkey]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"


def test_a_face_leg_is_followed_from_request_to_first_frame(tmp_path: Path) -> None:
    with receiver() as collector:
        settings = {"TALCHUM_OTLP_ENDPOINT": collector.endpoint}
        with running_service(tmp_path, settings=settings) as service:
            link = service.new_link()
            wear = ["--identity", "veil"]
            with headless_call(service, link, CLIP, seconds=5.0, arguments=wear) as performer:
                performer.report()
            collector.wait(lambda: bool(collector.named("face-leg first frame")), "the first frame")
            collector.wait(lambda: len(collector.named("join")) == 2, "both joins")
        room = link.rpartition("#")[2]
    (request,) = collector.named("face-leg request")
    (placement,) = collector.named("face-leg placement")
    (first,) = collector.named("face-leg first frame")
    assert {placement.trace, first.trace} == {request.trace}
    assert {placement.parent, first.parent} == {request.id}
    assert (request.service, first.service) == ("talchum-server", "talchum-worker")
    assert request.begin <= placement.end <= first.end
    assert first.attributes == {"talchum.engine": "veil", "talchum.picture": "face"}
    roles = {span.attributes["talchum.role"] for span in collector.named("join")}
    assert roles == {"participant", "face-worker"}
    assert room not in repr(collector.spans)
