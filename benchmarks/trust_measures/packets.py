"""Packets to addresses that a client chose: hostile calls across namespaces, every packet counted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.outcome import Outcome
from tests.network.hostile_call import candidates
from tests.network.namespaces import Namespace, NatMode
from tests.network.packet_counter import PacketCounter
from tests.network.worker_packets import Sent, hidden_worker_in_hostile_call, reachable_worker_in_hostile_call

_CALLS: tuple[NatMode | None, ...] = (None, "cone", "symmetric", "udp_blocked")
"""Where the face worker is: reachable, or behind a NAT of a kind."""


def measure_packets(n: int) -> Outcome:
    """`n` hostile calls, by turns with each of those workers."""
    strange, expected, silent, strangers = 0, 0, 0, set[str]()
    for number in range(n):
        with (
            tempfile.TemporaryDirectory() as directory,
            _hostile_call(_CALLS[number % len(_CALLS)])(Path(directory)) as (sent, _, _),
        ):
            strange, expected = strange + sent.strange, expected + sent.expected
            silent += sent.frames == 0
            strangers.update(sent.strangers)
    return Outcome(
        "packets to client-supplied addresses",
        "0",
        f"{strange} of {expected + strange}; {n - silent} of {n} calls connected",
        n,
        strange == 0 and silent == 0,
        {"strangers": sorted(strangers), "hostileCandidates": len(candidates())},
    )


def _hostile_call(
    mode: NatMode | None,
) -> Callable[[Path], AbstractContextManager[tuple[Sent, Namespace, PacketCounter]]]:
    if mode is None:
        return reachable_worker_in_hostile_call
    return lambda directory: hidden_worker_in_hostile_call(mode, directory)
