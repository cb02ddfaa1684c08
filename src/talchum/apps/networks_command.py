"""`talchum networks`: which network files are installed, and whether they are the right ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from talchum.domain.errors import NetworkFileError
from talchum.vision.networks import (
    FACE_TOPOLOGY_FILE,
    NETWORKS,
    Network,
    PinnedFile,
    Shape,
    default_networks_directory,
    verified_path,
)

_STATES = {"network_file_missing": "missing", "network_file_corrupt": "corrupt"}


def run(*, as_json: bool, out: TextIO, directory: Path | None = None) -> int:
    """Write every network file with its state to out, as a table or as JSON.

    Returns the exit status: 0 when all files are the pinned ones, else 1, the files named.
    """
    place = directory or default_networks_directory()
    files: tuple[PinnedFile, ...] = (*NETWORKS.values(), FACE_TOPOLOGY_FILE)
    states = {pinned.name: state_of(pinned, place) for pinned in files}
    if as_json:
        out.write(json.dumps([summary(pinned, states[pinned.name]) for pinned in files]) + "\n")
    else:
        _write_table(files, states, out)
    wrong = [pinned for pinned in files if states[pinned.name] != "ok"]
    if wrong and not as_json:
        named = ", ".join(f"{pinned.file} ({states[pinned.name]})" for pinned in wrong)
        out.write(f"wrong: {named}; expected the files of the installation: install the package again\n")
    return 1 if wrong else 0


def state_of(pinned: PinnedFile, directory: Path) -> str:
    """`ok`, `missing` or `corrupt`."""
    try:
        verified_path(pinned, directory)
    except NetworkFileError as error:
        return _STATES[error.code]
    return "ok"


def summary(pinned: PinnedFile, state: str) -> dict[str, object]:
    """One file as automation reads it."""
    inputs, outputs = _shapes(pinned)
    return {
        "name": pinned.name,
        "file": pinned.file,
        "state": state,
        "sha256": pinned.sha256,
        "source": pinned.source,
        "licence": pinned.licence,
        "inputs": {name: list(shape) for name, shape in inputs.items()},
        "outputs": {name: list(shape) for name, shape in outputs.items()},
    }


def _shapes(pinned: PinnedFile) -> tuple[dict[str, Shape], dict[str, Shape]]:
    return (dict(pinned.inputs), dict(pinned.outputs)) if isinstance(pinned, Network) else ({}, {})


def _write_table(files: tuple[PinnedFile, ...], states: dict[str, str], out: TextIO) -> None:
    table = Table("file", "state", "licence", "source", "shapes", "sha256")
    for pinned in files:
        inputs, outputs = _shapes(pinned)
        shapes = " -> ".join(
            ", ".join(f"{name} {_spelt(shape)}" for name, shape in side.items()) for side in (inputs, outputs)
        )
        table.add_row(
            pinned.file,
            states[pinned.name],
            pinned.licence,
            pinned.source,
            shapes if inputs else "",
            pinned.sha256,
        )
    Console(file=out).print(table)


def _spelt(shape: Shape) -> str:
    return "x".join(map(str, shape))
