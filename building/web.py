"""Exports the web app as static files into the package."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from building.content_policy import content_policy
from building.errors import BuildError
from building.files import write_atomically
from building.npm import Npm

POLICY_FILE = "csp.json"
STAMP_FILE = ".stamp"

_LOCK_STAMP = ".talchum-lock"
# made by tools beside the sources: neither input nor worth a copy
_IGNORED = frozenset({"node_modules", ".next", "out", "next-env.d.ts", ".DS_Store"})
_IGNORED_SUFFIXES = (".tsbuildinfo",)


def web_stamp(sources: Path) -> str:
    """A hash over everything that the export depends on: names and contents of the sources, and this very
    module.
    """
    digest = hashlib.sha256()
    for path in [*_files(sources), Path(__file__), Path(__file__).with_name("content_policy.py")]:
        name = path.relative_to(sources).as_posix() if path.is_relative_to(sources) else path.name
        contents = path.read_bytes()
        digest.update(f"{len(name)} {name} {len(contents)} ".encode())
        digest.update(contents)
    return digest.hexdigest()


def web_is_built(sources: Path, target: Path) -> bool:
    """Whether the target holds the export of just these sources."""
    stamp = target / STAMP_FILE
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == web_stamp(sources)


def build_web(npm: Npm, sources: Path, work: Path, target: Path) -> None:
    """Export the web app into the target directory, with `csp.json` and a stamp beside the pages.

    work: a directory that may stay: the packages in it are installed again only when the lock file changed.
    The sources themselves are never written to, so that a development server beside goes on. BuildError when
    npm fails or exports nothing.
    """
    stamp = web_stamp(sources)
    prepare_web(npm, sources, work)
    exported = work / "out"
    shutil.rmtree(exported, ignore_errors=True)
    npm.run("run", "build", cwd=work)
    if not (exported / "index.html").is_file():
        raise BuildError("got no out/index.html from npm run build, expected a static export")
    write_atomically(exported / POLICY_FILE, content_policy(exported).encode("utf-8"))
    write_atomically(exported / STAMP_FILE, stamp.encode("utf-8"))
    _replace(exported, target)


def prepare_web(npm: Npm, sources: Path, work: Path) -> None:
    """Make the work directory a copy of the sources with their packages. BuildError when npm fails."""
    _mirror(sources, work)
    _install_packages(npm, work)


def _install_packages(npm: Npm, work: Path) -> None:
    lock = hashlib.sha256((work / "package-lock.json").read_bytes()).hexdigest()
    installed = work / "node_modules" / _LOCK_STAMP
    if installed.is_file() and installed.read_text(encoding="utf-8") == lock:
        return
    npm.run("ci", "--no-audit", "--no-fund", cwd=work)
    write_atomically(installed, lock.encode("utf-8"))


def _files(directory: Path) -> list[Path]:
    """All source files below a directory, sorted."""
    found: list[Path] = []
    for path in sorted(directory.iterdir(), key=lambda path: path.name):
        if path.name in _IGNORED or path.name.endswith(_IGNORED_SUFFIXES):
            continue
        found += _files(path) if path.is_dir() else [path]
    return found


def _mirror(sources: Path, work: Path) -> None:
    """Make the work directory hold the sources and nothing else but installed packages and caches."""
    work.mkdir(parents=True, exist_ok=True)
    for path in reversed(_files(work)):
        path.unlink()
    for path in _files(sources):
        copy = work / path.relative_to(sources)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _replace(new: Path, target: Path) -> None:
    """Put a directory in another one's place; the old one goes only once the new one is complete beside
    it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        shutil.copytree(new, beside / "new")
        if target.exists():
            target.rename(beside / "old")
        (beside / "new").rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
