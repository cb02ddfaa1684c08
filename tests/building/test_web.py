from __future__ import annotations

import json
from pathlib import Path

import pytest

from building.content_policy import script_hash
from building.errors import BuildError
from building.npm import Npm
from building.web import build_web, web_is_built, web_stamp
from tests.building.test_npm import fake_npm

NPM = """
import pathlib, sys
pathlib.Path("calls").open("a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
else:
    out = pathlib.Path("out")
    out.mkdir()
    title = pathlib.Path("page.tsx").read_text()
    (out / "index.html").write_text(f"<script>{title}</script>")
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    directory = tmp_path / "web"
    (directory / "node_modules" / "left-alone").mkdir(parents=True)
    (directory / "package-lock.json").write_text("{}")
    (directory / "package.json").write_text("{}")
    (directory / "page.tsx").write_text("one")
    return directory


@pytest.fixture
def npm(tmp_path: Path) -> Npm:
    return fake_npm(tmp_path / "bin", NPM)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "build" / "web"


def calls(work: Path) -> list[str]:
    return [line.split()[0] for line in (work / "calls").read_text().splitlines()]


def test_export_lands_in_the_target_with_its_policy(
    sources: Path, npm: Npm, work: Path, tmp_path: Path
) -> None:
    target = tmp_path / "built" / "web"
    build_web(npm, sources, work, target)
    assert (target / "index.html").read_text() == "<script>one</script>"
    assert json.loads((target / "csp.json").read_text()) == {"scriptHashes": [script_hash("one")]}
    assert web_is_built(sources, target)


def test_sources_are_not_written_to(sources: Path, npm: Npm, work: Path, tmp_path: Path) -> None:
    before = sorted(path.relative_to(sources) for path in sources.rglob("*"))
    build_web(npm, sources, work, tmp_path / "target")
    assert sorted(path.relative_to(sources) for path in sources.rglob("*")) == before


def test_changed_page_is_exported_again_without_installing_packages_again(
    sources: Path, npm: Npm, work: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    build_web(npm, sources, work, target)
    first = calls(work)
    (sources / "page.tsx").write_text("two")
    assert not web_is_built(sources, target)
    build_web(npm, sources, work, target)
    assert (target / "index.html").read_text() == "<script>two</script>"
    assert first == ["ci", "run"]
    assert calls(work) == ["run"]  # the file of the first calls went with everything that is not a source


def test_changed_lock_file_installs_packages_again(
    sources: Path, npm: Npm, work: Path, tmp_path: Path
) -> None:
    build_web(npm, sources, work, tmp_path / "target")
    (sources / "package-lock.json").write_text('{"lockfileVersion": 3}')
    build_web(npm, sources, work, tmp_path / "target")
    assert calls(work) == ["ci", "run"]


def test_removed_page_leaves_the_work_directory(sources: Path, npm: Npm, work: Path, tmp_path: Path) -> None:
    (sources / "extra.tsx").touch()
    build_web(npm, sources, work, tmp_path / "target")
    (sources / "extra.tsx").unlink()
    build_web(npm, sources, work, tmp_path / "target")
    assert not (work / "extra.tsx").exists()


def test_stamp_ignores_what_tools_leave_beside_the_sources(sources: Path) -> None:
    before = web_stamp(sources)
    (sources / "next-env.d.ts").touch()
    (sources / "tsconfig.tsbuildinfo").touch()
    (sources / "node_modules" / "more").touch()
    (sources / ".next").mkdir()
    (sources / ".next" / "cache").touch()
    assert web_stamp(sources) == before


def test_stamp_tells_a_renamed_file(sources: Path) -> None:
    before = web_stamp(sources)
    (sources / "page.tsx").rename(sources / "other.tsx")
    assert web_stamp(sources) != before


def test_failed_export_keeps_the_old_one(sources: Path, npm: Npm, work: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    build_web(npm, sources, work, target)
    failing = fake_npm(tmp_path / "failing", "import sys; sys.exit('no such page')")
    (sources / "page.tsx").write_text("two")
    with pytest.raises(BuildError, match="no such page"):
        build_web(failing, sources, work, target)
    assert (target / "index.html").read_text() == "<script>one</script>"
    assert not web_is_built(sources, target)


def test_build_that_exports_nothing_is_refused(sources: Path, work: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"index\.html"):
        build_web(
            fake_npm(tmp_path / "bin", "import os; os.makedirs('node_modules', exist_ok=True)"),
            sources,
            work,
            tmp_path / "target",
        )
