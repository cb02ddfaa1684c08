"""What a process sets for itself so that it may hold thousands of sockets."""

from __future__ import annotations

import logging
import resource

logger = logging.getLogger(__name__)


def allow_files() -> None:
    """Let this process open as many files as it may: each socket is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:  # some systems allow fewer than they say
        logger.warning("at most %d files can be open: %s", soft, type(error).__name__)
