"""How far apart the shipped people are for a recogniser (HSE FaceRes, see `faces.embedders`).

``python -m faces.distances`` prints the cosine similarity of every two identities, and the highest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faces.embedders import Embedder, load_faceres
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.vision.identity import IdentityAssets
from talchum.vision.networks import default_networks_directory


def similarities(embedder: Embedder, people: list[IdentityAssets]) -> NDArray[np.float32]:
    """Cosine similarity of every two people, (N, N)."""
    vectors = np.array(
        [embedder.embed(one.texture, one.texture_points) for one in people if one.texture is not None]
    )
    return np.asarray(vectors @ vectors.T, np.float32)


def main() -> None:
    """Print the similarity of every two shipped people."""
    parser = argparse.ArgumentParser(prog="python -m faces.distances", description=main.__doc__)
    parser.add_argument("--identities", type=Path, default=default_identities_directory())
    arguments = parser.parse_args()
    files = IdentityFiles(arguments.identities)
    people = [files.assets(one.name) for one in files.list() if "mouth" in one.openings]
    embedder = load_faceres(default_networks_directory())
    matrix = similarities(embedder, people)
    names = [one.name for one in people]
    print("| |" + "|".join(names) + "|\n|" + "---|" * (len(names) + 1))
    for name, row in zip(names, matrix, strict=True):
        print(f"|{name}|" + "|".join(f"{value:.2f}" for value in row) + "|")
    upper = np.triu_indices(len(names), 1)
    worst = int(np.argmax(matrix[upper]))
    print(
        f"mean {matrix[upper].mean():.3f}, highest {matrix[upper].max():.3f} "
        f"({names[upper[0][worst]]}, {names[upper[1][worst]]}); one person from {embedder.same_person}"
    )


if __name__ == "__main__":
    main()
