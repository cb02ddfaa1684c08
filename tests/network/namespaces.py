"""Linux network namespaces as context managers: one with only loopback, and a small internet behind two NATs.

Everything is named by a random prefix, so that several runs live side by side, and is removed on the way out
whatever happened. It needs root, iproute2 and (for the NATs) nftables; `missing_requirement` says what lacks.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

from tests.network.entering import enter_namespace
from tests.network.link_emulator import Impairment, emulated_link

P = ParamSpec("P")
T = TypeVar("T")

NAMESPACES = Path("/run/netns")

NatMode = Literal["cone", "symmetric", "udp_blocked", "only_443"]

SERVER_ADDRESS = "203.0.113.10"
TURN_ADDRESS = "203.0.113.20"  # of its own, so that TURN and the web can both listen on 443


def missing_requirement(*programs: str) -> str | None:
    """Why namespaces cannot be made here, or None when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "nsenter", *programs):
        if find_program(program) is None:
            return f"{program} is not installed"
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return None if probe.returncode == 0 else "this kernel or container refuses network namespaces"


def find_program(name: str) -> str | None:
    """The path of a program, looking in the administrators' directories too."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace that exists."""

    name: str

    @property
    def path(self) -> Path:
        """The file that stands for it."""
        return NAMESPACES / self.name

    def command(self, argv: Sequence[str]) -> list[str]:
        """The same command, run inside; the process id is that of the command itself."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def inside(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns when called inside; sockets it opens stay there. Blocks."""
        results: list[T] = []
        errors: list[BaseException] = []

        def enter_and_call() -> None:
            try:
                enter_namespace(self.path)
                results.append(function(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread
                errors.append(error)

        # A namespace belongs to a thread: one that dies afterwards need not find its way back.
        thread = threading.Thread(target=enter_and_call, name=f"inside-{self.name}")
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]


@contextlib.contextmanager
def loopback_namespace() -> Iterator[Namespace]:
    """A namespace whose only network is 127.0.0.1 and ::1."""
    with _namespace(f"tc{secrets.token_hex(3)}") as namespace:
        yield namespace


@contextlib.contextmanager
def addressed_namespace(address: str = "192.0.2.2") -> Iterator[Namespace]:
    """A namespace with loopback, one address and a default route that leads nowhere.

    Firefox gathers no candidates where there is only loopback.
    """
    prefix = f"tc{secrets.token_hex(3)}"
    with _namespace(f"{prefix}-host") as host, _namespace(f"{prefix}-out") as outside:
        _veth(host, "eth0", outside, "eth0")
        gateway = address.rsplit(".", 1)[0] + ".1"
        _ip(outside, "addr", "add", f"{gateway}/24", "dev", "eth0")
        _ip(host, "addr", "add", f"{address}/24", "dev", "eth0")
        _ip(host, "route", "add", "default", "via", gateway)
        yield host


@dataclass(frozen=True, slots=True)
class SmallInternet:
    """Two hosts behind a NAT each, and a server with two public addresses.

    host_a 10.1.0.2 -- nat_a 203.0.113.11 --+
                                            +-- wan -- server 203.0.113.10 and .20
    host_b 10.2.0.2 -- nat_b 203.0.113.12 --+
    """

    server: Namespace
    nat_a: Namespace
    nat_b: Namespace
    host_a: Namespace
    host_b: Namespace


@contextlib.contextmanager
def small_internet(
    mode: NatMode, *, link_a: Impairment | None = None, link_b: Impairment | None = None
) -> Iterator[SmallInternet]:
    """A server, two NATs and two hosts.

    mode: what both NATs do. `cone` keeps a port for a source (hole punching works), `symmetric` takes a
    random one for each destination (RFC 4787 4.1), `udp_blocked` passes no UDP, `only_443` only TCP to 443.
    link_a, link_b: what the line between host and NAT does to packets, each way; None for a perfect one.
    """
    prefix = f"tc{secrets.token_hex(3)}"
    with contextlib.ExitStack() as stack:
        wan, server, nat_a, nat_b, host_a, host_b = (
            stack.enter_context(_namespace(f"{prefix}-{name}"))
            for name in ("wan", "srv", "na", "nb", "ha", "hb")
        )
        _ip(wan, "link", "add", "br0", "type", "bridge")
        _ip(wan, "link", "set", "br0", "up")
        for port, (namespace, addresses) in enumerate(
            (
                (server, (SERVER_ADDRESS, TURN_ADDRESS)),
                (nat_a, ("203.0.113.11",)),
                (nat_b, ("203.0.113.12",)),
            )
        ):
            _veth(wan, f"port{port}", namespace, "wan0")
            _ip(wan, "link", "set", f"port{port}", "master", "br0")
            for address in addresses:
                _ip(namespace, "addr", "add", f"{address}/24", "dev", "wan0")
        for nat, host, network, impairment in (
            (nat_a, host_a, "10.1.0", link_a),
            (nat_b, host_b, "10.2.0", link_b),
        ):
            if impairment is None:
                _veth(nat, "lan0", host, "eth0")
            else:
                stack.enter_context(emulated_link((nat.path, "lan0"), (host.path, "eth0"), impairment))
                _ip(nat, "link", "set", "lan0", "up")
                _ip(host, "link", "set", "eth0", "up")
            _ip(nat, "addr", "add", f"{network}.1/24", "dev", "lan0")
            _ip(host, "addr", "add", f"{network}.2/24", "dev", "eth0")
            _ip(host, "route", "add", "default", "via", f"{network}.1")
            _translate(nat, mode)
        yield SmallInternet(server, nat_a, nat_b, host_a, host_b)


def _translate(nat: Namespace, mode: NatMode) -> None:
    nat.inside(Path("/proc/sys/net/ipv4/ip_forward").write_text, "1")
    randomly = "fully-random" if mode == "symmetric" else ""
    blocked = {
        "cone": "",
        "symmetric": "",
        "udp_blocked": 'iifname "lan0" meta l4proto udp drop',
        "only_443": 'iifname "lan0" meta l4proto udp drop\niifname "lan0" tcp dport != 443 drop',
    }[mode]
    # Without the input rule the kernel answers a stranger's packet itself, and the entry it makes
    # for that takes the very port which hole punching is about to use.
    rules = f"""
table ip talchum {{
  chain translate {{
    type nat hook postrouting priority 100
    oifname "wan0" masquerade {randomly}
  }}
  chain arriving {{
    type filter hook input priority 0
    iifname "wan0" ct state new drop
  }}
  chain passing {{
    type filter hook forward priority 0
    policy drop
    ct state established,related accept
    {blocked}
    iifname "lan0" accept
  }}
}}
"""
    _run([*nat.command([find_program("nft") or "nft"]), "-f", "-"], rules)


@contextlib.contextmanager
def _namespace(name: str) -> Iterator[Namespace]:
    _run(["ip", "netns", "add", name])
    namespace = Namespace(name)
    try:
        # IPv4 only: the figures of a test should not depend on which family wins the race.
        namespace.inside(Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text, "1")
        _ip(namespace, "link", "set", "lo", "up")
        yield namespace
    finally:
        _end_processes(namespace)
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _end_processes(namespace: Namespace, *, patience: float = 2.0) -> None:
    """Ends what still runs inside, politely first: a namespace lives as long as its last process."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        for process in _processes(namespace):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal_number)
        while _processes(namespace) and time.monotonic() < deadline:
            time.sleep(0.05)


def _processes(namespace: Namespace) -> list[int]:
    listing = subprocess.run(
        ["ip", "netns", "pids", namespace.name], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listing.stdout.split()]


def _veth(first: Namespace, first_name: str, second: Namespace, second_name: str) -> None:
    _ip(
        first,
        *("link", "add", first_name, "type", "veth", "peer", "name", second_name),
        *("netns", second.name),
    )
    _ip(first, "link", "set", first_name, "up")
    _ip(second, "link", "set", second_name, "up")


def _ip(namespace: Namespace, *arguments: str) -> None:
    _run(["ip", "-n", namespace.name, *arguments])


def _run(argv: Sequence[str], stdin: str | None = None) -> None:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed: {done.stderr.strip()}")
