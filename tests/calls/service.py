"""A whole installation as processes: Valkey, call servers, face workers, all stopped on the way out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talchum.adapters.valkey import EmbeddedValkey, embedded_valkey
from tests.network.namespaces import Namespace
from tests.network.turn_server import TurnServer

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE = 90.0  # a fresh installation compiles first, on a machine that may be busy
STOP_PATIENCE = 5.0
FIRST_PORT = 8080
PARTS = ("TALCHUM_WEB", "TALCHUM_NETWORKS", "TALCHUM_IDENTITIES")  # an installation may lie elsewhere


Program = Callable[[str, Mapping[str, str]], list[str]]
"""The command line of a process of the installation, by its name and its environment."""


class ServiceError(Exception):
    """A process of the installation did not do what a test relies on; with the end of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process of the installation. port: of a call server, else 0."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that is not enough."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass(slots=True)
class Service:
    """A running installation.

    place: the namespace it runs in, None for the machine's own network. host: the address its call servers
    listen on. first_port: of its first call server; further ones take the next. settings: further `TALCHUM_`
    environment of every process. program: what starts its processes instead of this Python.
    """

    place: Namespace | None
    directory: Path
    host: str
    store: EmbeddedValkey
    settings: Mapping[str, str]
    first_port: int = FIRST_PORT
    program: Program | None = None
    children: list[Child] = field(default_factory=list)

    @property
    def servers(self) -> list[Child]:
        """The call servers that run."""
        return self._running("server")

    @property
    def workers(self) -> list[Child]:
        """The face workers that run."""
        return self._running("worker")

    @property
    def stores(self) -> list[Child]:
        """The Valkey that runs, none while it is lost."""
        return self._running("valkey")

    def url(self, server: int = 0) -> str:
        """The address of a call server."""
        return f"http://{self.host}:{self.servers[server].port}"

    def start_server(self, settings: Mapping[str, str] | None = None, *, port: int | None = None) -> Child:
        """One more call server for the same rooms, with settings of its own; returns when it answers.

        port: of one that has died, to take its place; a new one when None.
        """
        index = sum(child.name == "server" for child in self.children)
        if port is None:
            port = self.first_port + index if self.place is not None else free_port()
        child = self._start("server", port, settings)
        deadline = time.monotonic() + START_PATIENCE
        while self._answer(port) is None:
            self._expect_running(child, deadline)
        return child

    def start_worker(
        self, settings: Mapping[str, str] | None = None, *, place: Namespace | None = None
    ) -> Child:
        """One more face worker, with settings of its own; returns when the call servers count it.

        place: another namespace than the installation's own.
        """
        before = self.health()["faceWorkers"]
        child = self._start("worker", settings=settings, place=place)
        deadline = time.monotonic() + START_PATIENCE
        while self.health()["faceWorkers"] <= before:
            self._expect_running(child, deadline)
        return child

    def lose_store(self) -> None:
        """Valkey is gone, with all it held."""
        for child in self.stores:
            child.kill()

    def start_store(self) -> None:
        """Valkey, empty; returns when it answers."""
        log = self.directory / "valkey.log"
        with log.open("ab") as output:
            process = subprocess.Popen(self.store.command, stdout=output, stderr=subprocess.STDOUT)
        child = Child("valkey", process, log)
        self.children.insert(0, child)  # the last to be stopped
        deadline = time.monotonic() + START_PATIENCE
        while not self.store.answers():
            self._expect_running(child, deadline)

    def start_recorder(self) -> Child:
        """A recorder; returns when it is ready."""
        child = self._start("recorder")
        deadline = time.monotonic() + START_PATIENCE
        while "recorder ready" not in child.log.read_text():
            self._expect_running(child, deadline)
        return child

    def health(self) -> dict[str, Any]:
        """What `GET /healthz` of the first call server says."""
        answer = self._answer(self.servers[0].port)
        if answer is None:
            raise ServiceError(f"the call server does not answer: {tail(self.servers[0].log)}")
        return answer

    def new_link(self, server: int = 0) -> str:
        """The link of a fresh room, at one of the call servers."""
        return str(self.request("/api/rooms", {}, server=server)["link"])

    def faces(self, kind: str = "synthetic") -> list[str]:
        """The names of the identities of a kind."""
        answer: Any = self.request("/api/identities")
        return [identity["name"] for identity in answer if identity["kind"] == kind]

    def request(self, path: str, body: object | None = None, *, server: int = 0) -> dict[str, Any]:
        """The JSON that a call server answers; a POST when there is a body. Raises urllib's HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        url = f"http://{self.host}:{self.servers[server].port}{path}"
        answer: dict[str, Any] = self._inside(url, data)
        return answer

    def command(self, argv: Sequence[str]) -> list[str]:
        """A command as it is run in the installation's place."""
        return list(argv) if self.place is None else self.place.command(argv)

    def environment(self) -> dict[str, str]:
        """The environment of every process of the installation."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in PARTS or not name.startswith("TALCHUM_")
        }
        return {
            **inherited,
            **{"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
            # Where there is nothing but loopback, the peers of workers and headless clients must use it.
            **({"WRTC_ALLOW_LOOPBACK": "1"} if self.host == "127.0.0.1" else {}),
            **{"TALCHUM_REDIS_URL": self.store.url, "TALCHUM_DATA": str(self.directory)},
            **self.settings,
        }

    def stop(self) -> None:
        """Ends every process, the last started first."""
        for child in reversed(self.children):
            child.stop()

    def _start(
        self,
        name: str,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        place: Namespace | None = None,
    ) -> Child:
        own = {"TALCHUM_HOST": self.host, "TALCHUM_PORT": str(port)} if name == "server" else {}
        if name == "worker":
            host = f"{self.host}:{self.servers[0].port}"
            own["TALCHUM_SERVER_URL"] = f"ws://{host}/ws"
        log = self.directory / f"{name}-{len(self.children)}.log"
        environment = {**self.environment(), **own, **(settings or {})}
        argv = [sys.executable, "-m", f"talchum.apps.{name}"]
        if self.program is not None:
            argv = self.program(name, environment)
        place = place or self.place
        with log.open("wb") as output:
            process = subprocess.Popen(
                argv if place is None else place.command(argv),
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        child = Child(name, process, log, port)
        self.children.append(child)
        return child

    def _running(self, name: str) -> list[Child]:
        return [child for child in self.children if child.name == name and child.process.poll() is None]

    def _expect_running(self, child: Child, deadline: float) -> None:
        if child.process.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(f"the {child.name} did not start: {tail(child.log)}")
        time.sleep(0.05)

    def _answer(self, port: int) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = self._inside(f"http://{self.host}:{port}/healthz", None)
        except OSError:
            return None
        return answer

    def _inside(self, url: str, data: bytes | None) -> Any:
        if self.place is None:
            return _fetch(url, data)
        return self.place.inside(_fetch, url, data)


@contextlib.contextmanager
def running_service(
    directory: Path,
    place: Namespace | None = None,
    *,
    host: str = "127.0.0.1",
    first_port: int = FIRST_PORT,
    servers: int = 1,
    workers: int = 1,
    turn: TurnServer | None = None,
    program: Program | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """An installation that answers, until the end of the block; ServiceError when a part does not start."""
    directory.mkdir(parents=True, exist_ok=True)
    store = embedded_valkey(directory)
    given = dict(settings or {})
    if turn is not None:
        given = {"TALCHUM_TURN_URLS": ",".join(turn.urls), "TALCHUM_TURN_SECRET": turn.secret, **given}
    service = Service(place, directory, host, store, given, first_port, program)
    try:
        service.start_store()
        for _ in range(servers):
            service.start_server()
        for _ in range(workers):
            service.start_worker()
        yield service
    finally:
        service.stop()


def free_port() -> int:
    """A TCP port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tail(log: Path, characters: int = 1500) -> str:
    """The end of a log."""
    return log.read_text(errors="replace")[-characters:]


def _fetch(url: str, data: bytes | None) -> Any:
    headers = {} if data is None else {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5) as answer:
        return json.load(answer)
