"""An examination in a process of its own, seen from the call server: begun, listened to, always ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from talchum.adapters.supervisor import end_with_parent
from talchum.apps.verification_messages import Found, Progress, Refused, Said
from talchum.domain.errors import MediaFileError, VerificationError

LONGEST_SECONDS = 1200.0
MAX_LINE_BYTES = 1024 * 1024

_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "TMPDIR", "SYSTEMROOT")
"""All that a process with somebody's file in hand is told of the environment."""

Told = Callable[[str, float], None]
Command = Callable[[Path, str], Sequence[str]]


def attempt_command(path: Path, anchors: str) -> Sequence[str]:
    """The program that examines a file."""
    return (sys.executable, "-m", "talchum.apps.verification_attempt", str(path), anchors)


def attempt_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What that program is started with: no setting and no secret, and one thread for arithmetic."""
    passed = {name: environment[name] for name in _PASSED_ON if name in environment}
    return {**passed, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


async def examine_apart(
    path: Path,
    told: Told,
    *,
    anchors: str = "",
    command: Command = attempt_command,
    longest: float = LONGEST_SECONDS,
) -> Found:
    """Examine a file. told: hears what is being done and its share. anchors: certificates (PEM) that are
    trusted. Cancelled, it ends the process.

    Raises MediaFileError for what is no video, VerificationError (`verification_crashed`,
    `verification_too_long`).
    """
    process = await asyncio.create_subprocess_exec(
        *command(path, anchors),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # decoders write there about what is in the file
        env=attempt_environment(os.environ),
        limit=MAX_LINE_BYTES,
        start_new_session=True,
        preexec_fn=end_with_parent(os.getpid()),
    )
    try:
        async with asyncio.timeout(longest):
            return await _listen(process, told)
    except TimeoutError:
        raise VerificationError(
            f"got a video that is not examined in {longest:.0f} s, expected a shorter one",
            code="verification_too_long",
        ) from None
    finally:
        await _end(process)


async def _listen(process: asyncio.subprocess.Process, told: Told) -> Found:
    assert process.stdout is not None
    decoder = msgspec.json.Decoder(Said)
    try:
        while line := await process.stdout.readline():
            match decoder.decode(line):
                case Progress(doing, share):
                    told(doing, share)
                case Found() as found:
                    return found
                case Refused(code, message):
                    raise MediaFileError(message, code=code)
    except (msgspec.DecodeError, ValueError) as error:  # a line that is none, or without an end
        raise _crashed() from error
    raise _crashed()


def _crashed() -> VerificationError:
    return VerificationError(
        "the examination ended without a result, as it does when it takes too much memory",
        code="verification_crashed",
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it has nothing to put away
    await process.wait()
