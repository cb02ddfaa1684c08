"""Images built and run without a container engine: buildah in a chroot, over a base of Debian's packages.

What is the same every time, the base, stays in the user's cache directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talchum-tests"
BASE = "docker.io/library/python:3.11-slim-bookworm"
PACKAGES = "ca-certificates,python3,python3-venv,python3-pip"
APT_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip", "~/.config/pip", "~/.pip")


@cache
def reason_not_to_build() -> str | None:
    """Why images cannot be built on this machine, None when they can."""
    if os.geteuid() != 0:
        return "building images in a chroot needs root"
    for program in ("buildah", "mmdebstrap"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not any(path.is_file() for path in APT_SOURCES):
        return "the base is made of Debian's packages, and this machine names no source of them"
    return None


@dataclass(frozen=True, slots=True)
class Buildah:
    """One store of images. runroot: a directory for what lives as long as the test."""

    runroot: Path

    def run(self, *arguments: str, timeout: float = 500) -> str:
        """A command of buildah; what it printed."""
        done = subprocess.run(
            [*self._program(), *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def make_base(self) -> None:
        """The base image under the name that the Dockerfiles use; made once for this user."""
        if BASE in self.run("images", "--format", "{{.Name}}:{{.Tag}}").splitlines():
            return
        CACHE.mkdir(parents=True, exist_ok=True)
        archive = self.runroot / "base.tar"
        sources = next(str(path) for path in APT_SOURCES if path.is_file())
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm"]
        subprocess.run([*command, str(archive), sources], check=True, timeout=300)
        container = self.run("from", "scratch")
        self.run("add", container, str(archive), "/")
        self.run("commit", "--rm", container, BASE)
        archive.unlink()

    def build(self, dockerfile: str, tag: str) -> None:
        """Build as an engine would, with this machine's own way to packages mounted for the time of it."""
        mounts = [option for path in _package_sources() for option in ("-v", f"{path}:{path}:ro")]
        arguments = ["--format", "docker", "--isolation", "chroot", "--pull-never", "--network", "host"]
        self.run("bud", *arguments, *mounts, "-f", dockerfile, "-t", tag, ".")

    def command(self, container: str, argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """A command line that runs the image's program in a container of it, and sees this machine's /tmp."""
        given = [option for item in environment.items() for option in ("--env", "=".join(item))]
        mounts = ["-v", f"{self.runroot}:{self.runroot}:rw"]
        return [*self._program(), "run", "--isolation", "chroot", *mounts, *given, container, "--", *argv]

    def _program(self) -> list[str]:
        store = ["--root", str(CACHE / "containers"), "--runroot", str(self.runroot / "run")]
        return ["buildah", *store]


def _package_sources() -> list[Path]:
    """Where pip of this machine is told to look, and what that names on this machine."""
    files = [Path(name).expanduser() for name in PIP_FILES]
    configured = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    words = configured.replace("'", " ").replace("file://", " ").replace("=", " ").split()
    # an index's pages name files beside them
    named = [Path(word.removesuffix("/simple")) for word in words if word.startswith("/")]
    certificates = [Path("/etc/ssl/certs")]
    return [path for path in dict.fromkeys([*files, *named, *certificates]) if path.exists()]
