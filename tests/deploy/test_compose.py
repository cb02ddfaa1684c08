"""`deploy/compose.yaml`, read by Compose v2's own loader; no engine has started it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from talchum.apps.settings import NAMES
from tests.deploy.containers import ROOT

OWN = {
    "TALCHUM_PUBLIC_URL": "https://calls.example.org",
    "TALCHUM_TURN_SECRET": "a secret for these tests",
    "POSTGRES_PASSWORD": "another one",
}
PROFILES = ("cpu", "gpu", "trainer", "turn")


def compose(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("docker-compose")
    command = [str(program), "-f", str(ROOT / "deploy" / "compose.yaml"), *arguments]
    environment = {"PATH": "/usr/bin:/bin", **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def services(**settings: str) -> dict[str, Any]:
    profiles = [option for name in PROFILES for option in ("--profile", name)]
    done = compose(*profiles, "config", "--format", "json", **OWN, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout)["services"])


def test_every_profile_is_valid_and_every_setting_has_a_value_that_it_takes() -> None:
    every = services(TALCHUM_TURN_URLS="turn:turn.example.org:3478?transport=udp")
    assert set(every) >= {"nginx", "call-server-1", "call-server-2", "face-worker", "recorder", "coturn"}
    for service in every.values():
        for name, value in service.get("environment", {}).items():
            if name.startswith("TALCHUM_") and value:  # what is empty is not set
                NAMES[name][1](value)


def test_only_nginx_and_what_carries_media_can_be_reached_from_outside() -> None:
    for name, service in services().items():
        open_ports = [port for port in service.get("ports", []) if port.get("host_ip") != "127.0.0.1"]
        assert (name == "nginx") == bool(open_ports)


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_an_operator_must_choose_has_no_default(name: str) -> None:
    done = compose("config", "-q", **{key: value for key, value in OWN.items() if key != name})
    assert name in done.stderr


def test_nginx_knows_the_call_servers_by_their_names() -> None:
    text = (ROOT / "deploy" / "nginx" / "call-servers.conf").read_text()
    for name in services():
        assert not name.startswith("call-server") or f"server {name}:8080" in text
