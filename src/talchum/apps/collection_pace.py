"""How often a process that runs for long looks through what lives for what is no longer needed.

With Python's own thresholds every full collection walks all that lives and stands still for it: 0.3 to 0.7 s
were seen in a call server while 5,000 sockets were opened. A face worker has 165,000 objects before its first
leg: 0.07 s in which every leg would wait, and half a second when the process ends.
"""

from __future__ import annotations

import gc

COLLECT_AFTER = (50_000, 50, 100)
"""Python collects after 700 new objects, and everything after 70,000; a socket is some hundred of them."""


def pace_collection() -> None:
    """Leave what has been made so far alone for good, and look through what comes less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
