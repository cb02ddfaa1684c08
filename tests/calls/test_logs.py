"""What the processes of a call log at their most talkative: no address, no description, no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import running_service

pytestmark = [pytest.mark.call, pytest.mark.valkey]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
TOLD_NOWHERE = {
    "an IPv4 address": r"\b\d{1,3}(\.\d{1,3}){3}\b",
    "an IPv6 address": r"(?i)\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}\b",
    "a candidate": r"candidate:|\btyp (host|srflx|relay)\b",
    "a line of a description": r"\bv=0\b|\ba=[a-z]|\bm=(audio|video|application)|fingerprint",
    "credentials of ICE": r"(?i)ufrag|\bpwd\b",
    "a ticket or a token": r"(?i)\"?ticket\"?[:=]|bearer |token[:=]",
}


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_most_talkative_call_tells_no_address_and_no_secret(form: str, tmp_path: Path) -> None:
    settings = {"TALCHUM_LOG_LEVEL": "DEBUG", "TALCHUM_LOG_FORMAT": form}
    with running_service(tmp_path, settings=settings) as service:
        link, wear = service.new_link(), ["--identity", "veil"]
        with (
            headless_call(service, link, CLIP, seconds=3.0, arguments=wear) as a,
            headless_call(service, link, CLIP, seconds=3.0) as b,
        ):
            said = {"a": a.process.communicate()[1], "b": b.process.communicate()[1]}
        said |= {child.name: child.log.read_text() for child in service.children[1:]}
    if form == "json":
        lines = (said["server"] + said["worker"]).splitlines()
        assert all(json.loads(line).keys() >= {"time", "level", "logger", "event"} for line in lines)
    assert "joined" in said["a"]
    assert "a leg is connected" in said["worker"]
    assert "a participant joined" in said["server"]
    room = link.rpartition("#")[2]
    for who, text in said.items():
        assert room not in text, who
        for what, pattern in TOLD_NOWHERE.items():
            found = re.search(pattern, text)
            assert found is None, f"{who} told {what}: {found and text[found.start() - 80 : found.end()]}"
