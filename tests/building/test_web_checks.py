from __future__ import annotations

import json
from pathlib import Path

import pytest

from building.errors import BuildError
from building.web_checks import SCRIPTS, check_web
from tests.building.test_npm import fake_npm

ROOT = Path(__file__).resolve().parents[2]

NPM = """
import pathlib, sys
pathlib.Path("calls").open("a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
elif sys.argv[-1] == pathlib.Path("fails").read_text():
    print("page.tsx:1: wrong")
    sys.exit(1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for path, text in {
        "web/package-lock.json": "{}",
        "web/fails": "nothing",
        "tests/golden/messages.json": "[]",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_every_check_is_run_in_a_copy(checkout: Path, tmp_path: Path) -> None:
    work = tmp_path / "build" / "web"
    check_web(fake_npm(tmp_path / "bin", NPM), checkout, work, lambda _line: None)
    calls = (work / "calls").read_text().splitlines()
    assert calls[1:] == [f"run --silent {script}" for script in SCRIPTS]
    assert (work / "../tests/golden/messages.json").read_text() == "[]"
    assert not (checkout / "web" / "calls").exists()


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_check_found_is_said(checkout: Path, tmp_path: Path, script: str) -> None:
    (checkout / "web" / "fails").write_text(script)
    with pytest.raises(BuildError, match="wrong"):
        check_web(fake_npm(tmp_path / "bin", NPM), checkout, tmp_path / "build" / "web", lambda _line: None)


def test_the_web_app_has_these_scripts_and_make_runs_them() -> None:
    package = json.loads((ROOT / "web" / "package.json").read_text())
    assert set(SCRIPTS) <= set(package["scripts"])
    assert "python -m building.web_checks" in (ROOT / "Makefile").read_text()
