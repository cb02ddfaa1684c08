"""The line in virtual time, then a real one between two namespaces."""

from __future__ import annotations

import socket
import statistics
import subprocess
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.link_emulator import Direction, Impairment, emulated_link
from tests.network.namespaces import Namespace, loopback_namespace, missing_requirement


def arrivals(direction: Direction, until: float = 1e9) -> list[tuple[float, bytes]]:
    """Every packet with the moment it arrives."""
    arrived = []
    while (moment := direction.next_arrival) is not None and moment <= until:
        arrived += [(moment, packet) for packet in direction.due(moment)]
    return arrived


def test_a_perfect_line_hands_over_at_once() -> None:
    direction = Direction(Impairment(), seed=1)
    direction.offer(b"hello", now=5.0)
    assert direction.due(5.0) == [b"hello"]
    assert direction.next_arrival is None


def test_delay_is_added_to_every_packet() -> None:
    direction = Direction(Impairment(delay=0.05), seed=1)
    direction.offer(b"a", now=1.0)
    direction.offer(b"b", now=1.01)
    assert direction.due(1.049) == []
    assert [round(moment, 3) for moment, _ in arrivals(direction)] == [1.05, 1.06]


def test_rate_spreads_a_burst() -> None:
    direction = Direction(Impairment(rate=8000), seed=1)
    for _ in range(3):
        direction.offer(bytes(100), now=0.0)
    assert [round(moment, 3) for moment, _ in arrivals(direction)] == [0.1, 0.2, 0.3]


def test_a_full_queue_drops_what_comes_on_top() -> None:
    direction = Direction(Impairment(rate=8000, queue=250), seed=1)
    for _ in range(10):
        direction.offer(bytes(100), now=0.0)
    assert len(arrivals(direction)) == 3  # the fourth would have found 300 bytes before it
    assert direction.overflowed == 7


def test_loss_is_the_asked_share_and_the_same_for_the_same_seed() -> None:
    def lost(seed: int) -> list[bytes]:
        direction = Direction(Impairment(loss=0.02), seed)
        for number in range(5000):
            direction.offer(number.to_bytes(2, "big"), now=number / 100)
        delivered = [packet for _, packet in arrivals(direction)]
        assert direction.lost == 5000 - len(delivered)
        return delivered

    assert lost(3) == lost(3)
    assert lost(3) != lost(4)
    assert 4850 <= len(lost(3)) <= 4950


@given(st.lists(st.floats(0, 0.02), min_size=2, max_size=50), st.integers(0, 1000))
def test_jitter_never_reorders_and_stays_in_its_bounds(gaps: list[float], seed: int) -> None:
    direction = Direction(Impairment(delay=0.05, jitter=0.03), seed)
    now, sent = 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        sent.append(now)
        direction.offer(bytes([number]), now)
    arrived = arrivals(direction)
    assert [packet[0] for _, packet in arrived] == list(range(len(gaps)))
    assert all(moment >= sent[packet[0]] + 0.02 - 1e-9 for moment, packet in arrived)
    assert max(moment for moment, _ in arrived) <= now + 0.08 + 1e-9


@pytest.mark.parametrize(
    "wrong", [{"loss": 2.0}, {"rate": 0.0}, {"delay": 0.01, "jitter": 0.02}, {"delay": -1}]
)
def test_an_impossible_line_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Impairment(**wrong)  # type: ignore[arg-type]


@pytest.fixture
def two_namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    if (reason := missing_requirement()) is not None:
        pytest.skip(reason)
    with loopback_namespace() as first, loopback_namespace() as second:
        yield first, second


@pytest.mark.netns
def test_a_real_line_delays_what_crosses_it(two_namespaces: tuple[Namespace, Namespace]) -> None:
    first, second = two_namespaces
    with emulated_link((first.path, "eth0"), (second.path, "eth0"), Impairment(delay=0.03)):
        for namespace, address in ((first, "192.0.2.1"), (second, "192.0.2.2")):
            for arguments in (["addr", "add", f"{address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
                subprocess.run(["ip", "-n", namespace.name, *arguments], check=True)
        echo, client = second.inside(bound_socket, "192.0.2.2"), first.inside(bound_socket, "192.0.2.1")
        with echo, client:
            round_trips = []
            for number in range(10):
                before = time.monotonic()
                client.sendto(bytes([number]), echo.getsockname())
                packet, sender = echo.recvfrom(10)
                echo.sendto(packet, sender)
                assert client.recv(10) == bytes([number])
                round_trips.append(time.monotonic() - before)
    assert min(round_trips[1:]) >= 0.06  # the line never gives back less than was asked of it
    assert statistics.median(round_trips[1:]) < 0.5


def bound_socket(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(5)
    made.bind((address, 0))
    return made
