"""Child processes that are kept running together and end together.

Each child leads its own process group, so that a Ctrl-C reaches the supervisor alone, which then ends them in
order. On Linux the kernel ends a child whose supervisor was killed outright.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
FIRST_BACKOFF = 0.5
LAST_BACKOFF = 10.0
HEALTHY_AFTER = 20.0
STOP_GRACE = 4.0
KEPT_LINES = 5


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run.

    quiet: its output, which may name addresses, is only kept for when it dies. outlives: it ends after all
    that do not, because they need it to the last.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    quiet: bool = False
    outlives: bool = False


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: asyncio.subprocess.Process | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))


class Supervisor:
    """Starts children, restarts those that die with a growing pause, and stops all of them.

    say: called with a line for people to read.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[_Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Supervisor]:
        """Stop whatever was started in the body, however it ends."""
        try:
            yield self
        finally:
            await self.stop()

    def start(self, spec: ChildSpec) -> None:
        """Start a child and keep it running."""
        child = _Child(spec)
        self._children.append(child)
        self._tasks.append(asyncio.create_task(self._keep(child)))

    def pids(self) -> dict[str, int]:
        """The process of each child that runs, by name."""
        return {
            child.spec.name: child.process.pid
            for child in self._children
            if child.process is not None and child.process.returncode is None
        }

    async def stop(self) -> None:
        """End all children and kill after a grace those that do not."""
        self._stopping = True
        for outlives in (False, True):
            await self._end([child for child in self._children if child.spec.outlives == outlives])
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _end(self, children: Sequence[_Child]) -> None:
        deadline = time.monotonic() + STOP_GRACE
        for child in children:
            _signal(child.process, signal.SIGTERM)
        for child in children:
            if child.process is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                        await child.process.wait()
                _signal(child.process, signal.SIGKILL)
                await child.process.wait()

    async def _keep(self, child: _Child) -> None:
        backoff = FIRST_BACKOFF
        while not self._stopping:
            started = time.monotonic()
            status = await self._run(child)
            if self._stopping:
                return
            backoff = FIRST_BACKOFF if time.monotonic() - started > HEALTHY_AFTER else backoff
            self._say(f"{child.spec.name} ended ({_status(status)}), starting it again in {backoff:g} s")
            for line in child.lines if child.spec.quiet else ():
                self._say(f"  {child.spec.name} | {line}")
            await asyncio.sleep(backoff)
            backoff = min(LAST_BACKOFF, backoff * 2)

    async def _run(self, child: _Child) -> int:
        child.lines.clear()
        process = await asyncio.create_subprocess_exec(
            *child.spec.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=None if child.spec.environment is None else dict(child.spec.environment),
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),
        )
        child.process = process
        if self._stopping:
            _signal(process, signal.SIGTERM)
        assert process.stdout is not None
        while line := await _line(process.stdout):
            text = line.decode(errors="replace").rstrip()
            child.lines.append(text)
            if not child.spec.quiet:
                self._say(f"{child.spec.name} | {text}")
        return await process.wait()


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader's limit, which has dropped it
        return b"...\n"


def end_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child runs before it becomes its program: ask to be killed when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: a child between fork and exec must not take locks.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _signal(process: asyncio.subprocess.Process | None, number: signal.Signals) -> None:
    """Signal the whole group; once its leader is gone, what it left behind."""
    if process is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _status(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
