"""What one more of each takes, from the figures of `benchmarks.scale`: the table of docs/operate.md.

python -m benchmarks.sizing [--from benchmarks/results/scale.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.machine import REPOSITORY
from benchmarks.scale_measures.sockets import RATE


def markdown(result: Mapping[str, Any]) -> str:
    """The table; KeyError names a row that was not measured."""
    rows = result["measures"]
    sockets, joins, leases = rows["sockets"], rows["joins"], rows["leases"]
    going_on = 1000 * (leases["storeCores"] - leases["storeIdleCores"]) / leases["legs"]
    thousands = sockets["sockets"] / 1000
    lines = [
        "| one more | of | processor | memory |",
        "|---|---|---|---|",
        *(_leg(engine, rows[row]) for row, engine in (("legs", "portrait"), ("neural-legs", "neural"))),
        f"| 1,000 sockets, {RATE / thousands:.0f} messages a second between them | call server | "
        f"{sockets['serverCores'] / thousands:.2f} of a core | "
        f"{sockets['kilobytesPerSocket'] * 1000 / 1024:.0f} MB |",
        f"| the same | Redis | {sockets['storeCores'] / thousands:.3f} of a core | |",
        f"| 1,000 face legs that go on, with their rooms | Redis | {going_on:.3f} of a core | |",
        f"| join a second | call server | {joins['serverMsPerJoin'] / 1000:.3f} of a core | |",
        f"| the same | Redis | {joins['storeMsPerJoin'] / 1000:.4f} of a core | |",
    ]
    return "\n".join(lines)


def _leg(engine: str, row: Mapping[str, Any]) -> str:
    step = row["steps"][max(row["servedInTime"], 1) - 1]
    memory = row["megabytesPerFurtherLeg"]
    held = f"{memory:.0f} MB" if memory is not None else f"{step['workerMegabytes']} MB with the process"
    return f"| face leg, *{engine}* at 640x360@24 | face worker | {step['coresPerLeg']:.2f} cores | {held} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = REPOSITORY / "benchmarks" / "results" / "scale.json"
    parser.add_argument("--from", dest="source", type=Path, default=default)
    print(markdown(json.loads(parser.parse_args().source.read_text())))


if __name__ == "__main__":
    main()
