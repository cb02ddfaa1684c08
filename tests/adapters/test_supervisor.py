"""Children that are kept running, and none that is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from talchum.adapters.supervisor import ChildSpec, Supervisor

PATIENCE = 15.0
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 what is waited for is another process
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_child_speaks_and_ends_with_its_supervisor() -> None:
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("sleeper", python(SLEEPER)))
        await until(lambda: "sleeper | up" in said)
        pid = supervisor.pids()["sleeper"]
        assert os.getpgid(pid) == pid  # a Ctrl-C in the terminal does not reach it
    assert not alive(pid)
    assert supervisor.pids() == {}


async def test_child_that_dies_is_started_again_and_that_is_said() -> None:
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("sleeper", python(SLEEPER)))
        await until(lambda: said.count("sleeper | up") == 1)
        os.kill(supervisor.pids()["sleeper"], signal.SIGKILL)
        await until(lambda: said.count("sleeper | up") == 2)
    assert "sleeper ended (signal SIGKILL), starting it again in 0.5 s" in said


async def test_pause_grows_while_a_child_keeps_dying() -> None:
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("broken", python("raise SystemExit(3)"), quiet=True))
        await until(lambda: any("in 1 s" in line for line in said))
    assert said[0] == "broken ended (status 3), starting it again in 0.5 s"


async def test_quiet_child_is_quoted_only_when_it_dies() -> None:
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("broken", python("print('why'); raise SystemExit(1)"), quiet=True))
        await until(lambda: len(said) >= 2)
    assert said[:2] == ["broken ended (status 1), starting it again in 0.5 s", "  broken | why"]


async def test_deaf_child_is_killed_after_a_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talchum.adapters.supervisor.STOP_GRACE", 0.2)
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("deaf", python(DEAF)))
        await until(lambda: "deaf | up" in said)
        pid = supervisor.pids()["deaf"]
    assert not alive(pid)


async def test_what_others_need_ends_last(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    time.sleep(0.1); open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    said: list[str] = []
    async with Supervisor(said.append).running() as supervisor:
        supervisor.start(ChildSpec("store", (*python(code), "s"), outlives=True))
        supervisor.start(ChildSpec("user", (*python(code), "u")))
        await until(lambda: len(said) == 2)
    assert order.read_text() == "us"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux does it")
def test_nothing_survives_a_supervisor_that_was_killed() -> None:
    code = (
        "import asyncio, sys\n"
        "from talchum.adapters.supervisor import ChildSpec, Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor(lambda line: None)\n"
        f"    supervisor.start(ChildSpec('deaf', (sys.executable, '-c', {DEAF!r})))\n"
        "    while 'deaf' not in supervisor.pids(): await asyncio.sleep(0.01)\n"
        "    print(supervisor.pids()['deaf'], flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        supervisor.kill()
    deadline = time.monotonic() + PATIENCE
    while alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)
