"""The web application's own class: Quart's, but for what it logs of a request that failed."""

from __future__ import annotations

import logging
from types import TracebackType

from quart import Quart

logger = logging.getLogger(__name__)


class Application(Quart):
    """Logs an unexpected exception without the request's path, which may hold the room of a call's link."""

    def log_exception(
        self,
        exception_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """The exception with where it was raised; the answer is 500 all the same."""
        logger.error("a request failed", exc_info=exception_info)
