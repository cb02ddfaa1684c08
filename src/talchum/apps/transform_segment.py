"""One segment of a clip through the face pipeline: the same whoever does it, here or on another machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from talchum.adapters.clip_segments import SegmentWriter, read_segment
from talchum.adapters.video_file import ClipReader
from talchum.domain.frame import EgressFrame
from talchum.domain.leg_tag import LegTag
from talchum.domain.segments import Segment
from talchum.vision.marks import Marking
from talchum.vision.pipeline import FaceNetworks, FacePipeline, WornFace

_STAGES = {"track": "trackTime", "render": "renderTime", "blend": "blendTime", "mark": "markTime"}


@dataclass(slots=True)
class TransformReport:
    """What became of a clip or of a segment.

    frames, card_frames: how many were written, and how many of them are cards.
    cpu_seconds: by stage and in total, the pre-roll left out.
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

    def add_segment(self, other: TransformReport) -> None:
        """Count a segment."""
        self.frames += other.frames
        self.card_frames += other.card_frames
        for name, seconds in other.cpu_seconds.items():
            self.cpu_seconds[name] += seconds

    def as_json(self, tag: LegTag) -> str:
        """The report that automation relies on; CPU milliseconds a frame, mean. tag: of the clip."""
        each = {name: round(1e3 * total / max(self.frames, 1), 3) for name, total in self.cpu_seconds.items()}
        counts = {"frames": self.frames, "cardFrames": self.card_frames}
        return json.dumps({"tag": str(tag), **counts, "msPerFrame": each})


@dataclass(frozen=True, slots=True)
class ClipFace:
    """The face of a whole clip. entropy: what its engine draws at random, once for all segments."""

    networks: FaceNetworks
    worn: WornFace
    entropy: int
    marking: Marking

    def pipeline(self) -> FacePipeline:
        """A pipeline that has seen nothing yet, with the face on."""
        pipeline = FacePipeline(self.networks, self.marking, entropy=self.entropy)
        pipeline.wear(self.worn)
        return pipeline


def transform_segment(
    source: Path, segment: Segment, target: Path, face: ClipFace, progress: Callable[[int], None]
) -> TransformReport:
    """Write a segment with the face on as a file for `join_segments`.

    The outcome depends on nothing but the arguments. progress: told after each frame how many are done; what
    it raises ends the work. Raises MediaFileError.
    """
    report = TransformReport()
    pipeline = face.pipeline()
    with ClipReader(source) as clip, SegmentWriter(target, clip.rate) as result:
        for frame, own in read_segment(clip, segment):
            start = time.thread_time()
            # The clip's time is the clock: what a call would hold for 300 ms is held for 300 ms of the clip.
            egress = pipeline.transform(frame, frame.media_time)
            if own:
                report.add(egress, time.thread_time() - start)
                result.write(egress.picture)
                progress(report.frames)
    return report
