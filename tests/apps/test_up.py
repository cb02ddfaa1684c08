"""`talchum up` as it is used: started, asked, hurt and stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from talchum.adapters.network_addresses import free_port, lan_addresses
from talchum.apps.up import UpOptions, operator_token, own_environments, qr_code, run
from talchum.domain.errors import SettingsError
from tests.network.namespaces import find_program

SRC = Path(__file__).resolve().parents[2] / "src"
PATIENCE = 60.0
RELAY_PROBE = (Path(__file__).parent / "relay_probe.js").read_text()


class Up:
    """A running `talchum up`, its output read as it comes."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def output(self) -> str:
        return self.log.read_text()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def until_said(self, text: str) -> None:
        self.until(lambda: text in self.output())

    def health(self, scheme: str = "http") -> dict[str, Any] | None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        url = f"{scheme}://127.0.0.1:{self.port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                health: dict[str, Any] = json.load(answer)
        except OSError:
            return None
        return health

    def children(self) -> dict[str, int]:
        """Process of each child by a word of its command line."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in map(int, path.read_text().split()):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            for word in (
                "valkey-server",
                "apps.server",
                "apps.worker",
                "apps.recorder",
                "apps.trainer",
                "turnserver",
            ):
                if word in command:
                    found[word] = pid
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def up(directory: Path, *arguments: str, workers: int = 0) -> Iterator[Up]:
    port = free_port()
    log = directory / "up.log"
    command = [sys.executable, "-m", "talchum.apps.cli", "up", "--port", str(port)]
    command += ["--data", str(directory / "data"), "--face-workers", str(workers), *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TALCHUM_")}
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**environment, "PYTHONPATH": str(SRC)}, text=True
        )
    try:
        yield Up(process, port, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def gone(pids: Sequence[int]) -> bool:
    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    return not any(map(runs, pids))


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
@pytest.mark.valkey
def test_one_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said(f"Ready on http://localhost:{running.port}")
        health = running.health()
        assert health is not None
        assert health["status"] == "ok"
        children = running.children()
        assert {"valkey-server", "apps.server"} <= children.keys()
        assert running.stop() == 0
        assert gone(list(children.values()))
    assert "Traceback" not in running.output()
    assert not (tmp_path / "data" / "valkey.sock").exists()


@linux
@pytest.mark.valkey
def test_child_that_dies_is_started_again(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said("Ready on")
        os.kill(running.children()["apps.server"], signal.SIGKILL)
        running.until_said("server ended (signal SIGKILL), starting it again in 0.5 s")
        running.until(lambda: running.health() is not None)
        os.kill(running.children()["valkey-server"], signal.SIGKILL)
        running.until_said("valkey ended (signal SIGKILL)")
        running.until(lambda: (running.health() or {}).get("status") == "ok")
        assert running.stop(signal.SIGTERM) == 0


@linux
@pytest.mark.valkey
def test_nothing_survives_when_it_is_killed(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said("Ready on")
        children = list(running.children().values())
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + PATIENCE
        while not gone(children):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    # What it left on disk does not hinder the next one.
    with up(tmp_path) as again:
        again.until_said("Ready on")


@linux
@pytest.mark.valkey
def test_a_trainer_waits_behind_a_link_for_its_operator(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said("Ready on")
        running.until_said("Training: ")
        [line] = [line for line in running.output().splitlines() if line.startswith("Training: ")]
        address, _, token = line.removeprefix("Training: ").partition("#")
        assert address == f"http://localhost:{running.port}/train/"
        kept = tmp_path / "data" / "operator-token"
        assert kept.read_text().strip() == token
        assert kept.stat().st_mode & 0o777 == 0o600

        running.until(lambda: trainers(running.port, token) == 1)
        assert "apps.trainer" in running.children()
        assert trainers(running.port, token + "x") is None
        assert running.stop() == 0


def trainers(port: int, token: str) -> int | None:
    """How many the interface counts, None for who may not ask."""
    url = f"http://127.0.0.1:{port}/api/training-jobs"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return int(json.load(answer)["trainers"])
    except urllib.error.HTTPError as error:
        with error:
            return None if error.code == 401 else error.code


def test_an_operators_token_is_made_once(tmp_path: Path) -> None:
    token = operator_token(tmp_path)
    assert len(token) >= 16
    assert operator_token(tmp_path) == token
    (tmp_path / "operator-token").write_text("")  # a disk that was full
    assert len(operator_token(tmp_path)) >= 16


@linux
@pytest.mark.valkey
def test_it_listens_to_this_machine_only(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said("Ready on")
        sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        port = f":{running.port:04X}"
        listening = [address for _, address, _, state, *_ in sockets if state == "0A"]
        assert [address for address in listening if address.endswith(port)] == [f"0100007F{port}"]


@pytest.mark.valkey
def test_https_prints_a_code_for_phones(tmp_path: Path) -> None:
    with up(tmp_path, "--https") as running:
        running.until_said(f"Ready on https://localhost:{running.port}")
        assert running.health("https") is not None
        if "On this network" in running.output():
            running.until_said("█▀▀▀▀▀█")
        assert running.stop() == 0


@linux
@pytest.mark.valkey
@pytest.mark.vision
def test_ready_means_that_a_face_worker_is(tmp_path: Path) -> None:
    with up(tmp_path, workers=1) as running:
        running.until_said("Ready on")
        health = running.health()
        assert health is not None
        assert health["faceWorkers"] == 1
        assert health["freeLegs"] >= 1
        assert running.stop() == 0


@pytest.mark.valkey
def test_second_one_with_the_same_directory_is_refused(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until_said("Ready on")
        with pytest.raises(SettingsError) as refused:
            run(UpOptions(port=free_port(), data=tmp_path / "data"))
        assert refused.value.code == "data_in_use"


@pytest.mark.browser
@pytest.mark.coturn
@pytest.mark.valkey
@pytest.mark.parametrize("https", [False, True])
def test_relay_that_is_started_carries_calls_of_a_real_browser(tmp_path: Path, https: bool) -> None:
    addresses = lan_addresses()
    if https and not addresses:
        pytest.skip("this machine is on no network")
    with up(tmp_path, *(["--https"] if https else [])) as running, sync_playwright() as playwright:
        running.until_said("Ready on")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=find_program("chromium"), args=arguments)
        page = browser.new_page(ignore_https_errors=True)
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"https://{addresses[0]}:{running.port}/" if https else f"http://localhost:{running.port}/")
        result = page.evaluate(RELAY_PROBE)
        browser.close()
    assert result["heard"] == "hello"
    assert result["candidates"]
    assert all(" typ relay " in candidate for candidate in result["candidates"])
    assert not [error for error in errors if "Content Security Policy" in error]


def test_printed_code_is_read_by_a_camera() -> None:
    link = "https://192.168.1.5:8080/"
    lines = [list(line) for line in qr_code(link, terminal=False).split("\n")]
    upper = np.array([[character in "█▀" for character in line] for line in lines])
    lower = np.array([[character in "█▄" for character in line] for line in lines])
    dark = np.stack([upper, lower], axis=1).reshape(-1, upper.shape[1])
    modules = np.pad(np.where(dark, 0, 255), 4, constant_values=255)
    seen = np.kron(modules, np.ones((8, 8))).astype(np.uint8)
    assert cv2.QRCodeDetector().detectAndDecode(seen)[0] == link


def test_code_in_a_terminal_brings_its_own_colours() -> None:
    lines = qr_code("https://192.168.1.5:8080/", terminal=True).split("\n")
    assert all(line.startswith("\x1b[30;107m") and line.endswith("\x1b[0m") for line in lines)


def test_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError) as refused:
            run(UpOptions(port=taken.getsockname()[1], data=tmp_path / "data"))
    assert refused.value.code == "port_in_use"


def test_port_is_read_from_the_environment(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = {**os.environ, "TALCHUM_PORT": port, "PYTHONPATH": str(SRC)}
        command = [sys.executable, "-m", "talchum.apps.cli", "up", "--data", str(tmp_path / "data")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "(port_in_use)" in done.stderr


def test_each_child_answers_prometheus_at_a_port_of_its_own() -> None:
    children = own_environments({"TALCHUM_METRICS_ADDRESS": "[::1]:9100", "A": "b"})
    assert next(children) == {"TALCHUM_METRICS_ADDRESS": "[::1]:9100", "A": "b"}
    assert next(children)["TALCHUM_METRICS_ADDRESS"] == "[::1]:9101"
    assert "TALCHUM_METRICS_ADDRESS" not in next(own_environments({}))
