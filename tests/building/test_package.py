from __future__ import annotations

from pathlib import Path

import pytest

from building.__main__ import main
from building.errors import BuildError
from building.package import PackageBuild
from tests.building.test_npm import fake_npm
from tests.building.test_web import NPM


def test_checkout_without_a_web_app_needs_none(tmp_path: Path) -> None:
    assert PackageBuild(tmp_path).web_done()
    assert not PackageBuild(tmp_path).networks_done()


@pytest.mark.vision
def test_changed_web_app_is_exported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web = tmp_path / "web"
    web.mkdir()
    for name in ("package.json", "package-lock.json", "page.tsx"):
        (web / name).write_text("{}")
    monkeypatch.setattr("building.package.find_npm", lambda: fake_npm(tmp_path / "bin", NPM))
    monkeypatch.setattr(PackageBuild, "networks_done", lambda _: True)
    package, said = PackageBuild(tmp_path), list[str]()
    package.run(said.append)
    package.run(said.append)
    assert len(said) == 1
    assert said[0].startswith("web app")
    assert (package.web_directory / "index.html").is_file()


def test_command_says_why_it_cannot_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: PackageBuild, say: object) -> None:
        raise BuildError("got no node, expected one")

    monkeypatch.setattr(PackageBuild, "run", refuse)
    assert main() == 1
    assert capsys.readouterr().err == "got no node, expected one\n"
