"""`python -m building`: builds what is missing or changed in this checkout without installing the package
again.
"""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT / "src"))

from building.errors import BuildError  # noqa: E402
from building.package import PackageBuild  # noqa: E402


def main() -> int:
    """Build; the exit status."""
    try:
        PackageBuild(_ROOT).run(print)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
