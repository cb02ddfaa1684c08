"""What the process that examines a video tells the call server that started it: one JSON object a line."""

from __future__ import annotations

from typing import Any

import msgspec


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far it is; `share` of what is being done, 0 to 1."""

    doing: str
    share: float


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The end. report: without what the log says. tags: every leg that anything in the video names."""

    report: dict[str, Any]
    tags: list[str]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The other end: the file cannot be examined."""

    code: str
    message: str


Said = Progress | Found | Refused
