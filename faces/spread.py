"""Search for faces that lie far apart for a recogniser, within limits that keep them natural.

``python -m faces.spread --sheet FILE`` takes each person of the roster, draws variations of bounded shape
targets, and picks, person by person, the variation least like everybody else (FaceRes cosine). It prints
what it chose: that goes into `faces/chosen.py` after somebody has looked at it. Like `faces.distances`, a
tool of the generator only.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.assets import HeadAssets, open_head
from faces.embedders import load_faceres
from faces.geometry import HeadShape, HeadTopology, build_topology, express, refined, shape_vertices
from faces.mesh_points import landmark_network, texture_points
from faces.people import AWAKE, Person, Sitter
from faces.render import Camera
from faces.roster import SITTERS
from faces.skin import ChartMaps
from talchum.domain.face import FaceRegion
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.networks import default_networks_directory

TARGETS_PER_PERSON = 9
LEAST, MOST = 0.15, 0.45  # a target's weight; more of one and a face becomes a caricature
MOST_TOGETHER = 2.9

# pairs of opposite targets; "%" stands for both sides
_AXES = (
    ("head/head-oval", "head/head-square"),
    ("head/head-round", "head/head-rectangular"),
    ("head/head-triangular", "head/head-invertedtriangular"),
    ("head/head-fat-incr", "head/head-fat-decr"),
    ("head/head-scale-vert-incr", "head/head-scale-vert-decr"),
    ("forehead/forehead-scale-vert-incr", "forehead/forehead-scale-vert-decr"),
    ("chin/chin-width-incr", "chin/chin-width-decr"),
    ("chin/chin-height-incr", "chin/chin-height-decr"),
    ("chin/chin-prominent-incr", "chin/chin-prominent-decr"),
    ("chin/chin-bones-incr", "chin/chin-bones-decr"),
    ("cheek/%-cheek-bones-incr", "cheek/%-cheek-bones-decr"),
    ("cheek/%-cheek-volume-incr", "cheek/%-cheek-volume-decr"),
    ("nose/nose-scale-vert-incr", "nose/nose-scale-vert-decr"),
    ("nose/nose-scale-horiz-incr", "nose/nose-scale-horiz-decr"),
    ("nose/nose-hump-incr", "nose/nose-hump-decr"),
    ("nose/nose-point-up", "nose/nose-point-down"),
    ("nose/nose-width1-incr", "nose/nose-width1-decr"),
    ("nose/nose-width2-incr", "nose/nose-width2-decr"),
    ("nose/nose-volume-incr", "nose/nose-volume-decr"),
    ("nose/nose-curve-concave", "nose/nose-curve-convex"),
    ("mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr"),
    ("mouth/mouth-upperlip-volume-incr", "mouth/mouth-upperlip-volume-decr"),
    ("mouth/mouth-lowerlip-volume-incr", "mouth/mouth-lowerlip-volume-decr"),
    ("mouth/mouth-upperlip-height-incr", "mouth/mouth-upperlip-height-decr"),
    ("mouth/mouth-trans-up", "mouth/mouth-trans-down"),
    ("eyes/%-eye-scale-incr", "eyes/%-eye-scale-decr"),
    ("eyes/%-eye-trans-in", "eyes/%-eye-trans-out"),
    ("eyes/%-eye-trans-up", "eyes/%-eye-trans-down"),
    ("eyes/%-eye-corner1-up", "eyes/%-eye-corner1-down"),
    ("eyes/%-eye-corner2-up", "eyes/%-eye-corner2-down"),
    ("eyes/%-eye-height2-incr", "eyes/%-eye-height2-decr"),
    ("eyebrows/eyebrows-trans-up", "eyebrows/eyebrows-trans-down"),
)
_SMALL = Camera(448, 448, 192.0, centre=(0.0, 7.18), distance=9.0, samples=1)


def variation(person: Person, rng: np.random.Generator) -> dict[str, float]:
    """Bounded random shape targets, besides the person's own."""
    chosen = rng.choice(len(_AXES), TARGETS_PER_PERSON, replace=False)
    weights = rng.uniform(LEAST, MOST, TARGETS_PER_PERSON)
    weights *= min(1.0, MOST_TOGETHER / weights.sum())
    found: dict[str, float] = {}
    for axis, weight in zip(chosen, weights, strict=True):
        name = _AXES[axis][int(rng.integers(2))]
        sides = ("l", "r") if "%" in name else ("",)
        for side in sides:
            full = name.replace("%", side)
            if full not in person.shape.targets:
                found[full] = round(float(weight), 2)
    return found


