"""How the call server answers in JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from quart import Response


def json_answer(value: Any, status: int = 200) -> Response:
    """A value as JSON that nobody keeps."""
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(value), status, headers, content_type="application/json")
