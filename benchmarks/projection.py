"""What so many calls at once would take, on paper, from the figures of `benchmarks.scale` and assumptions.

    python -m benchmarks.projection [--calls 10000] [--from benchmarks/results/scale.json]

Nothing of it was run at that size. Prices and shares are assumptions and say so; everything else is measured
on the machine that the result file names, taken times what is more of it.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import REPOSITORY
from talchum.adapters.webrtc.video_sender import max_bitrate

SOCKETS_A_CALL = 3
"""Two participants and a face worker."""

RELAYABLE_ENDS = 3
"""Of connections that ask a TURN server for addresses: both participants', the performer's to the worker."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of the result file."""

    portrait_cores: float
    leg_megabytes: float
    store_idle_cores: float
    store_cores_per_worker: float
    store_cores_per_leg: float
    sockets: int
    kilobytes_per_socket: float
    server_cores: float
    store_cores: float
    milliseconds_per_join: float
    store_milliseconds_per_join: float

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Measured:
        """Read them; KeyError names a row that was not measured."""
        rows = result["measures"]
        idle = rows["leases"]["storeIdleCores"]
        return cls(
            portrait_cores=_most_legs(rows["legs"])["coresPerLeg"],
            leg_megabytes=rows["legs"]["megabytesPerFurtherLeg"],
            store_idle_cores=idle,
            # With one leg and a call server's share of asking, so a little too much.
            store_cores_per_worker=rows["legs"]["steps"][0]["storeCores"] - idle,
            store_cores_per_leg=(rows["leases"]["storeCores"] - idle) / rows["leases"]["legs"],
            sockets=rows["sockets"]["sockets"],
            kilobytes_per_socket=rows["sockets"]["kilobytesPerSocket"],
            server_cores=rows["sockets"]["serverCores"],
            store_cores=rows["sockets"]["storeCores"] - idle,
            milliseconds_per_join=rows["joins"]["serverMsPerJoin"],
            store_milliseconds_per_join=rows["joins"]["storeMsPerJoin"],
        )


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What nobody measured. Prices: list prices on demand in us-east-1, in US dollars, as known in 2025."""

    minutes_a_call: float = 15.0
    busy: float = 0.7
    """The share of a core that is planned for."""

    core: float = 1.0
    """Of a core of the measurement, what one vCPU of these types does: both are half of a server's core."""

    turn_share: float = 0.2
    """Of calls; what others report lies between a tenth and a quarter. An installation's own is a metric."""

    leg_turn_share: float = 0.05
    """Of face legs: workers have public addresses, so only networks that let no UDP out need it."""

    turn_choices: int = 2
    """Servers that each call may use; all of them are asked for addresses when it begins."""

    turn_transports: int = 2
    """UDP and TCP, asked for each."""

    megabits: float = max_bitrate(640, 360) / 1e6 + 0.05
    """Of one direction, picture and voice: the most that a sender of this project uses at 640x360."""

    worker_type: str = "c7i.4xlarge"
    worker_cores: int = 16
    worker_dollars: float = 0.714
    server_type: str = "c7i.xlarge"
    server_cores: int = 4
    server_dollars: float = 0.1785
    turn_type: str = "c7gn.xlarge"
    turn_gigabits: float = 5.0
    """What is planned for one relay, each way."""

    turn_dollars: float = 0.2496
    dollars_a_gigabyte: float = 0.05
    """Out to the Internet, beyond 150 TB a month; the first ones cost more."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Machines, traffic and money for so many calls at once, one performer each."""

    calls: int
    worker_cores: float
    workers: int
    worker_gigabytes: float
    server_cores: float
    servers: int
    server_gigabytes: float
    store_cores: float
    worker_gigabits: float
    turn_gigabits: float
    turns: int
    allocations_a_second: float
    dollars_for_machines: float
    dollars_for_traffic: float

    @property
    def dollars_a_call_hour(self) -> float:
        """All of it."""
        return (self.dollars_for_machines + self.dollars_for_traffic) / self.calls


