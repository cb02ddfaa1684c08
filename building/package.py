"""What an installed package has besides the checkout: face networks and web app, below
`src/talchum/_built`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from building.network_files import networks_are_built
from building.npm import fetch_package, find_npm
from building.web import build_web, web_is_built
from talchum.vision.networks import PACKAGES


@dataclass(frozen=True, slots=True)
class PackageBuild:
    """The build of one checkout. root: its directory."""

    root: Path

    @property
    def networks_directory(self) -> Path:
        """Where the network files belong."""
        return self.root / "src" / "talchum" / "_built" / "networks"

    @property
    def web_directory(self) -> Path:
        """Where the exported web app belongs."""
        return self.root / "src" / "talchum" / "_built" / "web"

    def networks_done(self) -> bool:
        """Whether the networks are there, each the pinned one."""
        return networks_are_built(self.networks_directory)

    def web_done(self) -> bool:
        """Whether the web app is there as its sources have it, or has no sources in this checkout."""
        sources = self.root / "web"
        return not (sources / "package.json").is_file() or web_is_built(sources, self.web_directory)

    def run(self, say: Callable[[str], None]) -> None:
        """Build what is missing or changed, saying what takes long; BuildError when it cannot."""
        if not self.networks_done():
            named = " and ".join(package.specification for package in PACKAGES)
            say(f"face networks: fetching {named} and converting them")
            self._build_networks()
        if not self.web_done():
            say("web app: installing its packages and exporting it, about a minute")
            build_web(find_npm(), self.root / "web", self.root / "build" / "web", self.web_directory)

    def _build_networks(self) -> None:
        from building.networks import build_networks  # needs the conversion's own packages

        with tempfile.TemporaryDirectory(prefix="talchum-networks-") as directory:
            npm = find_npm()
            tarballs = {one: fetch_package(npm, one.specification, Path(directory)) for one in PACKAGES}
            build_networks(tarballs, self.networks_directory)
