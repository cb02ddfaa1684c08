"""Hatch's hook: puts the face networks and the web app into `talchum/_built`, for wheels and editable
installs.

What is already there and still right is left alone, so that a second install takes seconds and needs no
network.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# hatch loads this file by its path: its neighbours and the package's table of pinned files come from the
# checkout
_ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "src")]

from building.errors import BuildError  # noqa: E402
from building.npm import NODE_REQUIREMENT, system_npm  # noqa: E402
from building.package import PackageBuild  # noqa: E402

# all pinned: the bytes of the converted networks are pinned too, and these write them
CONVERSION_REQUIREMENTS = (
    "onnx==1.23.2",
    "protobuf==7.36.2",
    "ml_dtypes==0.6.0",
    "tflite==2.18.0",
    "flatbuffers==25.12.19",
    "numpy==2.4.6",
)


class TalchumBuildHook(BuildHookInterface[Any]):
    """Builds what is missing below `src/talchum/_built`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the coming `initialize` needs to have installed: nothing when nothing is to be built."""
        package = PackageBuild(Path(self.root))
        needed: list[str] = []
        if not package.networks_done():
            needed += CONVERSION_REQUIREMENTS
        if not (package.networks_done() and package.web_done()) and system_npm() is None:
            needed.append(NODE_REQUIREMENT)
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing; `version` ("standard" or "editable") makes no difference."""
        try:
            PackageBuild(Path(self.root)).run(self.app.display_info)
        except BuildError as error:
            self.app.abort(str(error))
