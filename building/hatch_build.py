"""Hatch's hook: puts the face networks and the web app into `talchum/_built`, for wheels and editable
installs.

What is already there and still right is left alone, so that a second install takes seconds and needs no
network.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# hatch loads this file by its path: its neighbours and the package's table of pinned files come from the
# checkout
_ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "src")]

from building.errors import BuildError  # noqa: E402
from building.network_files import networks_are_built  # noqa: E402
from building.npm import NODE_REQUIREMENT, fetch_package, find_npm, system_npm  # noqa: E402
from building.web import build_web, web_is_built  # noqa: E402
from talchum.vision.networks import MEDIAPIPE_PACKAGE  # noqa: E402

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
        needed: list[str] = []
        if not self._networks_done():
            needed += CONVERSION_REQUIREMENTS
        if not (self._networks_done() and self._web_done()) and system_npm() is None:
            needed.append(NODE_REQUIREMENT)
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing; `version` ("standard" or "editable") makes no difference."""
        try:
            self._build()
        except BuildError as error:
            self.app.abort(str(error))

    def _build(self) -> None:
        if not self._networks_done():
            self.app.display_info(f"face networks: fetching {MEDIAPIPE_PACKAGE} and converting it")
            self._build_networks()
        if not self._web_done():
            self.app.display_info("web app: installing its packages and exporting it, about a minute")
            build_web(find_npm(), self._web_sources, Path(self.root) / "build" / "web", self._built / "web")

    @property
    def _built(self) -> Path:
        return Path(self.root) / "src" / "talchum" / "_built"

    @property
    def _web_sources(self) -> Path:
        return Path(self.root) / "web"

    def _networks_done(self) -> bool:
        return networks_are_built(self._built / "networks")

    def _web_done(self) -> bool:
        if not (self._web_sources / "package.json").is_file():
            return True
        return web_is_built(self._web_sources, self._built / "web")

    def _build_networks(self) -> None:
        from building.networks import build_networks  # needs what `dependencies` asked for

        with tempfile.TemporaryDirectory(prefix="talchum-networks-") as directory:
            tarball = fetch_package(find_npm(), MEDIAPIPE_PACKAGE, Path(directory))
            build_networks(tarball, self._built / "networks")
