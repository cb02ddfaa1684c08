"""What a request brings in JSON."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from quart import request

from talchum.domain.errors import MessageError

Body = TypeVar("Body")


async def body_of(kind: type[Body], expected: str, *, empty: Body | None = None) -> Body:
    """The request's JSON. empty: what no body at all means. Raises MessageError (`malformed_message`)."""
    raw = await request.get_data()
    if empty is not None and not raw.strip():
        return empty
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise MessageError(f"got a body that is not {expected}") from error
