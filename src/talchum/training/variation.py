"""Moments that never were, made of those that were: another light, another head, a worse camera.

A network that only ever saw its own person would paint nobody else's movements well: lips that are wider,
eyes that sit lower, a warmer lamp. So most of what it learns from is bent and lit anew.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from talchum.domain.face import MESH_LANDMARKS, Points
from talchum.domain.frame import Image
from talchum.training.moment import Moment
from talchum.vision.conditioning import SIDE, GeometryPainter, head_pose
from talchum.vision.rasterise import extend_edges, rasterise
from talchum.vision.topology import FaceTopology

Floats = NDArray[np.float32]
Generator = np.random.Generator

_RELIT, _RESHAPED, _OTHER_EYES, _OTHER_FACE, _WORSE = 0.75, 0.75, 0.75, 0.6, 0.5  # shares of the moments
_BRIGHTNESS = (55, 185)  # mean levels of a face
_UNEVEN = 0.25  # of the logarithm of brightness, standard deviation
_BUMPS = 6
_BUMP_WIDTH = (1.5, 4.0)  # centimetres
_BUMP_HEIGHT = 0.35  # centimetres, standard deviation
_LONGER, _WIDER = 0.05, 0.05  # standard deviations
_EYES = ((33, 133), (263, 362))  # corners; the irises' landmarks follow in this order
_RINGS = 3  # nodes beyond the mesh that the loss still looks at


class Variation:
    """Varies moments of one mesh topology; for one thread at a time."""

    def __init__(self, topology: FaceTopology) -> None:
        self._topology = topology
        self._painter = GeometryPainter(topology)
        self._triangles = np.array(topology.triangles)

    def of(self, moment: Moment, rng: Generator) -> Moment:
        """The moment, or one like it. What is drawn from `rng` depends on nothing else."""
        if rng.random() < _RELIT:
            moment = relit(moment, rng)
        if rng.random() < _RESHAPED:
            moment = self.reshaped(moment, rng)
        if rng.random() < _OTHER_EYES:
            moment = with_other_eyes(moment, rng)
        if rng.random() < _OTHER_FACE:
            moment = with_other_face(moment, rng)
        if rng.random() < _WORSE:
            moment = worse_seen(moment, rng)
        return moment

    def reshaped(self, moment: Moment, rng: Generator) -> Moment:
        """The moment on a head of other proportions, a little elsewhere in the square."""
        shift = head_shift(self._topology.vertices, rng)
        scale, turn = head_pose(moment.landmarks, self._topology)
        landmarks = moment.landmarks + (scale * shift @ turn.T).astype(np.float32)
        landmarks = _moved(landmarks, rng)
        picture = self._bent(moment.picture, moment.landmarks, landmarks)
        geometry = self._painter.paint(landmarks, moment.reference)
        return Moment(geometry, picture, picture, landmarks, moment.reference)

    def _bent(self, picture: Image, before: Points, after: Points) -> Image:
        """The picture's face where the landmarks went; around it as it was."""
        half = np.float32(0.5)
        nodes = np.ascontiguousarray(after[:MESH_LANDMARKS] - np.array([0.5, 0.5, 0], np.float32))
        sources = np.ascontiguousarray(before[:MESH_LANDMARKS, :2])
        drawn, coverage = rasterise(nodes, sources, self._triangles, SIDE, SIDE)
        extend_edges(drawn, coverage, _RINGS)
        x, y = (np.ascontiguousarray(drawn[..., axis] - half) for axis in (0, 1))
        return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def relit(moment: Moment, rng: Generator) -> Moment:
    """The same moment under another lamp: warm or cool, dim or bright, harsh or flat, from one side."""
    # Lamps differ most in warmth, skins in how pink they are; either comes to the network as light.
    warmth, pink = rng.uniform(-0.35, 0.35), rng.uniform(-0.15, 0.15)
    gains = (1 + warmth * np.array([1, 0.15, -1])) * (1 + pink * np.array([0.5, -1, 0.5]))
    # How bright a face is says nothing of whose it is: a dark person's network is worn by pale performers.
    inside = moment.geometry.inside > 0
    bright = float(moment.picture[inside].mean()) if inside.any() else 128.0
    gains = gains * rng.uniform(0.95, 1.05, 3) * rng.uniform(*_BRIGHTNESS) / max(bright, 20.0)
    gamma, towards, falloff = rng.uniform(0.8, 1.25), rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.45)
    across, down = np.meshgrid(*(np.linspace(-1, 1, SIDE, dtype=np.float32),) * 2)
    field = 1 + falloff * (np.cos(towards) * across + np.sin(towards) * down)
    lit = (moment.picture / np.float32(255)) ** np.float32(gamma) * (field[..., None] * gains * 255)
    picture = np.clip(lit, 0, 255).astype(np.uint8)
    return Moment(moment.geometry, picture, picture, moment.landmarks, moment.reference)


