from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from talchum.apps.cli import main

COMMANDS = {
    "audit",
    "call",
    "captures",
    "doctor",
    "identities",
    "networks",
    "recorder",
    "server",
    "train",
    "trainer",
    "transform",
}
COMMANDS |= {"account", "consent", "transform-worker", "up", "verify", "worker", "worker-access"}


@pytest.fixture(autouse=True)
def _data_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not this machine's own installation's."""
    monkeypatch.setenv("TALCHUM_DATA", str(tmp_path / "data"))


def test_every_command_helps() -> None:
    assert set(main.commands) == COMMANDS
    for command in COMMANDS:
        result = CliRunner().invoke(main, [command, "--help"])
        assert result.exit_code == 0
        assert main.commands[command].help


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from talchum.apps.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print({'numpy', 'quart', 'celery', 'cv2', 'webrtc', 'av'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("set()")


def test_error_of_the_project_is_one_line_with_its_code(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"not a clip")
    result = CliRunner().invoke(
        main, ["transform", str(clip), str(tmp_path / "out.mp4"), "--identity", "nobody"]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("talchum: ")
    assert result.stderr.count("\n") == 1
    assert "(identity_unknown)" in result.stderr or "(media_file_invalid)" in result.stderr


def test_wrong_use_is_told_by_status_two() -> None:
    assert CliRunner().invoke(main, ["transform"]).exit_code == 2
    assert CliRunner().invoke(main, ["up", "--face-workers", "99"]).exit_code == 2
