"""A process with somebody's file in hand: what it is told, how it ends, and that it always does."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from talchum.apps.verification_messages import Found
from talchum.apps.verification_process import attempt_environment, examine_apart
from talchum.domain.errors import MediaFileError, VerificationError
from tests.apps.test_verify import TAG, marked, written

Command = Callable[[Path, str], Sequence[str]]


def script(text: str) -> Command:
    return lambda path, _anchors: (sys.executable, "-c", text, str(path))


def told(_doing: str, _share: float) -> None:
    """Nobody listens."""


def written_pid(path: Path) -> int:
    deadline = time.monotonic() + 30
    while not path.exists() or not path.read_text().endswith("."):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text()[:-1])


async def code_of(text: str, longest: float = 60.0) -> str:
    with pytest.raises(VerificationError) as failed:
        await examine_apart(Path("x"), told, command=script(text), longest=longest)
    return failed.value.code


async def test_a_marked_clip_is_found_in_a_process_of_its_own(tmp_path: Path) -> None:
    clip = await asyncio.to_thread(written, tmp_path / "clip.mp4", marked())
    path = clip.rename(tmp_path / "video")  # as the call server names it
    heard: list[tuple[str, float]] = []
    found = await examine_apart(path, lambda doing, share: heard.append((doing, share)))
    assert (found.report["verdict"], found.tags) == ("marked", [str(TAG)])
    assert {doing for doing, _ in heard} == {"reading"}
    assert all(0.0 <= share <= 1.0 for _, share in heard)


async def test_what_is_no_video_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "video").write_text("#EXTM3U\nhttp://127.0.0.1/x.ts\n")
    with pytest.raises(MediaFileError) as refused:
        await examine_apart(tmp_path / "video", told)
    assert refused.value.code == "media_file_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "pass",
        "raise MemoryError",
        "import os; os.kill(os.getpid(), 11)",
        "print('no message')",
        """print('{"type": "found", "report": 1}')""",
        "print('x' * 5_000_000)",
        "import sys; sys.stdout.buffer.write(bytes(range(256)))",
    ],
)
async def test_a_process_that_goes_wrong_is_one_examination_that_failed(text: str) -> None:
    assert await code_of(text) == "verification_crashed"


async def test_what_takes_too_long_is_ended() -> None:
    assert await code_of("import time; time.sleep(600)", 0.2) == "verification_too_long"


async def test_a_cancelled_examination_leaves_no_process(tmp_path: Path) -> None:
    here = tmp_path / "pid"
    text = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid()) + '.'); time.sleep(600)"
    task = asyncio.ensure_future(examine_apart(here, told, command=script(text)))
    pid = await asyncio.to_thread(written_pid, here)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_process_is_told_no_secret() -> None:
    environment = {
        "PATH": "/bin",
        "TALCHUM_SIGNING_KEY": "a key",
        "TALCHUM_DATABASE_URL": "postgresql://u:p@h/d",
        "AWS_SECRET_ACCESS_KEY": "a key",
        "OMP_NUM_THREADS": "64",
    }
    passed = attempt_environment(environment)
    assert passed["PATH"] == "/bin"
    assert "key" not in "".join(passed.values())
    assert not any(name.startswith(("TALCHUM_", "AWS_")) for name in passed)
    assert passed["OMP_NUM_THREADS"] == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of processes differ elsewhere")
async def test_the_process_may_take_only_so_much_memory() -> None:
    greedy = (
        "from talchum.apps.verification_attempt import MEMORY_BYTES, limit_process\n"
        "limit_process()\n"
        "try: bytearray(MEMORY_BYTES)\n"
        """except MemoryError: print('{"type": "found", "report": {}, "tags": []}')"""
    )
    assert await examine_apart(Path("x"), told, command=script(greedy)) == Found({}, [])
