"""What a process logs: what this project's own code says, and warnings of others.

Libraries log what they handle. At INFO an HTTP client names the room of every request, and at DEBUG a
WebSocket writes down tickets, descriptions and addresses; no level of ours may turn that on.
"""

from __future__ import annotations

import logging

_OWN = ("talchum", "__main__")


def begin_logging(level: str) -> None:
    """Log to stderr from now on, this project's own code from `level` on."""
    logging.basicConfig(
        level=max(logging.WARNING, logging.getLevelNamesMapping()[level]),
        format="%(levelname)s %(name)s: %(message)s",
    )
    for name in _OWN:
        logging.getLogger(name).setLevel(level)
