"""What `talchum verify` says of files: marked ones and clean ones after the same ways, and recordings.

A file is four seconds of one scene after one way of a call, in an MP4. Clean files are scenes that are like
no other, with a badge's look-alike in some. Recordings are marked files signed as a recorder signs them;
of each a copy is tampered with.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.outcome import Outcome
from benchmarks.trust_measures.channels import CHANNELS, Frames
from benchmarks.trust_measures.contents import CONTENTS, RATE, content, drawn_content
from talchum.adapters.recording_credentials import CertificateChain, sign_recording
from talchum.adapters.video_file import ClipWriter
from talchum.apps.settings import Settings
from talchum.apps.verify import run
from talchum.domain.disclosure import DisclosedLeg
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import RecordedPicture, manifest_of
from talchum.vision.badge import BadgePlace, draw_badge
from talchum.vision.blending import image_to_frame
from talchum.vision.marks import Marking, Marks

SECONDS = 4
_RECORDED_EVERY = 5
_LOOKALIKE_EVERY = 4
_OTHER_TEXT = "BOARDING:5A3C9F1"

Report = dict[str, Any]


def measure_verification(n: int) -> Outcome:
    """`n` marked files and as many clean ones; every fifth marked one is also a recording."""
    with tempfile.TemporaryDirectory() as directory:
        bench = _Files(Path(directory))
        for number in range(n):
            bench.try_marked(number)
            bench.try_clean(number)
    right, trusted, reported = (bench.right[name] for name in ("marked", "trusted", "tampered"))
    wrong, recordings = n - bench.right["clean"], len(range(0, n, _RECORDED_EVERY))
    return Outcome(
        "verify of files after a call, marked and clean",
        f"{n} of {n} and 0 of {n}; a recording that was tampered with is reported",
        f"{right} of {n} and {wrong} of {n}; {reported} of {recordings} reported",
        2 * n,
        right == n and wrong == 0 and trusted == reported == recordings,
        {"recordingsTrusted": trusted, "surprises": bench.surprises},
    )


class _Files:
    """Makes the files in a directory, examines them, and counts what was as it should be."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._settings = Settings(redis_url="", data=directory / "data")
        self._chain = CertificateChain.of("", self._settings.data)
        self.right: Counter[str] = Counter()
        self.surprises: list[str] = []

    def try_marked(self, number: int) -> None:
        """One marked file, with the tag that was put in; now and then as a recording too."""
        names, ways = list(CONTENTS), list(CHANNELS)
        name, way = names[number % len(names)], ways[number % len(ways)]
        tag = LegTag.drawn(np.random.default_rng(700 + number).bytes(5))
        path = self._written(CHANNELS[way](list(_marked(name, tag))))
        self._count("marked", f"{name}, {way}", _is_marked(self._report(path), tag))
        if number % _RECORDED_EVERY == 0:
            self._try_recording(path, tag)

    def try_clean(self, number: int) -> None:
        """One that nobody marked; some have in them what looks like a badge."""
        ways = list(CHANNELS)
        frames = list(drawn_content(10_000 + number, SECONDS * RATE))
        if number % _LOOKALIKE_EVERY == 0:
            frames = [_with_lookalike(frame) for frame in frames]
        way = ways[number % len(ways)]
        report = self._report(self._written(CHANNELS[way](frames)))
        silent = report["verdict"] == "not-detected" and not report["badge"]["read"]
        self._count("clean", f"clean {number}, {way}", silent)

    def _try_recording(self, path: Path, tag: LegTag) -> None:
        picture = RecordedPicture()
        picture.disclosed((DisclosedLeg(tag, "synthetic", "neural"),))
        manifest = manifest_of([picture], [], recording="r" * 32, version="1")
        signed = path.with_suffix(".signed.mp4")
        with path.open("rb") as source, signed.open("w+b") as target:
            sign_recording(source, target, manifest, self._chain)
        report = self._report(signed)
        good = _is_marked(report, tag) and report["credentials"]["state"] == "trusted"
        self._count("trusted", "recording", good)
        film = bytearray(signed.read_bytes())
        film[-1000] ^= 1
        signed.write_bytes(film)
        report = self._report(signed)
        told = report["disagreements"] == ["credentials_invalid"]
        self._count("tampered", "tampered recording", told and report["verdict"] == "marked-inconsistent")

    def _report(self, path: Path) -> Report:
        out = io.StringIO()
        with redirect_stderr(io.StringIO()):  # its progress bar
            run(self._settings, path, as_json=True, out=out)
        report: Report = json.loads(out.getvalue())
        return report

    def _written(self, frames: Frames) -> Path:
        path = self._directory / "file.mp4"
        with ClipWriter(path, Fraction(RATE)) as writer:
            for number, frame in enumerate(frames):
                writer.write(I420Frame(frame.buffer, frame.width, frame.height, number / RATE))
        return path

    def _count(self, what: str, name: str, right: bool) -> None:
        self.right[what] += right
        if not right:
            self.surprises.append(f"{what}: {name}")


def _marked(name: str, tag: LegTag) -> Iterator[I420Frame]:
    marks = Marks(Marking(tag))
    for number, frame in enumerate(content(name, SECONDS * RATE)):
        picture = frame.copy()
        marks.put(picture, "synthetic", number / RATE)
        yield picture


def _is_marked(report: Report, tag: LegTag) -> bool:
    tags = {interval["tag"] for interval in report["mark"]["intervals"]}
    return report["verdict"] == "marked" and tags == {str(tag)}


def _with_lookalike(frame: I420Frame) -> I420Frame:
    """A code of something else where the badge would be, drawn in the same way."""
    place = BadgePlace.of(frame.width, frame.height, "bottom-left")
    other, picture = image_to_frame(draw_badge(_OTHER_TEXT, place, "en"), 0.0), frame.copy()
    area = place.area
    picture.y[area.rows, area.columns] = other.y
    picture.u[area.chroma_rows, area.chroma_columns] = other.u
    picture.v[area.chroma_rows, area.chroma_columns] = other.v
    return picture
