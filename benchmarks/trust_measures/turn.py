"""To whom coturn relays, as this project configures it: the real one is asked, address by address."""

from __future__ import annotations

from benchmarks.outcome import Outcome
from benchmarks.turn_acl import GRANTED, INSIDE, RELAY, granted_peers, measure


def measure_turn(n: int) -> Outcome:
    """Every inside address `n` times, by permission and by channel."""
    granted: set[str] = set()
    ipv6 = 0
    for _ in range(n):
        table = measure()["asConfigured"]
        granted.update(granted_peers(table))
        ipv6 += table["allocation"]["ipv6"] == GRANTED
    others = sorted(granted - {RELAY})
    return Outcome(
        "TURN relays to inside addresses",
        f"{len(INSIDE)} refused with 403, 440 or 443, the relay itself granted",
        f"{len(INSIDE) - len(others)} refused, {len(others)} granted; the relay "
        + ("granted" if RELAY in granted else "refused"),
        n * 2 * len(INSIDE),
        not others and RELAY in granted and ipv6 == 0,
        {"granted": others},
    )
