"""How worn faces look: every engine and identity on driving clips, as figures and as pictures.

    python -m benchmarks.looks --human DIR --face-api DIR [--clips CLIP ...] [--performances DIR]
                               [--only NAME ...] [--out FILE] [--sheet DIR]

DIR of `--human` and `--face-api`: the unpacked npm packages of `faces.embedders`. Clips: the project's own
unless told. `--performances` holds what `python -m faces.performance` draws: with it a face is compared to
the person as filmed, not only to the still, and repainting of held-out frames is measured. A sheet shows
whoever is in the clips: one of real people is for looking at, not for keeping.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import looks_measures as measures
from benchmarks.contact_sheet import Tile, write_sheets
from benchmarks.machine import REPOSITORY, commit, describe_machine
from faces.embedders import Embedder, load_dlib, load_faceres
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.adapters.video_file import ClipReader
from talchum.domain.face import Points, region_of_landmarks
from talchum.domain.frame import I420Frame, Image
from talchum.domain.leg_tag import LegTag
from talchum.training.dataset import BLOCK_FRAMES, HELD_OUT_OF
from talchum.vision.blending import frame_to_image, image_to_frame
from talchum.vision.detection import FaceDetector
from talchum.vision.identity import IdentityAssets
from talchum.vision.landmarks import LandmarkNetwork
from talchum.vision.marks import Marking
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks, FacePipeline, prepare_worn_face
from talchum.vision.tracking import FaceTracker

CLIP = REPOSITORY / "tests" / "media" / "synthetic_clip.mp4"
COMPARED = ("portrait", "neural")
EMBED_EVERY = 8  # frames
SHEET_FRAMES = 3
STILL_FRAMES, STILL_WARM, STILL_NOISE = 40, 10, 2.0
BARS = {"expressionError": 0.04, "stillJitter": 1.3, "likenessBetter": 0.75}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture and where the face on it is. points: (478, 3), as one look finds them, not smoothed."""

    image: Image
    points: Points


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A driving clip: its frames, and what is seen on each (None without a face)."""

    name: str
    frames: list[I420Frame]
    seen: list[Seen | None]


@dataclass(slots=True, eq=False)
class Bench:
    """What every measurement shares."""

    networks: FaceNetworks
    embedders: list[Embedder]
    tiles: list[Tile] = field(default_factory=list)

    def look(self, frames: list[I420Frame]) -> list[Seen | None]:
        """Find the face on every frame of a stream."""
        landmarks = LandmarkNetwork(self.networks.landmarks)
        tracker = FaceTracker(FaceDetector(self.networks.detector), landmarks)
        found: list[Seen | None] = []
        for frame in frames:
            face = tracker.update(frame).face
            if face is None:
                found.append(None)
                continue
            points, _ = landmarks.locate(frame, region_of_landmarks(face.landmarks))
            found.append(Seen(frame_to_image(frame), points))
        return found

    def worn(self, assets: IdentityAssets, engine: str, frames: list[I420Frame]) -> list[I420Frame | None]:
        """The frames as they would leave, None for cards."""
        pipeline = FacePipeline(self.networks, Marking(LegTag(0)))
        pipeline.wear(prepare_worn_face(assets, engine, topology=self.networks.topology))
        sent = [pipeline.transform(frame, frame.media_time) for frame in frames]
        return [egress.picture if egress.kind == "face" else None for egress in sent]

    def embeddings(self, seen: list[Seen | None]) -> dict[str, np.ndarray[Any, Any]]:
        """The mean embedding of some of what was seen, by recogniser, of unit length."""
        chosen = [one for one in seen[::EMBED_EVERY] if one is not None]
        means = {
            embedder.name: np.mean([embedder.embed(one.image, one.points) for one in chosen], axis=0)
            for embedder in self.embedders
        }
        return {name: mean / np.linalg.norm(mean) for name, mean in means.items()}

    @property
    def oval(self) -> tuple[int, ...]:
        """The landmarks along the edge of a face."""
        return self.networks.topology.contours["FACE_OVAL"]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """An identity and what it is compared with. performance: how it looks when filmed, if that was drawn."""

    assets: IdentityAssets
    embeddings: dict[str, np.ndarray[Any, Any]]
    compared_to: str
    performance: Take | None


def read_take(bench: Bench, path: Path, limit: int) -> Take:
    """The first frames of a clip."""
    with ClipReader(path) as clip:
        frames = [frame for _, frame in zip(range(limit), clip.frames(), strict=False)]
    return Take(path.stem, frames, bench.look(frames))


def subject(bench: Bench, assets: IdentityAssets, performances: Path | None) -> Subject:
    """What a worn face of an identity ought to look like."""
    path = performances / f"{assets.name}.mp4" if performances is not None else None
    if path is not None and path.exists():
        take = read_take(bench, path, 10_000)
        return Subject(assets, bench.embeddings(take.seen), "performance", take)
    assert assets.texture is not None
    still = {one.name: one.embed(assets.texture, assets.texture_points) for one in bench.embedders}
    return Subject(assets, still, "still", None)


def judge(bench: Bench, take: Take, who: Subject, engine: str) -> dict[str, Any]:
    """One identity by one engine on one clip."""
    sent = bench.worn(who.assets, engine, take.frames)
    frames = [frame if frame is not None else source for frame, source in zip(sent, take.frames, strict=True)]
    shown = [one if sent[index] is not None else None for index, one in enumerate(bench.look(frames))]
    pairs = [(a, b) for a, b in zip(take.seen, shown, strict=True) if a is not None and b is not None]
    _keep_tiles(bench, take, shown, who.assets.name, engine)
    return {
        "faceFrames": sum(frame is not None for frame in sent),
        "foundAgain": len(pairs),
        **_expression(pairs),
        **_pixels(bench, pairs),
        **_likeness(bench, take, shown, who),
    }


def _expression(pairs: list[tuple[Seen, Seen]]) -> dict[str, Any]:
    errors = [measures.landmark_error(after.points, before.points) for before, after in pairs]
    eyes = [[measures.eye_opening(one.points) for one in side] for side in zip(*pairs, strict=True)]
    mouths = [[measures.mouth_opening(one.points) for one in side] for side in zip(*pairs, strict=True)]
    return {
        "expressionError": round(float(np.mean(errors)), 4),
        "blinkCorrelation": _rounded(measures.correlation(*eyes)),
        "mouthCorrelation": _rounded(measures.correlation(*mouths)),
    }


def _pixels(bench: Bench, pairs: list[tuple[Seen, Seen]]) -> dict[str, Any]:
    oval = list(bench.oval)
    seams = [
        (measures.seam(after.image, before.points[oval]), measures.seam(before.image, before.points[oval]))
        for before, after in pairs[:: EMBED_EVERY // 2]
    ]
    sharp = [
        measures.sharpness(after.image, measures.mesh_mask(before.points, bench.oval, after.image.shape[:2]))
        for before, after in pairs[::EMBED_EVERY]
    ]
    after, before = np.mean(seams, axis=0)
    return {
        "seam": round(float(after), 2),
        "seamRatio": round(float(after / before), 3),
        "sharpness": round(float(np.mean(sharp)), 2),
    }


def _likeness(bench: Bench, take: Take, shown: list[Seen | None], who: Subject) -> dict[str, Any]:
    worn, performer = bench.embeddings(shown), bench.embeddings(take.seen)
    return {
        "likeness": {name: round(float(worn[name] @ who.embeddings[name]), 4) for name in worn},
        "performerLeft": {name: round(float(worn[name] @ performer[name]), 4) for name in worn},
    }


def still_jitter(bench: Bench, take: Take, who: Subject, engine: str) -> dict[str, float]:
    """One frame held under a sensor's noise: how the worn face trembles beside the performer's."""
    held = next(
        frame for frame, seen in zip(take.frames[10:], take.seen[10:], strict=True) if seen is not None
    )
    rng = np.random.default_rng(7)
    image = frame_to_image(held).astype(np.float32)
    frames = [
        image_to_frame(
            np.clip(image + rng.normal(0, STILL_NOISE, image.shape), 0, 255).astype(np.uint8), index / 30
        )
        for index in range(STILL_FRAMES)
    ]
    sent = bench.worn(who.assets, engine, frames)[STILL_WARM:]
    before = [one for one in bench.look(frames)[STILL_WARM:] if one is not None]
    after = [one for one in bench.look([frame for frame in sent if frame is not None]) if one is not None]
    mask = measures.mesh_mask(before[0].points, bench.oval, before[0].image.shape[:2])
    landmarks = [measures.landmark_jitter(np.stack([one.points for one in side])) for side in (after, before)]
    texture = [measures.texture_jitter([one.image for one in side], mask) for side in (after, before)]
    return {
        "landmarkJitterRatio": round(landmarks[0] / landmarks[1], 3),
        "textureJitterRatio": round(texture[0] / texture[1], 3),
    }


def repainting(bench: Bench, who: Subject, engine: str) -> dict[str, float]:
    """How well an engine repaints the person on held-out frames of their own performance."""
    assert who.performance is not None
    sent = bench.worn(who.assets, engine, who.performance.frames)
    figures = []
    for index, (frame, seen) in enumerate(zip(sent, who.performance.seen, strict=True)):
        if index // BLOCK_FRAMES % HELD_OUT_OF != HELD_OUT_OF - 1 or frame is None or seen is None:
            continue
        painted = frame_to_image(frame)
        where = measures.mesh_mask(seen.points, bench.oval, painted.shape[:2])
        figures.append((measures.psnr(painted, seen.image, where), measures.ssim(painted, seen.image, where)))
    mean = np.mean(figures, axis=0)
    return {"psnr": round(float(mean[0]), 2), "ssim": round(float(mean[1]), 4)}


def measure(bench: Bench, takes: list[Take], who: Subject) -> dict[str, Any]:
    """One identity by every engine it has, on every clip."""
    engines: dict[str, Any] = {}
    for engine in [name for name in COMPARED if name in who.assets.engines]:
        clips = {}
        for take in takes:
            clips[take.name] = judge(bench, take, who, engine) | still_jitter(bench, take, who, engine)
        engines[engine] = {"clips": clips}
        if who.performance is not None:
            engines[engine]["repainting"] = repainting(bench, who, engine)
    return {"comparedTo": who.compared_to, "engines": engines}


def summarise(identities: dict[str, Any]) -> dict[str, Any]:
    """Means over clips and identities, and for how many identities the network looks more like them."""
    gathered: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    better: dict[str, int] = defaultdict(int)
    both = 0
    for identity in identities.values():
        engines = identity["engines"]
        for engine, found in engines.items():
            for clip in found["clips"].values():
                for name, value in _flattened(clip):
                    gathered[engine][name].append(value)
            for name, value in found.get("repainting", {}).items():
                gathered[engine][f"repainting.{name}"].append(value)
        if set(COMPARED) <= set(engines):
            both += 1
            for name in next(iter(engines["neural"]["clips"].values()))["likeness"]:
                portrait, neural = (_mean_likeness(engines[engine], name) for engine in COMPARED)
                better[name] += neural > portrait
    means = {
        engine: {name: round(float(np.mean(values)), 4) for name, values in sorted(figures.items())}
        for engine, figures in gathered.items()
    }
    return {"means": means, "neuralMoreLike": dict(better), "ofIdentities": both}


def _mean_likeness(engine: dict[str, Any], embedder: str) -> float:
    return float(np.mean([clip["likeness"][embedder] for clip in engine["clips"].values()]))


def _flattened(clip: dict[str, Any]) -> list[tuple[str, float]]:
    flat = [(name, value) for name, value in clip.items() if isinstance(value, int | float)]
    return flat + [
        (f"{group}.{name}", value)
        for group in ("likeness", "performerLeft")
        for name, value in clip[group].items()
    ]


def _keep_tiles(bench: Bench, take: Take, shown: list[Seen | None], identity: str, engine: str) -> None:
    """Remember a few moments for the sheet: the widest mouth, the narrowest eyes, and one from the middle."""
    both = [index for index, one in enumerate(shown) if one is not None and take.seen[index] is not None]
    sources = {index: take.seen[index] for index in both}
    mouth = max(both, key=lambda index: measures.mouth_opening(_points(sources[index])))
    eyes = min(both, key=lambda index: measures.eye_opening(_points(sources[index])))
    for index in dict.fromkeys((both[len(both) // 2], mouth, eyes)):
        before, after = sources[index], shown[index]
        assert before is not None
        assert after is not None
        bench.tiles.append(Tile(take.name, identity, engine, index, before.image, after.image, before.points))


def _points(seen: Seen | None) -> Points:
    assert seen is not None
    return seen.points


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def main() -> int:
    """Measure, print the summary, write."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--human", type=Path, required=True)
    options.add_argument("--face-api", type=Path, required=True)
    options.add_argument("--clips", nargs="*", type=Path, default=[CLIP])
    options.add_argument("--performances", type=Path)
    options.add_argument("--identities", type=Path, default=default_identities_directory())
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--frames", type=int, default=90, help="of each clip")
    options.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "looks.json")
    options.add_argument("--sheet", type=Path, help="where the pictures go")
    given = options.parse_args()
    cv2.setNumThreads(1)
    machine = describe_machine()
    networks = FaceNetworks.load(default_networks_directory())
    bench = Bench(networks, [load_faceres(given.human), load_dlib(given.face_api)])
    takes = [read_take(bench, path, given.frames) for path in given.clips]
    files = IdentityFiles(given.identities)
    names = given.only or [one.name for one in files.list() if "mouth" in one.openings]
    identities = {}
    for name in names:
        who = subject(bench, files.assets(name), given.performances)
        identities[name] = measure(bench, takes, who)
        print(name, json.dumps(summarise({name: identities[name]})["means"]), file=sys.stderr)
    summary = summarise(identities)
    result = {
        "benchmark": "looks",
        "commit": commit(),
        "machine": machine,
        "clips": {take.name: len(take.frames) for take in takes},
        "summary": summary,
        "bars": BARS,
        "identities": identities,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if given.sheet is not None:
        write_sheets(given.sheet, bench.tiles, summary)
    print(json.dumps(summary, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
