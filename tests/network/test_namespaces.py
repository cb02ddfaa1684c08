"""What the small internet lets through, mode by mode, and that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.namespaces import (
    SERVER_ADDRESS,
    TURN_ADDRESS,
    Namespace,
    NatMode,
    SmallInternet,
    find_program,
    loopback_namespace,
    missing_requirement,
    small_internet,
)
from tests.network.turn_server import turn_server

pytestmark = pytest.mark.netns


@pytest.fixture(autouse=True)
def _requirements() -> None:
    if (reason := missing_requirement("nft")) is not None:
        pytest.skip(reason)


def test_a_loopback_namespace_reaches_nothing_else() -> None:
    with loopback_namespace() as namespace:
        assert namespace.inside(udp_reaches, namespace, "127.0.0.1")
        with pytest.raises(OSError, match="unreachable"):
            namespace.inside(connect, "192.0.2.1", 80)


def test_a_namespace_is_gone_afterwards_with_what_ran_in_it() -> None:
    with contextlib.suppress(KeyError), loopback_namespace() as namespace:
        process = subprocess.Popen(namespace.command(["sleep", "60"]))
        raise KeyError
    assert process.wait(5) != 0
    assert not namespace.path.exists()


def test_two_internets_live_side_by_side() -> None:
    with small_internet("cone") as one, small_internet("cone") as other:
        assert one.server.name != other.server.name
        assert udp_echo_from(one.host_a, one.server)
        assert udp_echo_from(other.host_a, other.server)


@pytest.mark.parametrize(
    ("mode", "udp", "tcp_any", "tcp_443"),
    [
        ("cone", True, True, True),
        ("symmetric", True, True, True),
        ("udp_blocked", False, True, True),
        ("only_443", False, False, True),
    ],
)
def test_each_mode_lets_through_what_it_says(mode: NatMode, udp: bool, tcp_any: bool, tcp_443: bool) -> None:
    with small_internet(mode) as internet:
        assert udp_echo_from(internet.host_a, internet.server) is udp
        assert tcp_from(internet.host_a, internet.server, 8443) is tcp_any
        assert tcp_from(internet.host_b, internet.server, 443) is tcp_443


@pytest.mark.parametrize(("mode", "same"), [("cone", True), ("symmetric", False)])
def test_only_a_cone_shows_one_port_to_two_destinations(mode: NatMode, same: bool) -> None:
    with small_internet(mode) as internet:
        seen = [
            internet.server.inside(bound_socket, address, 4000) for address in (SERVER_ADDRESS, TURN_ADDRESS)
        ]
        client = internet.host_a.inside(bound_socket, "10.1.0.2", 5000)
        with client, seen[0], seen[1]:
            ports = []
            for server in seen:
                client.sendto(b"who am I", server.getsockname())
                ports.append(server.recvfrom(10)[1])
        assert {address for address, _ in ports} == {"203.0.113.11"}
        assert (ports[0] == ports[1]) is same


@pytest.mark.coturn
@pytest.mark.parametrize("arguments", [["-y"], ["-y", "-t"]], ids=["udp", "tcp"])
def test_the_turn_server_relays(small: SmallInternet, tmp_path: Path, arguments: list[str]) -> None:
    with turn_server(small.server, TURN_ADDRESS, tmp_path) as turn:
        load = ["-m", "1", "-n", "5", "-l", "200", "-z", "20", TURN_ADDRESS]
        report = subprocess.run(
            small.host_a.command(["turnutils_uclient", *arguments, "-u", "test", "-W", turn.secret, *load]),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    lost = re.findall(r"Total lost packets (\d+)", report.stdout)
    assert lost, report.stdout[-500:] + report.stderr[-500:]
    assert int(lost[-1]) == 0


@pytest.mark.coturn
def test_the_turn_server_refuses_private_peers_and_wrong_secrets(
    small: SmallInternet, tmp_path: Path
) -> None:
    load = ["-m", "1", "-n", "2", "-l", "100", TURN_ADDRESS]
    with turn_server(small.server, TURN_ADDRESS, tmp_path) as turn:
        for secret, peer in (
            (turn.secret, "10.1.0.1"),
            (turn.secret, "127.0.0.1"),
            ("wrong", "203.0.113.12"),
        ):
            report = subprocess.run(
                small.host_a.command(["turnutils_uclient", "-u", "test", "-W", secret, "-e", peer, *load]),
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            expected = "403 (Forbidden IP)" if secret == turn.secret else "Cannot complete Allocation"
            assert expected in report.stdout + report.stderr, report.stdout[-500:]


@pytest.fixture
def small(_requirements: None) -> Iterator[SmallInternet]:
    if find_program("turnserver") is None:
        pytest.skip("turnserver is not installed")
    with small_internet("cone") as internet:
        yield internet


def udp_reaches(namespace: Namespace, address: str) -> bool:
    with bound_socket(address, 0) as server, bound_socket(address, 0) as client:
        return echoes(client, server)


def udp_echo_from(host: Namespace, server: Namespace) -> bool:
    with (
        server.inside(bound_socket, SERVER_ADDRESS, 0) as receiver,
        host.inside(bound_socket, "0.0.0.0", 0) as sender,
    ):
        return echoes(sender, receiver)


def echoes(client: socket.socket, server: socket.socket) -> bool:
    """Whether a datagram gets there and back."""
    client.sendto(b"there", server.getsockname())
    try:
        packet, sender = server.recvfrom(10)
        server.sendto(packet, sender)
        return client.recv(10) == b"there"
    except TimeoutError:
        return False


def tcp_from(host: Namespace, server: Namespace, port: int) -> bool:
    with server.inside(socket.create_server, (SERVER_ADDRESS, port)):
        try:
            host.inside(connect, SERVER_ADDRESS, port)
        except TimeoutError:
            return False
        return True


def connect(address: str, port: int) -> None:
    socket.create_connection((address, port), timeout=1.5).close()


def bound_socket(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(1.5)
    made.bind((address, port))
    return made
