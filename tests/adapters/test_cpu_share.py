"""The quota of a control group, of either version, is what a container has of its host's cores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from talchum.adapters.cpu_share import quota_cores, usable_cores


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/pods/one\n", {"pods/cpu.max": "400000 100000", "pods/one/cpu.max": "max 100000"}, 4.0),
        ("0::/pods/one\n", {"pods/cpu.max": "400000 100000", "pods/one/cpu.max": "50000 100000"}, 0.5),
        (
            "5:cpu,cpuacct:/box\n4:memory:/box\n",
            {"cpu/box/cpu.cfs_quota_us": "300000\n", "cpu/box/cpu.cfs_period_us": "100000\n"},
            3.0,
        ),
        ("5:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ("", {}, None),
        ("nonsense", {"cpu.max": "nonsense"}, None),
    ],
)
def test_quota_is_the_smallest_of_the_group_and_those_around_it(
    tmp_path: Path, own: str, files: dict[str, str], cores: float | None
) -> None:
    groups = written(tmp_path / "groups", files)
    groups.mkdir(exist_ok=True)
    (tmp_path / "own").write_text(own)
    assert quota_cores(tmp_path / "own", groups) == cores


def test_a_process_uses_no_more_than_its_affinity() -> None:
    assert 0 < usable_cores() <= len(os.sched_getaffinity(0))