def project(measured: Measured, calls: int, assumed: Assumptions = Assumptions()) -> Projection:
    """Take the figures times what is more of it."""
    capacity = assumed.busy * assumed.core
    worker_cores = calls * measured.portrait_cores / capacity
    workers = _whole(worker_cores / assumed.worker_cores)
    times = calls * SOCKETS_A_CALL / measured.sockets
    calls_a_second = calls / (60 * assumed.minutes_a_call)
    joins = calls_a_second * SOCKETS_A_CALL
    joining = joins * measured.milliseconds_per_join / 1000
    server_cores = (times * measured.server_cores + joining) / capacity
    store_cores = (
        measured.store_idle_cores
        + times * measured.store_cores
        + joins * measured.store_milliseconds_per_join / 1000
        + workers * measured.store_cores_per_worker
        + calls * measured.store_cores_per_leg  # the time of rooms is in this and in that of sockets
    )
    servers = max(2, _whole(server_cores / assumed.server_cores))
    worker_gigabits = calls * assumed.megabits / 1000
    relayed = assumed.turn_share + assumed.leg_turn_share
    turn_gigabits = calls * relayed * 2 * assumed.megabits / 1000
    turns = _whole(turn_gigabits / assumed.turn_gigabits)
    gigabytes = (worker_gigabits + turn_gigabits) * 3600 / 8
    return Projection(
        calls=calls,
        worker_cores=worker_cores,
        workers=workers,
        worker_gigabytes=calls * measured.leg_megabytes / 1024,
        server_cores=server_cores,
        servers=servers,
        server_gigabytes=calls * SOCKETS_A_CALL * measured.kilobytes_per_socket / 1024**2,
        store_cores=store_cores / assumed.core,
        worker_gigabits=worker_gigabits,
        turn_gigabits=turn_gigabits,
        turns=turns,
        allocations_a_second=calls_a_second * RELAYABLE_ENDS * assumed.turn_choices * assumed.turn_transports,
        dollars_for_machines=workers * assumed.worker_dollars
        + servers * assumed.server_dollars
        + turns * assumed.turn_dollars,
        dollars_for_traffic=gigabytes * assumed.dollars_a_gigabyte,
    )


def markdown(found: Projection, assumed: Assumptions = Assumptions()) -> str:
    """The table of docs/scale.md."""
    rows = (
        (
            "face workers",
            f"{found.worker_cores:,.0f} cores, {found.worker_gigabytes:,.0f} GB for the legs: "
            f"{found.workers:,} x {assumed.worker_type}",
            f"${found.workers * assumed.worker_dollars:,.0f}",
        ),
        (
            "call servers",
            f"{found.server_cores:.1f} cores, {found.server_gigabytes:.1f} GB: "
            f"{found.servers} x {assumed.server_type}",
            f"${found.servers * assumed.server_dollars:,.2f}",
        ),
        (
            "Redis",
            f"{found.store_cores:.2f} of one core, which is all it can use: full with "
            f"{round(found.calls / found.store_cores, -2):,.0f} calls",
            "-",
        ),
        (
            "TURN",
            f"{assumed.turn_share:.0%} of calls and {assumed.leg_turn_share:.0%} of legs, "
            f"{found.turn_gigabits:.1f} Gbit/s, {found.allocations_a_second:,.0f} allocations a second: "
            f"{found.turns} x {assumed.turn_type}",
            f"${found.turns * assumed.turn_dollars:,.2f}",
        ),
        (
            "traffic out",
            f"{found.worker_gigabits:.1f} Gbit/s from face workers, {found.turn_gigabits:.1f} from TURN",
            f"${found.dollars_for_traffic:,.0f}",
        ),
        ("a call-hour", "all of it", f"${found.dollars_a_call_hour:.3f}"),
    )
    lines = [f"| for {found.calls:,} calls at once | what | an hour |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {what} | {price} |" for name, what, price in rows)])


def _whole(machines: float) -> int:
    return math.ceil(round(machines, 6))  # what is a whole number of them but for rounding is one


def _most_legs(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was seen with the most legs that were served in time."""
    step: Mapping[str, Any] = row["steps"][max(row["servedInTime"], 1) - 1]
    return step


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    default = REPOSITORY / "benchmarks" / "results" / "scale.json"
    parser.add_argument("--from", dest="source", type=Path, default=default)
    options = parser.parse_args()
    print(markdown(project(Measured.of(json.loads(options.source.read_text())), options.calls)))


if __name__ == "__main__":
    main()
