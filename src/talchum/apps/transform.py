"""`talchum transform`: the face pipeline of a call over a clip on disk, its sound kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from talchum.adapters.clip_segments import check_writable, join_segments, segments_of
from talchum.adapters.identity_files import IdentityFiles
from talchum.adapters.video_file import ClipReader
from talchum.apps.installed_identities import installed_identities
from talchum.apps.known_consents import expect_of_nobody
from talchum.apps.transform_segment import ClipFace, TransformReport, transform_segment
from talchum.domain.leg_tag import LegTag
from talchum.domain.rendering import AS_USUAL, BadgeStyle, Rendering
from talchum.domain.segments import SEGMENT_SECONDS
from talchum.vision.marks import Marking
from talchum.vision.networks import default_networks_directory
from talchum.vision.pipeline import FaceNetworks, prepare_worn_face

ENTROPY_BITS = 64


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
    rendering: Rendering = AS_USUAL,
    segment_seconds: float = SEGMENT_SECONDS,
    badge: BadgeStyle | None = None,
    entropy: int | None = None,
    tag: LegTag | None = None,
) -> int:
    """Put a face into a clip; returns the exit status.

    badge: how the mark that people see looks. entropy: what the engine draws at random. tag: what marks the
    clip. Both are fresh when None. Raises IdentityError, NetworkFileError,
    SettingsError or MediaFileError; then the target is as it was.
    """
    if identities_directory is None:
        assets = installed_identities(os.environ).assets(identity)
    else:
        assets = IdentityFiles(identities_directory).assets(identity)
    expect_of_nobody(assets.kind)
    networks = FaceNetworks.load(networks_directory or default_networks_directory())
    worn = prepare_worn_face(
        assets, engine or assets.engines[0], topology=networks.topology, rendering=rendering
    )
    drawn = entropy if entropy is not None else secrets.randbits(ENTROPY_BITS)
    tag = tag or LegTag.drawn(secrets.token_bytes(5))
    face = ClipFace(networks, worn, drawn, Marking(tag, badge or BadgeStyle()))
    report = _transform(source, target, face, segment_seconds)
    tell(report, tag, target, as_json=as_json, out=out)
    return 0


def _transform(source: Path, target: Path, face: ClipFace, segment_seconds: float) -> TransformReport:
    check_writable(target)
    segments = segments_of(source, segment_seconds)
    report = TransformReport()
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as directory:
        parts = [Path(directory) / f"{segment.number}.nut" for segment in segments]
        with progress_bar(source.name, sum(segment.frames for segment in segments)) as (progress, task):
            for segment, part in zip(segments, parts, strict=True):
                shown = partial(_show, progress, task, report.frames)
                report.add_segment(transform_segment(source, segment, part, face, shown))
        check_complete(source, report)
        join_segments(source, parts, target)
    return report


def _show(progress: Progress, task: TaskID, before: int, frames: int) -> None:
    progress.update(task, completed=before + frames)


def check_complete(source: Path, report: TransformReport) -> None:
    """Pass when about as many frames were transformed as the clip has. Raises MediaFileError."""
    with ClipReader(source) as clip:
        clip.check_whole(report.frames)


def tell(report: TransformReport, tag: LegTag, target: Path, *, as_json: bool, out: TextIO) -> None:
    """Write what became of a clip."""
    if as_json:
        out.write(report.as_json(tag) + "\n")
    else:
        out.write(f"{report.frames} frames, {report.card_frames} of them cards, marked {tag}: {target}\n")


@contextmanager
def progress_bar(name: str, frames: int) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on stderr while frames are transformed."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress, progress.add_task(name, total=frames)
