"""coturn in the shape that is fit for the open: time-limited credentials, quotas, and no way inwards.

A TURN server relays to whatever address a client names, so without a list of denied peers it is a door to the
networks behind it. IPv4-mapped IPv6 addresses are denied too: coturn 4.6 checks them against IPv6 rules only
(CVE-2026-27624).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DENIED_PEERS = (
    "0.0.0.0-0.255.255.255",
    "10.0.0.0-10.255.255.255",
    "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255",
    "169.254.0.0-169.254.255.255",
    "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255",
    "192.0.2.0-192.0.2.255",
    "192.88.99.0-192.88.99.255",
    "192.168.0.0-192.168.255.255",
    "198.18.0.0-198.19.255.255",
    "198.51.100.0-198.51.100.255",
    "203.0.113.0-203.0.113.255",
    "224.0.0.0-255.255.255.255",
    # IPv6 is not relayed to at all; these are for a coturn of one's own that has it. Not `::-::1`: coturn 4.6
    # takes that for every IPv4 address.
    "::1",
    "::ffff:0:0-::ffff:ffff:ffff",
    "64:ff9b::-64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "100::-100::ffff:ffff:ffff:ffff",
    "2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
"""Special addresses (IANA's registries): private, shared, link-local, for documents, tunnels, groups."""

USER_QUOTA = 32
"""Allocations of one credential: a few peer connections, on each network interface, over UDP and TCP."""

TOTAL_QUOTA = 1200


@dataclass(frozen=True, slots=True)
class Coturn:
    """How to start coturn, and the addresses that clients get; ``{host}`` is the name they reached us by."""

    command: tuple[str, ...]
    urls: tuple[str, ...]


def find_coturn() -> str | None:
    """The path of `turnserver`, None when it is not installed."""
    return shutil.which("turnserver")


def prepare_coturn(
    executable: str, directory: Path, *, port: int, addresses: Sequence[str], secret: str
) -> Coturn:
    """Write coturn's configuration, readable by its owner only since it holds the secret.

    addresses: IPv4 addresses to listen on, loopback first; the last one relays.
    """
    path = directory / "turnserver.conf"
    path.touch(mode=0o600)
    path.write_text(coturn_configuration(directory, port=port, addresses=addresses, secret=secret))
    urls = [f"turn:{{host}}:{port}?transport=udp", f"turn:{{host}}:{port}?transport=tcp"]
    if not _only_loopback(addresses):
        urls.insert(0, f"stun:{{host}}:{port}")
    return Coturn((executable, "-c", str(path)), tuple(urls))


def coturn_configuration(directory: Path, *, port: int, addresses: Sequence[str], secret: str) -> str:
    """The text of ``turnserver.conf``."""
    relay = addresses[-1]
    lines = [
        f"listening-port={port}",
        *(f"listening-ip={address}" for address in addresses),
        f"relay-ip={relay}",
        "min-port=49160",
        "max-port=49999",
        "fingerprint",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        "realm=talchum",
        f"user-quota={USER_QUOTA}",
        f"total-quota={TOTAL_QUOTA}",
        "stale-nonce=600",
        # Browsers do not take a self-signed certificate for TURN; a coturn of one's own can have a real one.
        "no-tls",
        "no-dtls",
        "no-cli",
        "no-tcp-relay",
        "no-multicast-peers",
        "no-software-attribute",
        *(f"denied-peer-ip={peers}" for peers in DENIED_PEERS),
        # Both sides of a call may need the relay, and then each one's peer is the relay itself.
        f"allowed-peer-ip={relay}",
        "simple-log",
        "log-file=stdout",
        f"pidfile={directory / 'turnserver.pid'}",
        f"userdb={directory / 'turnserver.sqlite'}",
    ]
    if _only_loopback(addresses):
        # Where nothing but this machine can reach us, its own peers are on loopback and are all there is.
        # Anywhere else this would open the machine's private services to everyone with a call link.
        lines.append("allow-loopback-peers")
    return "\n".join(lines) + "\n"


def _only_loopback(addresses: Sequence[str]) -> bool:
    return all(address.startswith("127.") for address in addresses)
