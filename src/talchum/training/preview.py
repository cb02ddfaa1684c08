"""What a learned identity looks like in motion: its network paints moments it never saw."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from talchum.domain.frame import Image
from talchum.training.dataset import BLOCK_FRAMES
from talchum.training.moment import Moment
from talchum.vision.conditioning import NETWORK_INPUT, NETWORK_OUTPUT, unshuffled, with_colours
from talchum.vision.detection import NetworkSession
from talchum.vision.rasterise import soft_edge
from talchum.vision.runtime import open_network

PREVIEW_RATE = 15
PREVIEW_SIDE = 320
PREVIEW_TURNS = 3
"""Blocks that are shown, each there and back, so that a second holds one movement without a jump."""

_GROUND = (226, 221, 213)  # the face alone: people perform without scalp hair, and no room is worn


def preview_frames(network: bytes, held_out: Sequence[Moment]) -> list[Image]:
    """About three seconds at `PREVIEW_RATE`: RGB uint8 (PREVIEW_SIDE, PREVIEW_SIDE, 3) each."""
    session = open_network(network, "a face network")
    frames: list[Image] = []
    for block in liveliest(held_out):
        there = [_painted(session, moment) for moment in block]
        frames += there + there[-2::-1]
    return frames


def liveliest(held_out: Sequence[Moment]) -> list[Sequence[Moment]]:
    """Of each third of the held-out blocks the one that moves most."""
    blocks = [held_out[at : at + BLOCK_FRAMES] for at in range(0, len(held_out), BLOCK_FRAMES)]
    whole = [block for block in blocks if len(block) == BLOCK_FRAMES] or blocks
    thirds = np.array_split(np.arange(len(whole)), min(PREVIEW_TURNS, len(whole)))
    return [max((whole[index] for index in third), key=_motion) for third in thirds]


def _motion(block: Sequence[Moment]) -> float:
    return float(np.ptp([moment.landmarks for moment in block], axis=0).mean())


def _painted(session: NetworkSession, moment: Moment) -> Image:
    planes = with_colours(moment.geometry, moment.shown)
    out = session.run([NETWORK_OUTPUT], {NETWORK_INPUT: unshuffled(planes)})[0][0]
    size, ground = (PREVIEW_SIDE, PREVIEW_SIDE), np.array(_GROUND, np.float32)
    face = cv2.resize(np.clip(out[..., :3], 0, 255), size, interpolation=cv2.INTER_CUBIC)
    share = np.minimum(soft_edge(moment.geometry.inside // 255), np.clip(out[..., 4], 0, 255))
    wide = cv2.resize(share.astype(np.float32) / 255, size, interpolation=cv2.INTER_LINEAR)
    alpha = cv2.GaussianBlur(wide, (0, 0), 2.0)[..., None]
    return np.asarray(np.clip(face * alpha + ground * (1 - alpha) + 0.5, 0, 255), np.uint8)
