"""Training as it is, but of networks too small to be worn well, and with leases that end soon.

``python -m tests.apps.small_training`` is a trainer; with a job and an owner it is one attempt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

LEASE_SECONDS = 2.0


def command(job: str, owner: str) -> Sequence[str]:
    return (sys.executable, "-m", "tests.apps.small_training", job, owner)


def train() -> None:
    from talchum.apps.settings import Settings
    from talchum.apps.trainer import run

    sys.exit(run(Settings.from_environment(os.environ), command=command, lease_seconds=LEASE_SECONDS))


def attempt() -> None:
    from talchum.apps.training_attempt import main
    from tests.training.performances import few_steps

    main(few_steps)


if __name__ == "__main__":
    attempt() if len(sys.argv) > 1 else train()
