"""How fast the clients of a call server may ask for something, each by its address."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from talchum.domain.errors import MessageError
from talchum.protocol.admission import RateLimit

MAX_CLIENTS = 4096


@dataclass(slots=True)
class ClientLimits:
    """Kept in memory only, the least recent client forgotten first. rate: per second, beyond `burst`."""

    rate: float
    burst: float
    limits: OrderedDict[str, RateLimit] = field(default_factory=OrderedDict)

    def expect(self, client: str, now: float) -> None:
        """Count a request. Raises MessageError (`rate_limited`)."""
        limit = self.limits.setdefault(client, RateLimit(self.rate, self.burst))
        self.limits.move_to_end(client)
        if len(self.limits) > MAX_CLIENTS:
            self.limits.popitem(last=False)
        if not limit.allows(now):
            raise MessageError(
                f"got too many requests, expected at most {self.rate * 60:.0f} a minute",
                code="rate_limited",
                retryable=True,
            )
