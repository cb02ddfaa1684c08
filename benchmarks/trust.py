"""The acceptance table of consent, disclosure and marks: what was to be shown, what was seen, how often.

    python -m benchmarks.trust [--only payload,badge] [--share 0.1] [--out benchmarks/results/trust.json]
    python -m benchmarks.trust --table

Each measure can be run alone; the result file keeps what it holds of the others, each with the commit and
the machine it was measured on. `--share` tries less often, and writes nothing unless told where to.
`--table` measures nothing and prints what the result file holds as docs/trust.md has it. Some
need root (network namespaces), `turnserver` or Chromium; one whose means are missing is said to be left out.
"""

from __future__ import annotations

import sys
from types import MappingProxyType

from benchmarks.acceptance import AcceptanceTable, Measure
from benchmarks.trust_measures.badge import measure_badge
from benchmarks.trust_measures.canary import measure_canary
from benchmarks.trust_measures.disclosure import measure_disclosure
from benchmarks.trust_measures.disk import measure_disk
from benchmarks.trust_measures.embedding import measure_embedding
from benchmarks.trust_measures.enrolment import measure_enrolments
from benchmarks.trust_measures.false_positives import measure_false_positives
from benchmarks.trust_measures.flicker import measure_flicker
from benchmarks.trust_measures.hostile_sdp import measure_hostile_sdp
from benchmarks.trust_measures.packets import measure_packets
from benchmarks.trust_measures.payload import measure_payload
from benchmarks.trust_measures.revocation import measure_revocation
from benchmarks.trust_measures.settings import measure_settings
from benchmarks.trust_measures.turn import measure_turn
from benchmarks.trust_measures.upload_bombs import measure_upload_bombs
from benchmarks.trust_measures.verification import measure_verification

TABLE = AcceptanceTable(
    "trust",
    MappingProxyType(
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
    ),
)


if __name__ == "__main__":
    sys.exit(TABLE.run(__doc__.partition("\n")[0]))
