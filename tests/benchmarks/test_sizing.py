"""The sizing table: what one more takes, out of the rows of scale."""

from __future__ import annotations

from benchmarks.scale_measures.sockets import RATE
from benchmarks.sizing import markdown

STEPS = [
    {"coresPerLeg": 0.3, "workerMegabytes": 400},
    {"coresPerLeg": 0.28, "workerMegabytes": 450},
    {"coresPerLeg": 0.5, "workerMegabytes": 500},
]
ROWS = {
    "legs": {"servedInTime": 2, "megabytesPerFurtherLeg": 50.0, "steps": STEPS},
    "neural-legs": {"servedInTime": 1, "megabytesPerFurtherLeg": None, "steps": STEPS},
    "sockets": {"sockets": 5_000, "kilobytesPerSocket": 41.0, "serverCores": 0.4, "storeCores": 0.1},
    "leases": {"legs": 500, "storeCores": 0.012, "storeIdleCores": 0.002},
    "joins": {"serverMsPerJoin": 18.0, "storeMsPerJoin": 1.5},
}


def test_one_more_is_what_it_was_with_the_most_that_were_served_in_time() -> None:
    table = markdown({"measures": ROWS})
    assert "| face leg, *portrait* at 640x360@24 | face worker | 0.28 cores | 50 MB |" in table
    assert (
        "| face leg, *neural* at 640x360@24 | face worker | 0.30 cores | 400 MB with the process |" in table
    )


def test_sockets_are_told_by_the_thousand() -> None:
    table = markdown({"measures": ROWS})
    assert f"| 1,000 sockets, {RATE / 5:.0f} messages a second between them | call server |" in table
    assert "| 0.08 of a core | 40 MB |" in table
    assert "| Redis | 0.020 of a core |" in table
    assert "| 1,000 face legs that go on, with their rooms | Redis | 0.020 of a core |" in table
    assert "| join a second | call server | 0.018 of a core |" in table
