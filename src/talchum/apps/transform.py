"""`talchum transform`: the face pipeline of a call over a clip on disk, its sound kept."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.adapters.video_file import ClipReader, ClipWriter
from talchum.domain.frame import EgressFrame, I420Frame
from talchum.domain.inference import InferenceProvider
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks, FacePipeline, prepare_worn_face

_STAGES = {"track": "trackTime", "render": "renderTime", "blend": "blendTime"}


@dataclass(slots=True)
class TransformReport:
    """What became of a clip.

    frames, card_frames: how many were written, and how many of them are cards.
    cpu_seconds: by stage and in total.
    """

    frames: int = 0
    card_frames: int = 0
    cpu_seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*_STAGES, "total"), 0.0))

    def add(self, egress: EgressFrame, total: float) -> None:
        """Count one frame; total: CPU seconds it took."""
        self.frames += 1
        self.card_frames += egress.kind == "card"
        self.cpu_seconds["total"] += total
        for name, stage in _STAGES.items():
            self.cpu_seconds[name] += egress.stage_times.get(stage, 0.0)

    def as_json(self) -> str:
        """The report that automation relies on; CPU milliseconds a frame, mean."""
        each = {name: round(1e3 * total / max(self.frames, 1), 3) for name, total in self.cpu_seconds.items()}
        return json.dumps({"frames": self.frames, "cardFrames": self.card_frames, "msPerFrame": each})


def run(
    source: Path,
    target: Path,
    *,
    identity: str,
    engine: str | None,
    as_json: bool,
    out: TextIO,
    identities_directory: Path | None = None,
    networks_directory: Path | None = None,
    provider: InferenceProvider = "cpu",
) -> int:
    """Put a face into a clip; returns the exit status.

    Raises IdentityError, NetworkFileError, SettingsError or MediaFileError; then the target is as it was.
    """
    assets = IdentityFiles(identities_directory or default_identities_directory()).assets(identity)
    networks = FaceNetworks.load(networks_directory or default_networks_directory())
    worn = prepare_worn_face(
        assets, engine or assets.engines[0], topology=networks.topology, provider=provider
    )
    pipeline = FacePipeline(networks)
    pipeline.wear(worn)
    report = _transform(pipeline, source, target)
    if as_json:
        out.write(report.as_json() + "\n")
    else:
        out.write(f"{report.frames} frames, {report.card_frames} of them cards: {target}\n")
    return 0


def _transform(pipeline: FacePipeline, source: Path, target: Path) -> TransformReport:
    report = TransformReport()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with (
        ClipReader(source) as clip,
        ClipWriter(target, clip.rate, clip.sound) as result,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task(source.name, total=clip.frame_count)
        for part in clip:
            if not isinstance(part, I420Frame):
                result.write_sound(part)
                continue
            start = time.thread_time()
            # The clip's time is the clock: what a call would hold for 300 ms is held for 300 ms of the clip.
            egress = pipeline.transform(part, part.media_time)
            report.add(egress, time.thread_time() - start)
            result.write(egress.picture)
            progress.advance(task)
    return report