def with_other_eyes(moment: Moment, rng: Generator) -> Moment:
    """The same moment, to be painted as before, with eyes and teeth of another colour shown for it.

    Where they look and how far they open is the performer's; what they look like is learned.
    """
    gains = rng.uniform(0.85, 1.15) * rng.uniform(0.92, 1.08, 3)
    gamma = rng.uniform(0.8, 1.25)
    other = np.clip((moment.shown / np.float32(255)) ** np.float32(gamma) * (gains * 255), 0, 255)
    opened = moment.geometry.opened[..., None] > 0
    shown = np.where(opened, other, moment.shown).astype(np.uint8)
    return Moment(moment.geometry, moment.picture, shown, moment.landmarks, moment.reference)


def with_other_face(moment: Moment, rng: Generator) -> Moment:
    """The same moment, to be painted as before, with somebody's face shown that is elsewhere dark and bright.

    Sockets, cheeks, a beard: what is left of them in the blurred light is not light.
    """
    side = int(rng.integers(4, 12))
    uneven = rng.normal(0, rng.uniform(0, _UNEVEN), (side, side, 1)) + rng.normal(0, 0.04, (side, side, 3))
    field = cv2.resize(np.exp(uneven).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    other = np.clip(moment.shown * field, 0, 255)
    opened = moment.geometry.opened[..., None] > 0
    shown = np.where(opened, moment.shown, other).astype(np.uint8)
    return Moment(moment.geometry, moment.picture, shown, moment.landmarks, moment.reference)


def worse_seen(moment: Moment, rng: Generator) -> Moment:
    """The same moment, to be painted as well as before, from what a small or noisy camera shows of it."""
    small = round(SIDE / rng.uniform(1.0, 2.5))
    less = cv2.resize(moment.shown, (small, small), interpolation=cv2.INTER_AREA)
    less = cv2.resize(less, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    noisy = less + rng.normal(0, rng.uniform(0, 6), less.shape)
    shown = np.clip(noisy, 0, 255).astype(np.uint8)
    return Moment(moment.geometry, moment.picture, shown, moment.landmarks, moment.reference)


def head_shift(vertices: Floats, rng: Generator) -> Floats:
    """Where each landmark of the canonical head goes on a head of other proportions: (478, 3), centimetres.

    x to the right of the picture, y down, z away. Left and right alike: what is uneven in a face is small.
    """
    grown = rng.normal(0, 1, 3) * (_WIDER, _LONGER, _WIDER)
    shift = vertices * grown
    for _ in range(_BUMPS):
        centre, width = vertices[rng.integers(len(vertices))], rng.uniform(*_BUMP_WIDTH)
        height = rng.normal(0, _BUMP_HEIGHT, 3)
        for mirror in (np.array([1, 1, 1]), np.array([-1, 1, 1])):
            distance = ((vertices - centre * mirror) ** 2).sum(axis=1)
            shift = shift + np.exp(-distance / (2 * width**2))[:, None] * (height * mirror) / 2
    irises = [np.tile(shift[list(corners)].mean(axis=0), (5, 1)) for corners in _EYES]
    return np.asarray(np.concatenate([shift, *irises]) * (1, -1, -1), np.float32)


def _moved(landmarks: Points, rng: Generator) -> Points:
    """The whole head a little larger or smaller, turned and shifted in the square."""
    scale, angle = math.exp(rng.normal(0, 0.04)), rng.normal(0, 0.05)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    x, y = landmarks[:, 0] - SIDE / 2, landmarks[:, 1] - SIDE / 2
    shift = rng.normal(0, 0.02 * SIDE, 2) + SIDE / 2
    moved = [x * cos - y * sin + shift[0], x * sin + y * cos + shift[1], landmarks[:, 2] * scale]
    return np.stack(moved, axis=1).astype(np.float32)
