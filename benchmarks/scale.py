"""The acceptance table of scale: many sockets, joins, legs, and parts of the installation that go away.

    python -m benchmarks.scale [--only sockets,legs] [--share 0.1] [--out benchmarks/results/scale.json]
    python -m benchmarks.scale --table

Each measure can be run alone, see `benchmarks.acceptance`. Load comes from processes of their own, whose CPU
time is counted apart.
"""

from __future__ import annotations

import sys
from types import MappingProxyType

from benchmarks.acceptance import AcceptanceTable, Measure
from benchmarks.scale_measures.joins import measure_joins
from benchmarks.scale_measures.leases import measure_leases
from benchmarks.scale_measures.legs import measure_admission, measure_legs, measure_neural_legs
from benchmarks.scale_measures.lost_workers import measure_drains, measure_kills
from benchmarks.scale_measures.sockets import measure_sockets, measure_two_processes
from benchmarks.scale_measures.store_outage import measure_store_outage

TABLE = AcceptanceTable(
    "scale",
    MappingProxyType(
        {
            "sockets": Measure(measure_sockets, 5_000),
            "two-processes": Measure(measure_two_processes, 5_000),
            "joins": Measure(measure_joins, 600),
            "leases": Measure(measure_leases, 1_000),
            "legs": Measure(measure_legs, 5),
            "neural-legs": Measure(measure_neural_legs, 3),
            "admission": Measure(measure_admission, 3),
            "kills": Measure(measure_kills, 10),
            "drains": Measure(measure_drains, 10),
            "redis-gone": Measure(measure_store_outage, 30),
        }
    ),
)


if __name__ == "__main__":
    sys.exit(TABLE.run(__doc__.partition("\n")[0]))
