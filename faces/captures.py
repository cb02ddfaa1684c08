"""Captures of the synthetic people: each performs, and is kept as what a training job learns from.

``python -m faces.captures --only NAME ... [--data DIR] [--seconds N]`` draws the person performing
(`faces.performance`), puts the clip beside their still into the content store and a record into the database
of the installation, and prints the capture's id. It takes no clip: what is kept is what this very command
drew. Settings are those of the environment, as for the call server.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import cv2

from faces.__main__ import MAKEHUMAN, NOBODY
from faces.clip import RATE
from faces.performance import person_named, write_performance
from faces.prompts import FRAMES
from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import ContentStore, open_content_store
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import IdentityFiles
from talchum.apps.installed_identities import settings_of_commands
from talchum.domain.capture import Capture
from talchum.domain.identity import TEXTURE_POINTS_FILE, THUMBNAIL_FILE

GENERATOR = "faces.captures"


def drawn_clip(name: str, frames: int, cache: Path | None) -> bytes:
    """A person's performance as MP4, drawn now; minutes of work."""
    with tempfile.TemporaryDirectory() as scratch:
        write_performance(Path(scratch), person_named(name), frames, cache)
        return (Path(scratch) / f"{name}.mp4").read_bytes()


def kept(
    name: str, clip: bytes, seconds: float, identities: IdentityFiles, content: ContentStore, now: float
) -> Capture:
    """The capture of a shipped person, its parts put into the content store.

    clip: as `drawn_clip`. now: wall clock, seconds. Raises IdentityError, ContentError.
    """
    whole = identities.bundle(name)
    still = whole.identity.texture_file
    if still is None:
        raise ValueError(f"got {name!r} without a texture, expected a person")
    return Capture(
        subject=name,
        title=whole.identity.title,
        clip=content.put(clip),
        still=content.put(whole.files[still]),
        points=content.put(whole.files[TEXTURE_POINTS_FILE]),
        thumbnail=content.put(whole.files[THUMBNAIL_FILE]),
        seconds=seconds,
        provenance={"generator": GENERATOR, "statement": NOBODY, "inputs": [MAKEHUMAN]},
        created=now,
    )


def main() -> None:
    """Draw people performing and keep them as captures."""
    parser = argparse.ArgumentParser(prog="python -m faces.captures", description=main.__doc__)
    parser.add_argument("--only", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--data", type=Path, help="directory for state, as of talchum up")
    parser.add_argument("--seconds", type=float, default=FRAMES / RATE)
    parser.add_argument("--cache", type=Path, help="where the pinned wheel is kept")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = settings_of_commands(os.environ, arguments.data)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    records = CaptureRecords(open_database(settings.database))
    content = open_content_store(settings.content, settings.data / "content-cache")
    identities, frames = IdentityFiles(settings.identities), round(arguments.seconds * RATE)
    for name in arguments.only:
        clip = drawn_clip(name, frames, arguments.cache)
        capture = kept(name, clip, frames / RATE, identities, content, time.time())
        records.add(capture)
        print(capture.id, flush=True)


if __name__ == "__main__":
    main()
