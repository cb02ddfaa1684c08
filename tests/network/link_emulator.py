"""A bad line between two network namespaces, in user space: delay, jitter, loss, rate, by seed.

Not every kernel has netem. Two TAP devices stand for the ends of the line and a small process carries
Ethernet frames between them. `Direction` is the line itself, without clock or descriptors; `main` moves them.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import heapq
import json
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.network.entering import enter_namespace

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
LARGEST_PACKET = 65536
PACKETS_PER_TURN = 64  # so that one busy end cannot starve the other


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a line does to the packets of one direction.

    delay: seconds added to every packet. jitter: seconds, uniform within plus and minus; order is kept.
    loss: share of packets lost, 0 to 1. rate: bits per second, None for no limit.
    queue: bytes that wait for their turn at most when there is a rate; what comes on top is dropped.
    seed: of the losses and the jitter; the other direction uses the next one.
    """

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    rate: float | None = None
    queue: int = 60_000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.delay < 0 or not 0 <= self.jitter <= self.delay:
            raise ValueError(
                f"got delay {self.delay} and jitter {self.jitter}, expected 0 <= jitter <= delay"
            )
        if not 0 <= self.loss <= 1:
            raise ValueError(f"got a loss of {self.loss}, expected a share of 0 to 1")
        if self.rate is not None and self.rate <= 0:
            raise ValueError(f"got a rate of {self.rate} bit/s, expected more than 0")


class Direction:
    """One direction of a line, told the time: what goes in comes out later, or never."""

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self._impairment = impairment
        self._random = random.Random(seed)
        self._waiting: list[tuple[float, int, bytes]] = []
        self._order = 0
        self._sent_until = 0.0  # when the last bit of the last packet leaves the sender
        self._latest = 0.0  # arrival of the last packet, which the next must not overtake
        self.carried = 0
        self.lost = 0
        self.overflowed = 0

    def offer(self, packet: bytes, now: float) -> None:
        """Puts a packet on the line."""
        line = self._impairment
        if line.loss and self._random.random() < line.loss:
            self.lost += 1
            return
        leaves = now
        if line.rate is not None:
            leaves = max(now, self._sent_until)
            if (leaves - now) * line.rate / 8 > line.queue:
                self.overflowed += 1
                return
            leaves += len(packet) * 8 / line.rate
            self._sent_until = leaves
        arrives = leaves + line.delay
        if line.jitter:
            arrives = max(self._latest, arrives + self._random.uniform(-line.jitter, line.jitter))
        self._latest = arrives
        self._order += 1
        heapq.heappush(self._waiting, (arrives, self._order, packet))

    def due(self, now: float) -> list[bytes]:
        """The packets that have arrived by now, in order."""
        packets = []
        while self._waiting and self._waiting[0][0] <= now:
            packets.append(heapq.heappop(self._waiting)[2])
        self.carried += len(packets)
        return packets

    @property
    def next_arrival(self) -> float | None:
        """When the next packet arrives, None when the line is empty."""
        return self._waiting[0][0] if self._waiting else None


@contextlib.contextmanager
def emulated_link(
    first: tuple[Path, str], second: tuple[Path, str], impairment: Impairment
) -> Iterator[None]:
    """A line between (namespace path, interface name) and another; the interfaces exist inside the block.

    Raises RuntimeError when the TAP devices cannot be made.
    """
    argv = [sys.executable, "-m", "tests.network.link_emulator"]
    for path, interface in (first, second):
        argv += [str(path), interface]
    argv += ["--delay", str(impairment.delay), "--jitter", str(impairment.jitter)]
    argv += ["--loss", str(impairment.loss), "--queue", str(impairment.queue), "--seed", str(impairment.seed)]
    if impairment.rate is not None:
        argv += ["--rate", str(impairment.rate)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        argv, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"the link emulator did not start: {process.stderr.read().strip()}")
            yield
        finally:
            process.terminate()


def main(argv: Sequence[str] | None = None) -> None:
    """Carries packets until SIGTERM, then prints what became of them, one JSON object per direction."""
    parser = argparse.ArgumentParser(description=__doc__)
    for end in ("first", "second"):
        parser.add_argument(f"{end}_namespace", type=Path)
        parser.add_argument(f"{end}_interface")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--queue", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    impairment = Impairment(
        options.delay, options.jitter, options.loss, options.rate, options.queue, options.seed
    )
    first = _open_tap(options.first_namespace, options.first_interface)
    second = _open_tap(options.second_namespace, options.second_interface)
    line = {
        first: (Direction(impairment, impairment.seed), second),
        second: (Direction(impairment, impairment.seed + 1), first),
    }
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C of the tests ends them, and they end this
    poll = select.epoll()
    for descriptor in line:
        poll.register(descriptor, select.EPOLLIN)
    print("ready", flush=True)
    while not stopping:
        _deliver(line)
        for descriptor, _ in poll.poll(_patience(line)):
            _take(descriptor, line[descriptor][0])
    for direction, _ in line.values():
        print(
            json.dumps(
                {"carried": direction.carried, "lost": direction.lost, "overflowed": direction.overflowed}
            )
        )


def _deliver(line: dict[int, tuple[Direction, int]]) -> None:
    now = time.monotonic()
    for direction, exit_ in line.values():
        for packet in direction.due(now):
            with contextlib.suppress(OSError):  # the interface is down: nobody is there to receive
                os.write(exit_, packet)


def _patience(line: dict[int, tuple[Direction, int]]) -> float:
    arrivals = [
        direction.next_arrival for direction, _ in line.values() if direction.next_arrival is not None
    ]
    return min(1.0, max(0.0, min(arrivals) - time.monotonic())) if arrivals else 1.0


def _take(descriptor: int, direction: Direction) -> None:
    for _ in range(PACKETS_PER_TURN):
        try:
            packet = os.read(descriptor, LARGEST_PACKET)
        except OSError:  # nothing more, or the interface is still down
            return
        direction.offer(packet, time.monotonic())


def _open_tap(namespace: Path, interface: str) -> int:
    """A descriptor of a new TAP device inside a namespace, read and written as Ethernet frames."""
    home = Path(f"/proc/self/task/{os.getpid()}/ns/net")
    here = os.open(home, os.O_RDONLY)
    try:
        enter_namespace(namespace)
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        request = struct.pack("16sH22x", interface.encode(), IFF_TAP | IFF_NO_PI)
        fcntl.ioctl(descriptor, TUNSETIFF, request)
    finally:
        enter_namespace(Path(f"/proc/self/fd/{here}"))
        os.close(here)
    return descriptor


if __name__ == "__main__":
    main()
