"""`python -m building.web_checks`: Biome, the TypeScript compiler and Vitest over the web app."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from building.errors import BuildError
from building.npm import Npm, find_npm
from building.web import prepare_web

SCRIPTS = ("lint", "typecheck", "test")
"""Of `web/package.json`, the quickest to fail first."""


GOLDEN = Path("tests") / "golden"
"""Messages that both sides decode; the web app's tests look for them beside their own directory."""


def check_web(npm: Npm, root: Path, work: Path, say: Callable[[str], None]) -> None:
    """Run every check on a copy of a checkout's web app, which stays as it is. BuildError with what one
    found.
    """
    prepare_web(npm, root / "web", work)
    beside = work.parent / GOLDEN
    beside.mkdir(parents=True, exist_ok=True)
    for path in (root / GOLDEN).glob("*.json"):
        shutil.copyfile(path, beside / path.name)
    for script in SCRIPTS:
        say(f"web app: {script}")
        npm.run("run", "--silent", script, cwd=work)


def main() -> int:
    """Check the web app of this checkout; the exit status."""
    root = Path(__file__).resolve().parent.parent
    try:
        check_web(find_npm(), root, root / "build" / "web", print)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
