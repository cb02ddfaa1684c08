"""Pictures to look at: performer, and every engine's face of every identity, side by side."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.looks_measures import interocular_distance
from talchum.domain.face import Points
from talchum.domain.frame import Image

SIDE = 256
_FACES_WIDE = 3.0  # interocular distances across a tile


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One moment of one clip with one face on. points: the performer's mesh."""

    clip: str
    identity: str
    engine: str
    frame: int
    performer: Image
    worn: Image
    points: Points


def write_sheets(directory: Path, tiles: list[Tile], summary: dict[str, Any]) -> None:
    """A PNG for each clip (a row is an identity), and a page with all of them and the figures."""
    directory.mkdir(parents=True, exist_ok=True)
    clips = list(dict.fromkeys(tile.clip for tile in tiles))
    for clip in clips:
        sheet = _sheet([tile for tile in tiles if tile.clip == clip])
        cv2.imwrite(str(directory / f"{clip}.png"), sheet[..., ::-1])
    pictures = "".join(f'<h2>{html.escape(clip)}</h2><img src="{html.escape(clip)}.png">' for clip in clips)
    figures = html.escape(json.dumps(summary, indent=2))
    page = f"<!doctype html><meta charset=utf-8><title>Looks</title>{pictures}<pre>{figures}</pre>"
    (directory / "index.html").write_text(page, encoding="utf-8")


def _sheet(tiles: list[Tile]) -> Image:
    """Rows are identities; for each moment the performer, then the engines in order."""
    identities = list(dict.fromkeys(tile.identity for tile in tiles))
    engines = list(dict.fromkeys(tile.engine for tile in tiles))
    frames = sorted({tile.frame for tile in tiles})
    rows = []
    for identity in identities:
        row = []
        for frame in frames:
            of_frame = [tile for tile in tiles if tile.identity == identity and tile.frame == frame]
            worn = {tile.engine: tile for tile in of_frame}
            row.append(_cut(of_frame[0].performer, of_frame[0].points) if of_frame else _blank())
            row += [
                _cut(worn[name].worn, worn[name].points) if name in worn else _blank() for name in engines
            ]
        rows.append(np.hstack(row))
    return np.asarray(np.vstack(rows), np.uint8)


def _cut(image: Image, points: Points) -> Image:
    side = _FACES_WIDE * interocular_distance(points)
    x, y = points[:468, :2].mean(axis=0)
    scale = SIDE / side
    place = np.array([[scale, 0, SIDE / 2 - x * scale], [0, scale, SIDE / 2 - y * scale]], np.float32)
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(image, place, (SIDE, SIDE), flags=smaller), np.uint8)


def _blank() -> Image:
    return np.full((SIDE, SIDE, 3), 128, np.uint8)
