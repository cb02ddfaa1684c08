"""How a worker's process begins and ends: settings in, an exit status and one line on stderr out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from talchum.adapters.core_dumps import forbid_core_dumps
from talchum.apps.settings import Settings
from talchum.domain.errors import TalchumError


def run_process(run: Callable[[Settings], int]) -> NoReturn:
    """Run with the environment's settings and exit with what it says; 1 for an error of the project.

    The process never dumps its memory.
    """
    forbid_core_dumps()
    try:
        sys.exit(run(Settings.from_environment(os.environ)))
    except TalchumError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        sys.exit(1)
