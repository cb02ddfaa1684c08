"""How an acceptance table's result file is kept and read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.acceptance import AcceptanceTable, Measure, in_words, markdown
from benchmarks.outcome import Outcome


def measure(n: int) -> Outcome:
    return Outcome("how many", "some", str(n), n, n > 1)


TABLE = AcceptanceTable("small", {"first": Measure(measure, 10), "second": Measure(measure, 20)})


def row(met: bool, commit: str) -> dict[str, object]:
    return {**Outcome("a measure", "a bar", "a figure", 3, met).as_result(), "commit": commit}


def test_each_row_is_tried_as_often_as_it_says_or_a_share_of_that() -> None:
    rows = TABLE.measured(["first", "second"], 0.1)
    assert [(name, found["n"], found["met"]) for name, found in rows] == [
        ("first", 1, False),
        ("second", 2, True),
    ]


def where(n: int) -> Outcome:
    return Outcome("in which process", "its own", str(os.getpid()), n, True)


def test_each_row_has_a_process_of_its_own() -> None:
    table = AcceptanceTable("small", {"first": Measure(where, 1), "second": Measure(where, 1)})
    seen = {found["seen"] for _, found in table.measured(["first", "second"], 1)}
    assert len(seen - {str(os.getpid())}) == 2


def test_a_row_that_was_measured_again_replaces_the_old_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(TABLE.merged(path, {"second": row(False, "a"), "first": row(True, "a")})))
    assert not json.loads(path.read_text())["met"]
    again = TABLE.merged(path, {"second": row(True, "b")})
    kept = [(name, held["commit"]) for name, held in again["measures"].items()]
    assert kept == [("first", "a"), ("second", "b")]
    assert again["met"]


def test_a_row_that_is_no_longer_in_the_table_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"measures": {"gone": row(False, "a")}}))
    assert TABLE.merged(path, {"first": row(True, "b")})["measures"].keys() == {"first"}


def test_a_line_and_the_page_say_what_was_not_met() -> None:
    assert in_words("first", row(False, "a")).startswith("NOT MET")
    lines = markdown({"measures": {"first": row(False, "a"), "second": row(True, "a")}}).splitlines()
    assert [line.endswith("**not met** |") for line in lines[2:]] == [True, False]
