"""What a process logs: what this project's own code says, and warnings of others; as text or as JSON Lines.

Libraries log what they handle. At INFO an HTTP client names the room of every request, and at DEBUG a
WebSocket writes down tickets, descriptions and addresses; no level of ours may turn that on.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

LogFormat = Literal["text", "json"]

_OWN = ("talchum", "__main__")
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""The form of the codes of `domain/errors.py` and of reasons; nothing else that is logged has it."""


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, event, message, and where there are any, code and error.

    event: the message before its values are put in, the same each time. error: an exception's type and where
    it came from, never its words, which may be anything.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": str(record.msg),
            "message": record.getMessage(),
        }
        values = record.args if isinstance(record.args, tuple) else ()
        codes = [value for value in values if isinstance(value, str) and _CODE.fullmatch(value)]
        if codes:
            said["code"] = codes[0]
        if record.exc_info and (error := record.exc_info[1]) is not None:
            frames = traceback.extract_tb(error.__traceback__)
            said["error"] = type(error).__name__
            said["at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(said, ensure_ascii=False)


def begin_logging(level: str, form: LogFormat = "text") -> None:
    """Log to stderr from now on, this project's own code from `level` on."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=max(logging.WARNING, logging.getLevelNamesMapping()[level]), handlers=[handler])
    for name in _OWN:
        logging.getLogger(name).setLevel(level)
