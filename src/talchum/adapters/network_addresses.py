"""The addresses by which other devices on the same network reach this machine."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address

from talchum.protocol.worker_candidates import plain_address

logger = logging.getLogger(__name__)


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine other than loopback, the one of the default route first.

    Nothing is sent: connecting a UDP socket only asks the kernel which address it would use.
    """
    found: dict[str, None] = {}
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # RFC 5737, an address that belongs to nobody
        found[probe.getsockname()[0]] = None
    with suppress(OSError):
        for *_, address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET):
            found[str(address[0])] = None
    return [address for address in found if not ip_address(address).is_loopback]


async def addresses_of(hosts: Iterable[str]) -> frozenset[str]:
    """The literal addresses that names stand for now; a name that has none is left out."""
    found: set[str] = set()
    for host in hosts:
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):  # no such name, or none that can be asked for
            logger.warning("a server's name has no address")
            continue
        found.update(plain_address(str(address[0]).partition("%")[0]) for *_, address in answers)
    return frozenset(found)


def is_loopback(host: str) -> bool:
    """Whether listening on `host` is listening to this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def port_is_free(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
