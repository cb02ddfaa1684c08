"""To whom does coturn relay, as this project configures it? Asks the real one, address by address.

    sudo python -m benchmarks.turn_acl [--out benchmarks/results/turn_acl.json]

The bar: every inside address is refused, and IPv6 altogether, while the relay's own address, where both sides
of a call may be, is granted. A second table is of the same list on a relay that has IPv6, which is not how
the project starts it. Needs root, for a network namespace, and `turnserver`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import ipaddress
import json
import os
import secrets
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine
from talchum.adapters.coturn import USER_QUOTA, find_coturn, prepare_coturn
from talchum.adapters.turn_credentials import TurnCredentials
from tests.network.namespaces import Namespace, addressed_namespace

RELAY = "192.0.2.2"
RELAY_IPV6 = "2001:db8:5::2"
SECRET = "a secret for this probe"
PORT = 3478

INSIDE = (
    *("127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1"),
    *("2001::1", "2001:db8::1", "2002:a00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1"),
)
"""What nobody may have relayed to: special addresses (RFC 6890, IANA's registries), as IPv6 too."""

GRANTED = 200
REFUSED = frozenset({403, 440, 443})
"""Forbidden; address family not supported; peer address family mismatch (RFC 8656 18.13)."""

_COOKIE = 0x2112A442
_ALLOCATE, _CREATE_PERMISSION, _CHANNEL_BIND = 0x3, 0x8, 0x9
_USERNAME, _INTEGRITY, _ERROR_CODE, _CHANNEL, _PEER = 0x6, 0x8, 0x9, 0xC, 0x12
_REALM, _NONCE, _FAMILY, _TRANSPORT = 0x14, 0x15, 0x17, 0x19
IPV4, IPV6 = 1, 2
_UDP, _TCP = 17, 6


@dataclass(slots=True)
class TurnClient:
    """Speaks TURN (RFC 8656) over UDP with a long-term credential; one request after the other."""

    server: tuple[str, int]
    username: str
    password: str
    realm: bytes = b""
    nonce: bytes = b""
    socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def allocate(self, family: int = IPV4, transport: int = _UDP) -> int:
        """The code of an allocation's answer, `GRANTED` for a success."""
        wanted = [(_TRANSPORT, bytes([transport, 0, 0, 0])), (_FAMILY, bytes([family, 0, 0, 0]))]
        self._ask(_ALLOCATE, wanted, signed=False)  # answers 401 with realm and nonce
        return self._ask(_ALLOCATE, wanted)

    def permit(self, address: str) -> int:
        """The code of a permission's answer."""
        return self._ask(_CREATE_PERMISSION, [(_PEER, address)])

    def bind(self, address: str, channel: int) -> int:
        """The code of a channel's answer; it is another way to a permission."""
        return self._ask(_CHANNEL_BIND, [(_CHANNEL, struct.pack("!HH", channel, 0)), (_PEER, address)])

    def _ask(self, method: int, attributes: Sequence[tuple[int, bytes | str]], *, signed: bool = True) -> int:
        transaction = secrets.token_bytes(12)
        body = b"".join(
            _attribute(kind, _xored(value, transaction) if isinstance(value, str) else value)
            for kind, value in attributes
        )
        if signed:
            for kind, value in (
                (_USERNAME, self.username.encode()),
                (_REALM, self.realm),
                (_NONCE, self.nonce),
            ):
                body += _attribute(kind, value)
            key = hashlib.md5(
                b":".join((self.username.encode(), self.realm, self.password.encode())),
                usedforsecurity=False,
            ).digest()
            head = struct.pack("!HHI", method, len(body) + 24, _COOKIE) + transaction
            body += _attribute(_INTEGRITY, hmac.digest(key, head + body, "sha1"))
        request = struct.pack("!HHI", method, len(body), _COOKIE) + transaction + body
        answer = self._exchange(request, transaction)
        self.realm, self.nonce = answer.get(_REALM, self.realm), answer.get(_NONCE, self.nonce)
        error = answer.get(_ERROR_CODE)
        return GRANTED if error is None else error[2] * 100 + error[3]

    def _exchange(self, request: bytes, transaction: bytes) -> Mapping[int, bytes]:
        self.socket.settimeout(1.0)
        for _ in range(5):
            self.socket.sendto(request, self.server)
            with contextlib.suppress(TimeoutError):
                while (answer := self.socket.recv(4096))[8:20] != transaction:
                    continue
                return _parsed(answer[20:])
        raise TimeoutError("got no answer from the TURN server")


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _xored(address: str, transaction: bytes) -> bytes:
    """An XOR-PEER-ADDRESS (RFC 8489 14.2), port 9."""
    packed = ipaddress.ip_address(address).packed
    pad = struct.pack("!I", _COOKIE) + transaction
    family = IPV4 if len(packed) == 4 else IPV6
    port = 9 ^ (_COOKIE >> 16)
    return struct.pack("!BBH", 0, family, port) + bytes(a ^ b for a, b in zip(packed, pad, strict=False))


def _parsed(body: bytes) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        found.setdefault(kind, body[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    return found


def probe(server: tuple[str, int], secret: str, allowed: str, *, family: int = IPV4) -> dict[str, Any]:
    """What a TURN server answers to a holder of credentials: codes by address, `GRANTED` where it relays.

    allowed: the one inside address it is meant to relay to. family: of the allocation that asks.
    """
    with contextlib.ExitStack() as stack:

        def client(*, now: float | None = None, password: str | None = None) -> TurnClient:
            issue = TurnCredentials((f"turn:{server[0]}",), secret).issue
            [held] = issue("probe", server[0], time.time() if now is None else now)
            made = TurnClient(server, held.username, password or held.credential)
            stack.callback(made.socket.close)
            return made

        asking = client()
        allocation = {
            "asking": asking.allocate(family),
            "ipv6": client().allocate(IPV6),
            "tcp": client().allocate(transport=_TCP),
            "wrongPassword": client(password="another password").allocate(),
            "elevenMinutesOld": client(now=time.time() - 660).allocate(),
        }
        addresses = [*INSIDE, allowed]
        permission = {address: asking.permit(address) for address in addresses}
        numbered = enumerate(addresses, 0x4000)
        channel = {address: asking.bind(address, number) for number, address in numbered}
        answers = {client().allocate(family) for _ in range(USER_QUOTA)}
        allocation["overQuota"] = max(answers)
    return {"allocation": allocation, "permission": permission, "channel": channel}


@contextlib.contextmanager
def own_coturn(
    namespace: Namespace, directory: Path, *, with_ipv6: bool = False
) -> Iterator[tuple[str, int]]:
    """coturn in a namespace, in the shape that `talchum up` gives it where others reach it.

    with_ipv6: relay from an IPv6 address too, which that shape does not.
    """
    executable = find_coturn()
    if executable is None:
        raise RuntimeError("turnserver is not installed")
    prepared = prepare_coturn(executable, directory, port=PORT, addresses=["127.0.0.1", RELAY], secret=SECRET)
    if with_ipv6:
        namespace.inside(Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text, "0")
        address = ["addr", "add", f"{RELAY_IPV6}/64", "dev", "eth0", "nodad"]
        subprocess.run(["ip", "-n", namespace.name, "-6", *address], check=True)
        with Path(prepared.command[-1]).open("a") as configuration:
            configuration.write(f"relay-ip={RELAY_IPV6}\n")
    process = subprocess.Popen(
        namespace.command(prepared.command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10.0
        while not namespace.inside(_answers, (RELAY, PORT)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("turnserver did not start")
            time.sleep(0.05)
        yield RELAY, PORT
    finally:
        process.terminate()
        process.wait(10)


def granted_peers(table: Mapping[str, Any]) -> list[str]:
    """The addresses that a permission or a channel was given for; every other answer must be a refusal."""
    granted = set()
    for way in ("permission", "channel"):
        for address, code in table[way].items():
            if code == GRANTED:
                granted.add(address)
            elif code not in REFUSED:
                raise ValueError(f"got {code} for {address}, expected {GRANTED} or a refusal")
    return sorted(granted)


def _answers(server: tuple[str, int]) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(server) == 0


def measure() -> dict[str, Any]:
    """The tables for coturn as this project configures it, and for the same list on an IPv6 relay."""
    tables = {}
    for name, with_ipv6 in (("asConfigured", False), ("withIpv6Relay", True)):
        with (
            addressed_namespace(RELAY) as namespace,
            tempfile.TemporaryDirectory() as directory,
            own_coturn(namespace, Path(directory), with_ipv6=with_ipv6) as server,
        ):
            family, allowed = (IPV6, "2606:4700::1111") if with_ipv6 else (IPV4, RELAY)
            tables[name] = namespace.inside(probe, server, SECRET, allowed, family=family)
    return tables


def main() -> None:
    """Print the table, and write it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("network namespaces need root")
    tables = measure()
    granted = {name: granted_peers(table) for name, table in tables.items()}
    result = {"commit": commit(), "machine": describe_machine(), "granted": granted, **tables}
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if options.out is not None:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
