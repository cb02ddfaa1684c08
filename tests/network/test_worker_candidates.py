"""No packet of a face worker goes to an address that its performer chose, and calls connect all the same."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.calls.headless import headless_call
from tests.calls.service import Service, running_service
from tests.network.namespaces import (
    SERVER_ADDRESS,
    TURN_ADDRESS,
    Namespace,
    NatMode,
    SmallInternet,
    small_internet,
)
from tests.network.packet_counter import PacketCounter, counted_packets
from tests.network.turn_server import turn_server

pytestmark = [pytest.mark.netns, pytest.mark.coturn, pytest.mark.call, pytest.mark.vision]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
SECONDS = 8.0
NAT_A = "203.0.113.11"
NAT_B = "203.0.113.12"
STRANGER = "198.51.100.7"


@contextlib.contextmanager
def service_and_network(
    mode: NatMode, directory: Path, *, workers: int
) -> Iterator[tuple[SmallInternet, Service]]:
    with (
        small_internet(mode) as internet,
        turn_server(internet.server, TURN_ADDRESS, directory) as turn,
        running_service(
            directory / "data", internet.server, host=SERVER_ADDRESS, turn=turn, workers=workers
        ) as service,
    ):
        yield internet, service


def worn_call(service: Service, internet: SmallInternet, program: str) -> dict[str, Any]:
    """The report of a performer behind NAT a, beside another participant."""
    wear = ["--identity", "veil"]
    link = service.new_link()
    with (
        headless_call(
            service, link, CLIP, seconds=SECONDS, place=internet.host_a, arguments=wear, program=program
        ) as a,
        headless_call(service, link, CLIP, seconds=SECONDS, place=internet.host_a) as b,
    ):
        b.report()
        return a.report()


def open_everything(namespace: Namespace, gateway: str, device: str) -> None:
    """A route for every address of both families: what is not sent must not be for want of one."""
    namespace.inside(Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text, "0")
    commands = [
        ["route", "replace", "default", "via", gateway],
        ["-6", "addr", "replace", "fd00:7a1c::2/64", "dev", device, "nodad"],
        ["-6", "route", "replace", "default", "dev", device],
    ]
    for command in commands:
        subprocess.run(["ip", "-n", namespace.name, *command], check=True, capture_output=True)


def expect_counting(namespace: Namespace, counter: PacketCounter) -> None:
    """The counter sees what it is there for: a datagram and a lookup to strangers."""
    before = counter.strange()
    for family, address in ((socket.AF_INET, STRANGER), (socket.AF_INET6, "2001:db8::7")):
        with namespace.inside(socket.socket, family, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"there", (address, 7000))
    assert counter.strange() == before + 2


def test_a_reachable_worker_sends_nothing_to_candidates(tmp_path: Path) -> None:
    with service_and_network("cone", tmp_path, workers=1) as (internet, service):
        open_everything(internet.server, "203.0.113.1", "wan0")
        with counted_packets(internet.server, [SERVER_ADDRESS, TURN_ADDRESS, NAT_A]) as counter:
            report = worn_call(service, internet, "tests.network.hostile_call")
            assert counter.strange() == 0, counter.strangers()
            assert counter.expected() > 100
            expect_counting(internet.server, counter)
    assert report["faceLeg"]["framesReceived"] >= 2 * SECONDS


@pytest.mark.parametrize("mode", ["cone", "symmetric", "udp_blocked"])
def test_a_worker_behind_a_nat_talks_to_its_turn_server_only(mode: NatMode, tmp_path: Path) -> None:
    with service_and_network(mode, tmp_path, workers=0) as (internet, service):
        behind = internet.host_b
        service.start_worker({"TALCHUM_WORKER_REACHABLE": "relay"}, place=behind)
        open_everything(behind, "10.2.0.1", "eth0")
        open_everything(internet.server, "203.0.113.1", "wan0")
        with (
            counted_packets(behind, [SERVER_ADDRESS, TURN_ADDRESS]) as counter,
            counted_packets(internet.server, [SERVER_ADDRESS, TURN_ADDRESS, NAT_A, NAT_B]) as relayed,
        ):
            report = worn_call(service, internet, "tests.network.hostile_call")
            assert counter.strange() == 0, counter.strangers()
            assert relayed.strange() == 0, relayed.strangers()
            assert counter.expected() > 100
            expect_counting(behind, counter)
    assert report["faceLeg"]["framesReceived"] >= 2 * SECONDS


def test_a_worker_behind_a_nat_is_not_reached_unless_it_says_that_it_is_behind_one(tmp_path: Path) -> None:
    with service_and_network("cone", tmp_path, workers=0) as (internet, service):
        service.start_worker(place=internet.host_b)
        with counted_packets(internet.host_b, [SERVER_ADDRESS, TURN_ADDRESS]) as counter:
            report = worn_call(service, internet, "talchum.apps.cli")
            assert counter.strange() == 0, counter.strangers()
    assert report["faceLeg"]["framesReceived"] == 0
