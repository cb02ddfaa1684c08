"""No level of ours makes a library talk."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

PROGRAM = """
import logging, sys
from talchum.apps.log import begin_logging
begin_logging(sys.argv[1])
for name in ("talchum.apps.leg", "__main__", "websockets.client", "httpx", "uvicorn.access", "celery"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(level, "said")
"""


def said(level: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, level], capture_output=True, text=True, check=True)
    return {line.removesuffix(": said") for line in done.stderr.splitlines()}


OTHERS = {
    f"{level} {name}" for level in ("WARNING", "ERROR") for name in ("websockets.client", "httpx", "celery")
}


@pytest.mark.parametrize(
    ("level", "own"),
    [
        ("DEBUG", {"DEBUG", "INFO", "WARNING", "ERROR"}),
        ("INFO", {"INFO", "WARNING", "ERROR"}),
        ("WARNING", {"WARNING", "ERROR"}),
        ("ERROR", {"ERROR"}),
    ],
)
def test_libraries_are_heard_from_warnings_on_and_own_code_as_set(level: str, own: set[str]) -> None:
    heard = said(level)
    assert {line.split()[0] for line in heard if line.endswith("talchum.apps.leg")} == own
    assert {line.split()[0] for line in heard if line.endswith("__main__")} == own
    libraries = {
        line for line in heard if "uvicorn" not in line and "talchum" not in line and "main" not in line
    }
    assert libraries == ({one for one in OTHERS if "ERROR" in one} if level == "ERROR" else OTHERS)
    assert not [line for line in heard if line in ("INFO uvicorn.access", "DEBUG uvicorn.access")]


STRUCTURED = """
import logging
from talchum.apps.log import begin_logging
begin_logging("INFO", "json")
logger = logging.getLogger("talchum.apps.worker")
logger.warning("a face leg was dropped: %s", "face_leg_expired")
logger.info("%s is too slow here, %d legs\\ngo on", "neural", 2)
try:
    raise ValueError("kim@example.org")
except ValueError as error:
    logger.error("a leg failed: %s", type(error).__name__, exc_info=error)
logging.getLogger("httpx").info("GET https://example.org/api/rooms/secret")
"""


def test_structured_lines_tell_events_and_codes_apart_and_keep_what_exceptions_say() -> None:
    done = subprocess.run([sys.executable, "-c", STRUCTURED], capture_output=True, text=True, check=True)
    dropped, slow, failed = (json.loads(line) for line in done.stderr.splitlines())
    assert datetime.fromisoformat(dropped.pop("time")).tzinfo is UTC
    assert dropped == {
        "level": "WARNING",
        "logger": "talchum.apps.worker",
        "event": "a face leg was dropped: %s",
        "message": "a face leg was dropped: face_leg_expired",
        "code": "face_leg_expired",
    }
    assert slow["message"] == "neural is too slow here, 2 legs\ngo on"
    assert "code" not in slow
    assert failed["error"] == "ValueError"
    assert failed["at"] == ["<string>:9 <module>"]
    assert "kim@" not in done.stderr
