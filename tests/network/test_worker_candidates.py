"""No packet of a face worker goes to an address that its performer chose, and calls connect all the same."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.network.namespaces import SERVER_ADDRESS, TURN_ADDRESS, Namespace, NatMode
from tests.network.packet_counter import PacketCounter, counted_packets
from tests.network.worker_packets import (
    SECONDS,
    Sent,
    hidden_worker_in_hostile_call,
    reachable_worker_in_hostile_call,
    service_and_network,
    worn_call,
)

pytestmark = [pytest.mark.netns, pytest.mark.coturn, pytest.mark.call, pytest.mark.vision]

STRANGER = "198.51.100.7"


def expect_counting(namespace: Namespace, counter: PacketCounter) -> None:
    """The counter sees what it is there for: a datagram and a lookup to strangers."""
    before = counter.strange()
    for family, address in ((socket.AF_INET, STRANGER), (socket.AF_INET6, "2001:db8::7")):
        with namespace.inside(socket.socket, family, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"there", (address, 7000))
    assert counter.strange() == before + 2


def expect_nothing_strange(sent: Sent) -> None:
    assert sent.strange == 0, sent.strangers
    assert sent.expected > 100
    assert sent.frames >= 2 * SECONDS


def test_a_reachable_worker_sends_nothing_to_candidates(tmp_path: Path) -> None:
    with reachable_worker_in_hostile_call(tmp_path) as (sent, place, counter):
        expect_nothing_strange(sent)
        expect_counting(place, counter)


@pytest.mark.parametrize("mode", ["cone", "symmetric", "udp_blocked"])
def test_a_worker_behind_a_nat_talks_to_its_turn_server_only(mode: NatMode, tmp_path: Path) -> None:
    with hidden_worker_in_hostile_call(mode, tmp_path) as (sent, place, counter):
        expect_nothing_strange(sent)
        expect_counting(place, counter)


def test_a_worker_behind_a_nat_is_not_reached_unless_it_says_that_it_is_behind_one(tmp_path: Path) -> None:
    with service_and_network("cone", tmp_path, workers=0) as (internet, service):
        service.start_worker(place=internet.host_b)
        with counted_packets(internet.host_b, [SERVER_ADDRESS, TURN_ADDRESS]) as counter:
            report = worn_call(service, internet, "talchum.apps.cli")
            assert counter.strange() == 0, counter.strangers()
    assert report["faceLeg"]["framesReceived"] == 0
