"""An acceptance table: what was to be shown, what was seen, how often, kept in one result file.

Every row can be measured alone; the file keeps what it holds of the others, each with the commit and the
machine it was measured on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.machine import REPOSITORY, commit, describe_machine
from benchmarks.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of a table. n: how often it is tried."""

    run: Callable[[int], Outcome]
    n: int


@dataclass(frozen=True, slots=True)
class AcceptanceTable:
    """A table and its rows, by the name that `--only` takes, in order."""

    name: str
    measures: Mapping[str, Measure]

    @property
    def result(self) -> Path:
        """The file that holds its rows."""
        return REPOSITORY / "benchmarks" / "results" / f"{self.name}.json"

    def measured(self, names: Sequence[str], share: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows of the result file with their names; each is printed when it is there.

        share: of how often each is tried.
        """
        for name in names:
            measure, machine, begun = self.measures[name], describe_machine(), time.monotonic()
            # In a process of its own: an engine, once started, takes no other settings.
            with ProcessPoolExecutor(1, get_context("spawn")) as own:
                outcome = own.submit(measure.run, max(1, round(share * measure.n))).result()
            row = {
                **outcome.as_result(),
                "commit": commit(),
                "date": datetime.now(UTC).date().isoformat(),
                "machine": machine,
                "seconds": round(time.monotonic() - begun, 1),
            }
            print(in_words(name, row), flush=True)
            yield name, row

    def merged(self, path: Path, rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """The result file with these rows in place of older ones, in the order of the table."""
        held: dict[str, Any] = json.loads(path.read_text())["measures"] if path.exists() else {}
        all_rows = {**held, **rows}
        measures = {name: all_rows[name] for name in self.measures if name in all_rows}
        met = all(row["met"] for row in measures.values())
        return {"benchmark": self.name, "met": met, "measures": measures}

    def run(self, description: str) -> int:
        """Measure, print and write as the command line says; 1 when something is not met."""
        options = self._options(description)
        if options.table:
            print(markdown(json.loads((options.out or self.result).read_text())))
            return 0
        out: Path | None = options.out or (self.result if options.share == 1 else None)
        met = True
        for name, row in self.measured(options.only, options.share):
            met = met and row["met"]
            if out is not None:
                text = json.dumps(self.merged(out, {name: row}), indent=2)
                out.parent.mkdir(parents=True, exist_ok=True)
                out.write_text(text + "\n", encoding="utf-8")
        return 0 if met else 1

    def _options(self, description: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--only", type=lambda text: text.split(","), default=list(self.measures))
        parser.add_argument("--share", type=float, default=1.0)
        parser.add_argument("--out", type=Path)
        parser.add_argument("--table", action="store_true")
        options = parser.parse_args()
        unknown = sorted(set(options.only) - set(self.measures))
        if unknown:
            parser.error(f"got {', '.join(unknown)}, expected some of {', '.join(self.measures)}")
        return options


def in_words(name: str, row: Mapping[str, Any]) -> str:
    """One line of a table."""
    verdict = "met" if row["met"] else "NOT MET"
    return f"{verdict:8}{name:17}{row['measure']}: {row['seen']} (bar: {row['bar']}; n = {row['n']})"


def markdown(result: Mapping[str, Any]) -> str:
    """A result file's rows in Markdown."""
    lines = ["| measure | bar | seen | n | |", "|---|---|---|---|---|"]
    for name, row in result["measures"].items():
        verdict = "" if row["met"] else "**not met**"
        lines.append(
            f"| {row['measure']} (`{name}`) | {row['bar']} | {row['seen']} | {row['n']:,} | {verdict} |"
        )
    return "\n".join(lines)
