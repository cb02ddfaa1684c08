"""Which files a set of processes writes, told by the kernel (fanotify(7)); needs root on Linux.

Every writable file system of this mount namespace is watched, so nothing has to be guessed about where a
process might write. What lies in memory alone (`/dev/shm`, sockets, pipes) is seen or is no file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_NONBLOCK, _UNLIMITED_QUEUE = 0x2, 0x10
_ADD, _MOUNT = 0x1, 0x10
_MODIFY, _CLOSE_WRITE, _OVERFLOW = 0x2, 0x8, 0x4000
_HERE = -100
_EVENT = struct.Struct("=IBBHQii")
_DISKS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "overlay", "tmpfs", "f2fs", "nfs", "nfs4", "zfs", "9p"}
)


def missing_for_watching() -> str | None:
    """Why nothing can be watched here, None when it can."""
    try:
        os.close(_watch())
    except (OSError, AttributeError) as error:
        return f"fanotify is not to be had: {error}"
    return None


@dataclass
class FileWatch:
    """What was written since the watching began. by: process id -> paths."""

    by: dict[int, set[str]] = field(default_factory=dict)
    overflowed: bool = False

    def files(self, processes: Collection[int]) -> set[str]:
        """The files that these processes wrote to, those that they still have open for writing too."""
        written = {path for one in processes for path in self.by.get(one, ())}
        return written.union(*(_open_for_writing(one) for one in processes))


@contextlib.contextmanager
def watched_files() -> Iterator[FileWatch]:
    """Watches until the end of the block; only then is the watch complete. Raises OSError."""
    watch, descriptor = FileWatch(), _watch()
    try:
        yield watch
    finally:
        with contextlib.suppress(BlockingIOError):
            while events := os.read(descriptor, 1 << 20):
                _take(watch, events)
        os.close(descriptor)


def _watch() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.fanotify_init(_NONBLOCK | _UNLIMITED_QUEUE, os.O_RDONLY | os.O_LARGEFILE)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for mount in _mounts():
        mask = ctypes.c_uint64(_MODIFY | _CLOSE_WRITE)
        if libc.fanotify_mark(descriptor, _ADD | _MOUNT, mask, _HERE, os.fsencode(mount)) < 0:
            os.close(descriptor)
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), mount)
    return descriptor


def _mounts() -> list[str]:
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split(" ")
        if kind in _DISKS and "rw" in options.split(","):
            found.append(place)
    return found


def _take(watch: FileWatch, events: bytes) -> None:
    at = 0
    while at < len(events):
        length, _, _, _, mask, descriptor, process = _EVENT.unpack_from(events, at)
        at += length
        if mask & _OVERFLOW:
            watch.overflowed = True
            continue
        watch.by.setdefault(process, set()).add(os.readlink(f"/proc/self/fd/{descriptor}"))
        os.close(descriptor)


def _open_for_writing(process: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            how = Path(f"/proc/{process}/fdinfo/{entry.name}").read_text()
            flags = int(next(line.split()[1] for line in how.splitlines() if line.startswith("flags")), 8)
            writable = flags & os.O_ACCMODE != os.O_RDONLY and entry.is_file()
            if writable and entry.stat().st_size > 0:  # a lock holds nothing
                found.add(str(entry.readlink()))
    return found
