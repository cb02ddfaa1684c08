"""The TURN configuration, and coturn's own answers to what it must refuse."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.coturn import (
    DENIED_PEERS,
    Coturn,
    coturn_configuration,
    find_coturn,
    prepare_coturn,
)
from talchum.adapters.network_addresses import free_port
from talchum.adapters.turn_credentials import TurnCredentials

SECRET = "a secret for these tests"


def lines(addresses: list[str]) -> list[str]:
    text = coturn_configuration(Path("/data"), port=3478, addresses=addresses, secret=SECRET)
    return text.splitlines()


def test_loopback_peers_are_for_a_service_that_is_on_loopback_only() -> None:
    assert "allow-loopback-peers" in lines(["127.0.0.1"])
    assert "allow-loopback-peers" not in lines(["127.0.0.1", "192.168.1.5"])


def test_relay_may_meet_itself_and_nothing_else_inside() -> None:
    configuration = lines(["127.0.0.1", "192.168.1.5"])
    assert "relay-ip=192.168.1.5" in configuration
    assert [line for line in configuration if line.startswith("allowed-")] == ["allowed-peer-ip=192.168.1.5"]
    assert {f"denied-peer-ip={peers}" for peers in DENIED_PEERS} <= set(configuration)
    assert "denied-peer-ip=::ffff:0:0-::ffff:ffff:ffff" in configuration
    for line in ("use-auth-secret", "no-tcp-relay", "no-cli", "no-multicast-peers"):
        assert line in configuration
    assert any(line.startswith("user-quota=") for line in configuration)


def test_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    coturn = prepare_coturn("turnserver", tmp_path, port=1, addresses=["127.0.0.1"], secret=SECRET)
    assert SECRET not in " ".join(coturn.command)
    assert Path(coturn.command[2]).stat().st_mode & 0o077 == 0


def test_stun_is_offered_where_an_address_can_be_learned_from_it(tmp_path: Path) -> None:
    there = prepare_coturn("turnserver", tmp_path, port=5, addresses=["127.0.0.1", "10.0.0.2"], secret=SECRET)
    here = prepare_coturn("turnserver", tmp_path, port=5, addresses=["127.0.0.1"], secret=SECRET)
    assert there.urls[0] == "stun:{host}:5"
    assert all(url.startswith("turn:") for url in here.urls)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def coturn(tmp_path: Path, port: int) -> Iterator[Coturn]:
    executable = find_coturn()
    assert executable is not None
    prepared = prepare_coturn(executable, tmp_path, port=port, addresses=["127.0.0.1"], secret=SECRET)
    process = subprocess.Popen(prepared.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10.0
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield prepared
    process.terminate()
    process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def uclient(port: int, peer: str, *, secret: str = SECRET) -> str:
    """What coturn's own client says of relaying to a peer."""
    credentials = TurnCredentials((f"turn:127.0.0.1:{port}",), secret).issue("p1", "h", time.time())[0]
    command = ["turnutils_uclient", "-v", "-c", "-n", "2", "-m", "1", "-l", "100", "-z", "20", "-e", peer]
    command += ["-u", credentials.username, "-w", credentials.credential, "-p", str(port), "127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.coturn
def test_credentials_of_this_project_open_a_relay_to_itself_only(coturn: Coturn, port: int) -> None:
    assert re.search(r"allocate response received: *\n?.*success", uclient(port, "127.0.0.1"), re.I)
    assert "403" in uclient(port, "10.0.0.1") or "Forbidden" in uclient(port, "10.0.0.1")


@pytest.mark.coturn
def test_wrong_secret_opens_nothing(coturn: Coturn, port: int) -> None:
    output = uclient(port, "127.0.0.1", secret="another secret entirely")
    assert "Cannot complete Allocation" in output
