"""A call in which a performer names addresses for the face worker to send to, and every packet is counted."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"
SECONDS = 8.0
NAT_A = "203.0.113.11"
NAT_B = "203.0.113.12"
HOSTILE = "tests.network.hostile_call"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a face worker's machine, and the relay's where there is one, sent while a hostile call lasted.

    strangers: who got anything beside those who are meant to. expected: packets to those. frames: that the
    performer got back.
    """

    strangers: tuple[str, ...]
    strange: int
    expected: int
    frames: int


@contextlib.contextmanager
def service_and_network(
    mode: NatMode, directory: Path, *, workers: int
) -> Iterator[tuple[SmallInternet, Service]]:
    """An installation on a small internet, with its TURN server."""
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


@contextlib.contextmanager
def reachable_worker_in_hostile_call(directory: Path) -> Iterator[tuple[Sent, Namespace, PacketCounter]]:
    """Of a worker that can be reached; afterwards its machine goes on and is still counted."""
    with service_and_network("cone", directory, workers=1) as (internet, service):
        open_everything(internet.server, "203.0.113.1", "wan0")
        with counted_packets(internet.server, [SERVER_ADDRESS, TURN_ADDRESS, NAT_A]) as counter:
            report = worn_call(service, internet, HOSTILE)
            yield _sent(report, counter), internet.server, counter


@contextlib.contextmanager
def hidden_worker_in_hostile_call(
    mode: NatMode, directory: Path
) -> Iterator[tuple[Sent, Namespace, PacketCounter]]:
    """Of a worker behind a NAT; its relay's packets to strangers count too."""
    with service_and_network(mode, directory, workers=0) as (internet, service):
        behind = internet.host_b
        service.start_worker({"TALCHUM_WORKER_REACHABLE": "relay"}, place=behind)
        open_everything(behind, "10.2.0.1", "eth0")
        open_everything(internet.server, "203.0.113.1", "wan0")
        with (
            counted_packets(behind, [SERVER_ADDRESS, TURN_ADDRESS]) as counter,
            counted_packets(internet.server, [SERVER_ADDRESS, TURN_ADDRESS, NAT_A, NAT_B]) as relayed,
        ):
            report = worn_call(service, internet, HOSTILE)
            yield _sent(report, counter, relayed), behind, counter


def _sent(report: dict[str, Any], own: PacketCounter, *others: PacketCounter) -> Sent:
    counters = (own, *others)
    return Sent(
        strangers=tuple(stranger for counter in counters for stranger in counter.strangers()),
        strange=sum(counter.strange() for counter in counters),
        expected=own.expected(),
        frames=report["faceLeg"]["framesReceived"],
    )
