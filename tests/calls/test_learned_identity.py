"""An identity that was learned while the service runs is worn in a call, without a restart of anything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings
from tests.adapters.learned_bundles import SHIPPED, learned_bundle
from tests.calls.service import running_service
from tests.calls.test_headless_call import SOME_FRAMES, client

pytestmark = [pytest.mark.call, pytest.mark.valkey]


def test_a_face_learned_after_the_start_is_worn(tmp_path: Path) -> None:
    network = SHIPPED.bundle("sora").files["network.onnx"]
    with running_service(tmp_path / "service") as service:
        library = open_library(Settings(redis_url="", data=service.directory))
        library.add(learned_bundle("hana", like="sora", network=network), 1.0)
        library.learned.engine.dispose()
        assert "hana" in service.faces()
        link = service.new_link()
        with (
            client(service, link, tmp_path / "b") as other,
            client(service, link, tmp_path / "a", "--identity", "hana") as performer,
        ):
            performer.until("the face is on")
            other.until("the first frame arrived")
            time.sleep(SOME_FRAMES)  # what is worn is said on the data channel, which may be later
            leg = performer.leave()["faceLeg"]
        assert leg["identity"] == "hana"
        assert leg["engine"] == "neural" or leg["fallback"], "its own network, on a machine fast enough"
        assert leg["framesReceived"] > 0