def with_targets(person: Person, extra: dict[str, float]) -> HeadShape:
    """The person's shape with further targets."""
    return replace(person.shape, targets={**person.shape.targets, **extra})


class Studio:
    """Draws variations of one person quickly: the skin and the shadows are those of the first."""

    def __init__(self, head: HeadAssets, topology: HeadTopology, maps: ChartMaps, person: Person) -> None:
        self._head, self._topology = head, topology
        self._sitter = Sitter.of(head, topology, maps, person)
        self._person = person

    def shot(self, extra: dict[str, float]) -> NDArray[np.uint8]:
        """A small frontal picture of a variation."""
        vertices = express(self._head, shape_vertices(self._head, with_targets(self._person, extra)), AWAKE)
        sitter = replace(self._sitter, points=refined(self._topology, vertices))
        return sitter.with_brows_of(self._head, vertices).texture(_SMALL)


def spread(
    vectors: list[list[NDArray[np.float32]]], rounds: int = 6
) -> tuple[list[int], NDArray[np.float32]]:
    """Which variation of each person to take to push the closest pairs apart, and the cosines that gives."""
    choice = [0] * len(vectors)
    for _ in range(rounds):
        for who, candidates in enumerate(vectors):
            others = np.array(
                [vectors[other][choice[other]] for other in range(len(vectors)) if other != who]
            )
            cosines = np.array(candidates) @ others.T
            choice[who] = int(np.argmin(cosines.max(1) + 0.3 * cosines.mean(1)))
    taken = np.array([candidates[index] for candidates, index in zip(vectors, choice, strict=True)])
    return choice, np.asarray(taken @ taken.T, np.float32)


def _points(network: LandmarkNetwork, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return texture_points(
        network, image, FaceRegion(_SMALL.width / 2, _SMALL.height / 2, 2.2 * _SMALL.scale, 0.0)
    )


def main() -> None:
    """Search, print the chosen targets as JSON and write a contact sheet."""
    parser = argparse.ArgumentParser(prog="python -m faces.spread", description=main.__doc__)
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    head = open_head()
    topology = build_topology(head)
    maps = ChartMaps.of(topology, head.region("lips"))
    embedder, network = (
        load_faceres(default_networks_directory()),
        landmark_network(default_networks_directory()),
    )
    targets: list[list[dict[str, float]]] = []
    pictures: list[list[NDArray[np.uint8]]] = []
    vectors: list[list[NDArray[np.float32]]] = []
    for number, person in enumerate(SITTERS):
        rng = np.random.default_rng([arguments.seed, number])
        studio = Studio(head, topology, maps, person)
        targets.append([{}, *(variation(person, rng) for _ in range(arguments.count))])
        pictures.append([studio.shot(extra) for extra in targets[-1]])
        vectors.append([embedder.embed(image, _points(network, image)) for image in pictures[-1]])
        print(person.name, flush=True)
    choice, cosines = spread(vectors)
    upper = np.triu_indices(len(SITTERS), 1)
    print(f"mean {cosines[upper].mean():.3f}, highest {cosines[upper].max():.3f}")
    print(json.dumps({p.name: targets[i][choice[i]] for i, p in enumerate(SITTERS)}, indent=1))
    rows = [np.hstack([row[0], row[index]]) for row, index in zip(pictures, choice, strict=True)]
    half = -(-len(rows) // 2)
    rows += [rows[0] * 0] * (2 * half - len(rows))
    sheet = np.vstack([np.hstack([rows[i], rows[half + i]]) for i in range(half)])
    cv2.imwrite(str(arguments.sheet), sheet[..., ::-1])


if __name__ == "__main__":
    main()
