"""`OnceStore` without a store; tests/adapters/test_once_store.py holds both to the same."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass
class OnceDouble:
    """kept: emptied, every token is too old."""

    kept: dict[str, bytes] = field(default_factory=dict)

    async def put(self, value: bytes, lifetime: int) -> str:
        token = secrets.token_urlsafe(32)
        self.kept[token] = value
        return token

    async def take(self, token: str) -> bytes | None:
        return self.kept.pop(token, None)
