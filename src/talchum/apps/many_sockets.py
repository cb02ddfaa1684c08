"""What a process sets for itself so that thousands of sockets wait for nothing.

With Python's own thresholds every full collection walks all that lives and stands still for it: 0.3 to 0.7 s
were seen while 5,000 sockets were opened.
"""

from __future__ import annotations

import gc
import logging
import resource

logger = logging.getLogger(__name__)

COLLECT_AFTER = (50_000, 50, 100)
"""Python collects after 700 new objects, and everything after 70,000; a socket is some hundred of them."""


def pace_collection() -> None:
    """Leave what has been made so far alone for good, and look through what comes less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def allow_files() -> None:
    """Let this process open as many files as it may: each socket is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:  # some systems allow fewer than they say
        logger.warning("at most %d files can be open: %s", soft, type(error).__name__)
