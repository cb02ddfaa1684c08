"""How much of the machine's processor this process may use, by its affinity and its control group's quota."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def usable_cores() -> float:
    """Cores this process may keep busy: what a container was given, not what its host has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota_cores()
    return cores if quota is None else min(float(cores), quota)


def quota_cores(own: Path = _OWN_CGROUP, cgroups: Path = _CGROUPS) -> float | None:
    """The smallest quota, in cores, of this process's group and those around it; None without one."""
    quotas = [quota for group in _groups(own, cgroups) if (quota := _quota(group)) is not None]
    return min(quotas, default=None)


def _groups(own: Path, cgroups: Path) -> list[Path]:
    """Directories that may hold the quota: version 2's one tree, and version 1's of the CPU."""
    groups = [cgroups, cgroups / "cpu"]
    for line in _text(own).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / "cpu" if controllers else cgroups
        parts = [part for part in path.split("/") if part not in ("", "..")]
        groups += [root.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
    return groups


def _quota(group: Path) -> float | None:
    quota, period = (*_text(group / "cpu.max").split(), "", "")[:2]  # version 2: "200000 100000" or "max ..."
    if not quota:
        quota = _text(group / "cpu.cfs_quota_us").strip()  # version 1: -1 for none
        period = _text(group / "cpu.cfs_period_us").strip()
    if not (quota.isdigit() and period.isdigit()) or int(period) == 0:
        return None
    return int(quota) / int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # no such version, or no control groups at all
