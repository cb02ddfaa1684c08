"""The acceptance table of consent, disclosure and marks: what was to be shown, what was seen, how often.

    python -m benchmarks.trust [--only payload,badge] [--share 0.1] [--out benchmarks/results/trust.json]
    python -m benchmarks.trust --table

Each measure can be run alone; the result file keeps what it holds of the others, each with the commit and
the machine it was measured on. `--share` tries less often, and writes nothing unless told where to.
`--table` measures nothing and prints what the result file holds as docs/trust.md has it. Some
need root (network namespaces), `turnserver` or Chromium; one whose means are missing is said to be left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.machine import REPOSITORY, commit, describe_machine
from benchmarks.trust_measures.badge import measure_badge
from benchmarks.trust_measures.canary import measure_canary
from benchmarks.trust_measures.disclosure import measure_disclosure
from benchmarks.trust_measures.disk import measure_disk
from benchmarks.trust_measures.embedding import measure_embedding
from benchmarks.trust_measures.enrolment import measure_enrolments
from benchmarks.trust_measures.false_positives import measure_false_positives
from benchmarks.trust_measures.flicker import measure_flicker
from benchmarks.trust_measures.hostile_sdp import measure_hostile_sdp
from benchmarks.trust_measures.outcome import Outcome
from benchmarks.trust_measures.packets import measure_packets
from benchmarks.trust_measures.payload import measure_payload
from benchmarks.trust_measures.revocation import measure_revocation
from benchmarks.trust_measures.settings import measure_settings
from benchmarks.trust_measures.turn import measure_turn
from benchmarks.trust_measures.upload_bombs import measure_upload_bombs
from benchmarks.trust_measures.verification import measure_verification

RESULT = REPOSITORY / "benchmarks" / "results" / "trust.json"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table. n: how often it is tried."""

    run: Callable[[int], Outcome]
    n: int


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "embedding": Measure(measure_embedding, 7_000),
        "flicker": Measure(measure_flicker, 420),
        "payload": Measure(measure_payload, 224),
        "false-positives": Measure(measure_false_positives, 20_000),
        "badge": Measure(measure_badge, 2_100),
        "canary": Measure(measure_canary, 1_020),
        "revocation": Measure(measure_revocation, 20),
        "enrolment": Measure(measure_enrolments, 24),
        "hostile-sdp": Measure(measure_hostile_sdp, 100_000),
        "packets": Measure(measure_packets, 8),
        "turn": Measure(measure_turn, 2),
        "upload-bombs": Measure(measure_upload_bombs, 20),
        "disk": Measure(measure_disk, 30),
        "disclosure": Measure(measure_disclosure, 200),
        "verification": Measure(measure_verification, 50),
        "settings": Measure(measure_settings, 200),
    }
)
"""Every measure by the name that `--only` takes, in the order of the table."""


def run_measures(names: Sequence[str], share: float) -> dict[str, dict[str, Any]]:
    """Rows of the result file by name; each row is printed when it is there."""
    rows: dict[str, dict[str, Any]] = {}
    for name in names:
        machine, begun = describe_machine(), time.monotonic()
        outcome = MEASURES[name].run(max(1, round(share * MEASURES[name].n)))
        rows[name] = {
            **outcome.as_result(),
            "commit": commit(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine,
            "seconds": round(time.monotonic() - begun, 1),
        }
        print(in_words(name, rows[name]), flush=True)
    return rows


def in_words(name: str, row: Mapping[str, Any]) -> str:
    """One line of the table."""
    verdict = "met" if row["met"] else "NOT MET"
    return f"{verdict:8}{name:17}{row['measure']}: {row['seen']} (bar: {row['bar']}; n = {row['n']})"


def merged(path: Path, rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The result file with these rows in place of older ones, in the order of the table."""
    held: dict[str, Any] = json.loads(path.read_text())["measures"] if path.exists() else {}
    all_rows = {**held, **rows}
    measures = {name: all_rows[name] for name in MEASURES if name in all_rows}
    return {"benchmark": "trust", "met": all(row["met"] for row in measures.values()), "measures": measures}


def table(result: Mapping[str, Any]) -> str:
    """The result file's rows in Markdown."""
    lines = ["| measure | bar | seen | n | |", "|---|---|---|---|---|"]
    for name, row in result["measures"].items():
        verdict = "" if row["met"] else "**not met**"
        lines.append(
            f"| {row['measure']} (`{name}`) | {row['bar']} | {row['seen']} | {row['n']:,} | {verdict} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure, print, write; 1 when something is not met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(MEASURES))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        print(table(json.loads((options.out or RESULT).read_text())))
        return 0
    unknown = sorted(set(options.only) - set(MEASURES))
    if unknown:
        parser.error(f"got {', '.join(unknown)}, expected some of {', '.join(MEASURES)}")
    rows = run_measures(options.only, options.share)
    out: Path | None = options.out or (RESULT if options.share == 1 else None)
    if out is not None:
        text = json.dumps(merged(out, rows), indent=2)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    return 0 if all(row["met"] for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
