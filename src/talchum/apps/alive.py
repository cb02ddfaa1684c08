"""Whether the process in this container does what it is for: exit status 0 when it does.

`python -m talchum.apps.alive` reads the environment of that process: a file that it touches
(`TALCHUM_LIVENESS_FILE`), else a call server's port. Redis is no part of the question: calls go on without
it, and starting call servers anew would not bring it back.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping

from talchum.adapters.liveness_file import is_alive
from talchum.apps.settings import Settings
from talchum.domain.errors import TalchumError

PATH = "/.well-known/talchum.json"
PATIENCE = 4.0


def alive(environment: Mapping[str, str]) -> bool:
    """Whether the process with this environment lives. Raises SettingsError."""
    settings = Settings.from_environment(environment, needs_redis=False)
    return is_alive(settings.liveness_file) if settings.liveness_file else _answers(settings)


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    connection = http.client.HTTPConnection(host, settings.port, timeout=PATIENCE)
    try:
        connection.request("GET", PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """0 when it lives, 1 when not, 2 when the settings cannot be read."""
    try:
        return 0 if alive(os.environ) else 1
    except TalchumError as error:
        print(f"talchum alive: {error.message}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
