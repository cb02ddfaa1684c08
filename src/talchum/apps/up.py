"""`talchum up`: the whole service on one machine, by one command.

Starts Valkey on a unix socket, a call server, face workers, a recorder, a trainer where PyTorch is installed
and, where `turnserver` is, coturn with a generated secret. It listens on loopback unless told otherwise.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from talchum.adapters.certificates import self_signed
from talchum.adapters.coturn import find_coturn, prepare_coturn
from talchum.adapters.network_addresses import free_port, is_loopback, lan_addresses, port_is_free
from talchum.adapters.supervisor import ChildSpec, Supervisor
from talchum.adapters.valkey import EmbeddedValkey, embedded_valkey
from talchum.domain.errors import SettingsError

TURN_PORT = 3478
POLL_INTERVAL = 0.05
SLOW_START = 20.0


def default_data_directory() -> Path:
    """Where state lies unless `--data` says otherwise (XDG Base Directory)."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "talchum"


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `talchum up` was asked for. host: None for loopback, or for all addresses with `https`."""

    port: int = 8080
    host: str | None = None
    https: bool = False
    public_url: str = ""
    data: Path = field(default_factory=default_data_directory)
    face_workers: int = 1

    @property
    def listening_host(self) -> str:
        """The address to listen on."""
        return self.host or ("0.0.0.0" if self.https else "127.0.0.1")

    @property
    def scheme(self) -> str:
        """The scheme of the links."""
        return "https" if self.https else "http"


@dataclass(frozen=True, slots=True)
class _Installation:
    """Everything that was decided before the first child starts.

    internal_port: 0 without TLS. trains: whether faces can be learned here.
    """

    options: UpOptions
    environment: Mapping[str, str]
    valkey: EmbeddedValkey | None
    coturn: tuple[str, ...] | None
    internal_port: int
    trains: bool


def run(options: UpOptions, out: TextIO = sys.stdout) -> int:
    """Run until Ctrl-C, SIGTERM or the end of the terminal; returns the exit status. Raises SettingsError."""

    def say(line: str) -> None:
        with suppress(BrokenPipeError):  # nobody reads any more, and the service goes on
            print(line, file=out, flush=True)

    if options.port == 0:
        options = replace(options, port=free_port())
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(options.data):
        asyncio.run(_run(_prepare(options, os.environ, say), say))
    return 0


async def _run(installation: _Installation, say: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    async with Supervisor(say).running() as supervisor:
        start = asyncio.create_task(_start(supervisor, installation, say))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await stopped
        else:
            start.cancel()
        say("Stopping.")
    if installation.valkey is not None:
        installation.valkey.clean()


async def _start(supervisor: Supervisor, installation: _Installation, say: Callable[[str], None]) -> None:
    options, environments = installation.options, own_environments(installation.environment)
    if installation.valkey is not None:
        supervisor.start(ChildSpec("valkey", installation.valkey.command, quiet=True, outlives=True))
    if installation.coturn is not None:
        supervisor.start(ChildSpec("coturn", installation.coturn, quiet=True))
    supervisor.start(ChildSpec("server", (sys.executable, "-m", "talchum.apps.server"), next(environments)))
    worker = (sys.executable, "-m", "talchum.apps.worker")
    for number in range(1, options.face_workers + 1):
        supervisor.start(ChildSpec(f"worker {number}", worker, next(environments)))
    await _until_ready(installation, say)
    recorder = (sys.executable, "-m", "talchum.apps.recorder")
    supervisor.start(ChildSpec("recorder", recorder, next(environments)))
    if installation.trains:  # it comes last, so that calls need not wait for it
        trainer = (sys.executable, "-m", "talchum.apps.trainer")
        supervisor.start(ChildSpec("trainer", trainer, next(environments)))
    _announce(installation, say)


def own_environments(environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """One for each child: measurements are had at the port that is set, then at those that follow."""
    address = environment.get("TALCHUM_METRICS_ADDRESS", "")
    host, _, port = address.rpartition(":")
    for number in count():
        if not port.isdigit() or port == "0":
            yield environment
        else:
            yield {**environment, "TALCHUM_METRICS_ADDRESS": f"{host}:{int(port) + number}"}


async def _until_ready(installation: _Installation, say: Callable[[str], None]) -> None:
    options = installation.options
    port = installation.internal_port or options.port
    host = options.listening_host if not installation.internal_port else "127.0.0.1"
    complain_at = time.monotonic() + SLOW_START
    while True:
        health = await _health(
            "127.0.0.1" if host in ("0.0.0.0", "") else "::1" if host == "::" else host, port
        )
        if health is not None and (health["faceWorkers"] > 0 or not options.face_workers):
            return
        if time.monotonic() > complain_at:
            missing = "the call server does not answer" if health is None else "no face worker is ready"
            say(f"Still starting: {missing}. `talchum doctor` says what may be missing.")
            complain_at = float("inf")
        await asyncio.sleep(POLL_INTERVAL)


async def _health(host: str, port: int) -> dict[str, Any] | None:
    """What `GET /healthz` says, None while it does not answer 200."""
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answer = await reader.read(65536)
            finally:
                writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        health: dict[str, Any] = json.loads(body)
    except (OSError, TimeoutError, ValueError):
        return None
    return health if b" 200 " in head.partition(b"\r\n")[0] + b" " else None


def _announce(installation: _Installation, say: Callable[[str], None]) -> None:
    options = installation.options
    say(f"Ready on {options.scheme}://localhost:{options.port}")
    if installation.trains:
        token = installation.environment["TALCHUM_OPERATOR_TOKEN"]
        say(f"Training: {options.scheme}://localhost:{options.port}/train/#{token}")
    if is_loopback(options.listening_host):
        return
    links = [f"{options.scheme}://{address}:{options.port}/" for address in lan_addresses()]
    for link in links:
        say(f"On this network: {link}")
    if options.https and links:
        say("The certificate is this machine's own: a browser asks once whether to go on.")
        say(qr_code(options.public_url or links[0], terminal=sys.stdout.isatty()))
    elif not options.https:
        say("Other devices get no camera without https: use --https, or a proxy that has a certificate.")


def qr_code(text: str, *, terminal: bool) -> str:
    """A QR code in half blocks; in a terminal black on white, whatever its own colours are."""
    import qrcode  # type: ignore[import-untyped]

    code = qrcode.QRCode(border=2, error_correction=qrcode.ERROR_CORRECT_L)
    code.add_data(text)
    picture = io.StringIO()
    code.print_ascii(out=picture)
    lines = picture.getvalue().rstrip("\n").split("\n")
    return "\n".join(f"\x1b[30;107m{line}\x1b[0m" if terminal else line for line in lines)


def _prepare(options: UpOptions, environment: Mapping[str, str], say: Callable[[str], None]) -> _Installation:
    host = options.listening_host
    if not port_is_free(host, options.port):
        raise SettingsError(
            f"port {options.port} is in use, expected a free one: try --port", code="port_in_use"
        )
    own: dict[str, str] = {
        "TALCHUM_HOST": host,
        "TALCHUM_PORT": str(options.port),
        "TALCHUM_DATA": str(options.data.resolve()),
        "TALCHUM_OPERATOR_TOKEN": environment.get("TALCHUM_OPERATOR_TOKEN") or operator_token(options.data),
    }
    if options.public_url:
        own["TALCHUM_PUBLIC_URL"] = options.public_url
    valkey = None
    if not environment.get("TALCHUM_REDIS_URL"):
        valkey = embedded_valkey(options.data)
        own["TALCHUM_REDIS_URL"] = valkey.url
    internal_port = 0
    if options.https:
        names = ["localhost", socket.gethostname(), "127.0.0.1", *lan_addresses()]
        files = self_signed(options.data, names)
        internal_port = free_port()
        own["TALCHUM_TLS_CERTIFICATE"], own["TALCHUM_TLS_KEY"] = str(files.certificate), str(files.key)
        own["TALCHUM_INTERNAL_PORT"] = str(internal_port)
    coturn = _prepare_coturn(options, environment, own, say)
    trains = find_spec("torch") is not None  # looked for, not imported: that takes seconds
    return _Installation(options, {**environment, **own}, valkey, coturn, internal_port, trains)


def operator_token(data: Path) -> str:
    """The token of a data directory's operator, made once; only its owner may read it."""
    path = data / "operator-token"
    if path.exists() and (token := path.read_text().strip()):
        return token
    token = secrets.token_urlsafe(24)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    part.replace(path)
    return token


def _prepare_coturn(
    options: UpOptions, environment: Mapping[str, str], own: dict[str, str], say: Callable[[str], None]
) -> tuple[str, ...] | None:
    if environment.get("TALCHUM_TURN_URLS"):
        return None  # there is one elsewhere
    executable = find_coturn()
    if executable is None:
        say("No turnserver found: calls that need a relay will fail. Install coturn (apt install coturn).")
        return None
    addresses = ["127.0.0.1"]
    if not is_loopback(options.listening_host):
        wanted = options.listening_host
        addresses += lan_addresses() if wanted in ("0.0.0.0", "::") else [wanted]
    free = all(
        port_is_free(address, TURN_PORT, kind)
        for address in addresses
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    )
    port = TURN_PORT if free else free_port()
    secret = secrets.token_urlsafe(32)
    coturn = prepare_coturn(executable, options.data.resolve(), port=port, addresses=addresses, secret=secret)
    own["TALCHUM_TURN_SECRET"], own["TALCHUM_TURN_URLS"] = secret, ",".join(coturn.urls)
    return coturn.command


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data directory; the lock goes with the process, however it ends."""
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                "another talchum up uses this data directory, expected one each: try --data",
                code="data_in_use",
            ) from error
        yield
