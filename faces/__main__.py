"""``python -m faces --out DIR [--only NAME ...]`` writes the identities that ship, the same bytes every time.

The same on one version of NumPy and OpenCV, the pinned ones; on others the pictures may differ in the last
bit.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from faces.assets import WHEEL_NAME, WHEEL_SHA256, open_head
from faces.geometry import build_topology
from faces.masks import MASKS, drawn_mask, drawn_veil
from faces.mesh_points import landmark_network, texture_points
from faces.packing import Pixels, write_identity
from faces.people import TEXTURE_CAMERA, Person, Sitter
from faces.roster import PEOPLE
from faces.skin import ChartMaps
from talchum.domain.face import FaceRegion
from talchum.vision.networks import default_networks_directory
from talchum.vision.topology import load_topology

NOBODY = "Made by this project's own generator; it shows nobody, and no photograph of anybody went into it."
MAKEHUMAN = {
    "name": f"PyPI {WHEEL_NAME}: data/mpfb2 (MakeHuman/MPFB2), data/faceunits01 (Face Units, Mika Suominen)",
    "licence": "CC0-1.0",
    "sha256": WHEEL_SHA256,
}


def _drawing_versions() -> str:
    return f"numpy {np.__version__}, opencv {cv2.__version__}"


def _person_manifest(person: Person) -> dict[str, object]:
    parameters = {
        key: value for key, value in asdict(person).items() if key not in ("name", "title", "description")
    }
    return {
        "name": person.name,
        "title": person.title,
        "description": person.description,
        "kind": "synthetic",
        "engines": ["portrait"],
        "openings": ["eyes", "mouth"],
        "provenance": {
            "generator": "faces.people",
            "statement": NOBODY,
            "parameters": parameters,
            "inputs": [MAKEHUMAN],
            "drawnWith": _drawing_versions(),
        },
    }


def write_people(out: Path, only: set[str], cache: Path | None, networks: Path) -> None:
    """Draw and write the synthetic people."""
    chosen = [person for person in PEOPLE if not only or person.name in only]
    if not chosen:
        return
    head = open_head(cache)
    topology = build_topology(head)
    maps = ChartMaps.of(topology, head.region("lips"))
    network = landmark_network(networks)
    camera = TEXTURE_CAMERA
    guess = FaceRegion(camera.width / 2, camera.height / 2, 2.2 * camera.scale, 0.0)
    for person in chosen:
        sitter = Sitter.of(head, topology, maps, person)
        texture = sitter.texture()
        points = texture_points(network, texture, guess)
        write_identity(out, _person_manifest(person), sitter.portrait(), Pixels(texture, points))


def write_masks(out: Path, only: set[str], networks: Path) -> None:
    """Draw and write the tal and the veil's picture."""
    topology = load_topology(networks)
    for mask in MASKS:
        if only and mask.name not in only:
            continue
        texture, points, thumbnail = drawn_mask(mask, topology)
        manifest = {
            "name": mask.name,
            "title": mask.title,
            "description": mask.description,
            "kind": "synthetic",
            "engines": ["portrait"],
            "openings": ["eyes"],
            "provenance": {
                "generator": "faces.masks",
                "statement": NOBODY,
                "parameters": {"drawing": mask.name, "seed": mask.seed},
                "inputs": [],
                "drawnWith": _drawing_versions(),
            },
        }
        write_identity(out, manifest, thumbnail, Pixels(texture, points))
    if not only or "veil" in only:
        write_identity(out, _VEIL, drawn_veil(topology), None)


_VEIL: dict[str, object] = {
    "name": "veil",
    "title": {"en": "Veil", "ko": "가림"},
    "description": {
        "en": "Covers the face so that nobody can be recognised; the voice is not changed",
        "ko": "아무도 알아볼 수 없게 얼굴을 가립니다. 목소리는 바뀌지 않습니다",
    },
    "kind": "anonymise",
    "engines": ["veil"],
    "openings": [],
    "provenance": {
        "generator": "faces.masks",
        "statement": NOBODY,
        "parameters": {"drawing": "veil"},
        "inputs": [],
    },
}


def main() -> None:
    """Write identities into a directory."""
    parser = argparse.ArgumentParser(prog="python -m faces", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    parser.add_argument("--networks", type=Path, default=default_networks_directory())
    arguments = parser.parse_args()
    only = set(arguments.only)
    write_people(arguments.out, only, arguments.cache, arguments.networks)
    write_masks(arguments.out, only, arguments.networks)


if __name__ == "__main__":
    main()
