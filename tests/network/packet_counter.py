"""Counts what a network namespace sends to others than those it is meant to talk to."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.network.namespaces import Namespace, find_program

_TABLE = "talchum_sent"


@dataclass(frozen=True, slots=True)
class PacketCounter:
    """Packets that left since the counting began."""

    namespace: Namespace

    def expected(self) -> int:
        """Packets to the expected addresses."""
        return self._read("expected")

    def strange(self) -> int:
        """Packets to any other address, multicast and loopback too."""
        return self._read("strange")

    def strangers(self) -> list[str]:
        """Their addresses, protocols and ports."""
        found = []
        for name in ("strangers4", "strangers6"):
            listing = json.loads(_nft(self.namespace, ["-j", "list", "set", "inet", _TABLE, name]))
            members = next(item["set"].get("elem", []) for item in listing["nftables"] if "set" in item)
            found += [" ".join(map(str, member["concat"])) for member in members]
        return found

    def _read(self, name: str) -> int:
        listing = _nft(self.namespace, ["-j", "list", "counter", "inet", _TABLE, name])
        counters = [item["counter"] for item in json.loads(listing)["nftables"] if "counter" in item]
        return int(counters[0]["packets"])


@contextlib.contextmanager
def counted_packets(namespace: Namespace, expected: Sequence[str]) -> Iterator[PacketCounter]:
    """Counts what leaves a namespace, whether or not somebody is there to receive it.

    expected: the IPv4 addresses that are talked to. What the kernel sends to find its IPv6 neighbours is not
    counted; so that nothing fails for want of a route, there is one for everything, and IPv6 is on.
    """
    rules = f"""
table inet {_TABLE} {{
  counter expected {{ }}
  counter strange {{ }}
  set strangers4 {{ type ipv4_addr . inet_proto . inet_service; flags dynamic; size 1024; }}
  set strangers6 {{ type ipv6_addr . inet_proto . inet_service; flags dynamic; size 1024; }}
  chain leaving {{
    type filter hook output priority 0
    meta l4proto icmpv6 return
    ip protocol igmp return
    ip daddr {{ {", ".join(expected)} }} counter name expected return
    counter name strange
    add @strangers4 {{ ip daddr . meta l4proto . th dport }}
    add @strangers6 {{ ip6 daddr . meta l4proto . th dport }}
  }}
}}
"""
    _nft(namespace, ["-f", "-"], rules)
    try:
        yield PacketCounter(namespace)
    finally:
        _nft(namespace, ["delete", "table", "inet", _TABLE])


def _nft(namespace: Namespace, arguments: Sequence[str], stdin: str | None = None) -> str:
    argv = namespace.command([find_program("nft") or "nft", *arguments])
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"nft failed: {done.stderr.strip()}")
    return done.stdout
