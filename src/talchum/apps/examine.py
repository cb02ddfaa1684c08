"""Looks for marks in a video file: as a whole, and where there are none, for a marked picture within it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from talchum.adapters.content_credentials import read_credentials
from talchum.adapters.video_file import ClipReader
from talchum.domain.errors import MediaFileError
from talchum.domain.frame import I420Frame, Plane
from talchum.domain.verification import BadgeFinding, Finding, MarkFinding
from talchum.vision.badge_reading import BadgeReader
from talchum.vision.mark_geometry import PictureGeometry
from talchum.vision.mark_scan import MarkScan
from talchum.vision.mark_search import TurningPicture, geometries_of_badge, refine, search

Progress = Callable[[str, float], None]
"""Told what is being done ("reading", "searching", "reading again") and its share, 0 to 1."""

SEARCHED_SECONDS = 3.0
SEARCHED_PLACES = (0.5, 0.15, 0.85)
"""Where in the video a marked picture is sought: a call seldom fills a recording from end to end."""

_BADGE_EVERY_SECONDS = 0.5
_LEAST_CONFIDENCE = 9.0


class Examination:
    """One video file. Its methods raise MediaFileError when it cannot be read at all.

    anchors: as `read_credentials`.
    """

    def __init__(self, path: Path, progress: Progress, anchors: str = "") -> None:
        self._path = path
        self._progress = progress
        self._anchors = anchors
        self._seconds = 0.0
        self._truncated = False

    def run(self) -> Finding:
        """All that is found."""
        mark, badge = self._read_whole()
        if not mark.intervals:
            geometry = self._locate()
            if geometry is not None:
                mark = self._read_part(geometry)
                badge = badge if badge.read else self._badge_within()
        credentials = read_credentials(self._path, self._anchors)
        return Finding(self._seconds, mark, badge, credentials, self._truncated)

    def _read_whole(self) -> tuple[MarkFinding, BadgeFinding]:
        scan: MarkScan | None = None
        reader, tags, looked, next_look = BadgeReader(), Counter[str](), 0, 0.0
        for frame in self._frames("reading"):
            if scan is None:
                scan = MarkScan(PictureGeometry.whole(frame.width, frame.height), whole=True)
            scan.add(frame.media_time, frame.y)
            if frame.media_time >= next_look:
                next_look = frame.media_time + _BADGE_EVERY_SECONDS
                looked += 1
                if (tag := reader.read(frame.y)) is not None:
                    tags[str(tag)] += 1
        if scan is None:
            raise MediaFileError("got a video without a picture, expected one", code="media_file_no_video")
        return scan.finding(), BadgeFinding(looked, tags)

    def _read_part(self, geometry: PictureGeometry) -> MarkFinding:
        scan = MarkScan(geometry, whole=False)
        for frame in self._frames("reading again"):
            scan.add(frame.media_time, frame.y)
        return scan.finding()

    def _locate(self) -> PictureGeometry | None:
        """Where a marked picture lies, by its badge or by search."""
        starts = self._starts()
        for number, start in enumerate(starts):
            frames = list(self._window(start, start + SEARCHED_SECONDS))
            if len(frames) < 2:
                continue
            picture = TurningPicture.of(frames)
            found = self._by_badge(picture, frames[len(frames) // 2][1])

            def tell(share: float, done: int = number) -> None:
                self._progress("searching", (done + share) / len(starts))

            found = found or search(picture, tell)
            if found is not None:
                return found
        return None

    def _starts(self) -> list[float]:
        """Where windows to search begin; no two overlap by more than half."""
        starts: list[float] = []
        for place in SEARCHED_PLACES:
            start = max(0.0, place * self._seconds - SEARCHED_SECONDS / 2)
            if all(abs(start - other) >= SEARCHED_SECONDS / 2 for other in starts):
                starts.append(start)
        return starts

    def _by_badge(self, picture: TurningPicture, luma: Plane) -> PictureGeometry | None:
        badge = BadgeReader().find(luma)
        if badge is None:
            return None
        geometry = max(geometries_of_badge(badge[1], *picture.size), key=picture.confidence)
        geometry, confidence = refine(picture, geometry)
        return geometry if confidence >= _LEAST_CONFIDENCE else None

    def _badge_within(self) -> BadgeFinding:
        """The badge of a picture that is a part of the video."""
        reader, tags, looked = BadgeReader(), Counter[str](), 0
        for place in SEARCHED_PLACES:
            for _, luma in self._window(place * self._seconds, self._seconds):
                looked += 1
                if (found := reader.find(luma)) is not None:
                    tags[str(found[0])] += 1
                break
        return BadgeFinding(looked, tags)

    def _window(self, start: float, end: float) -> Iterator[tuple[float, Plane]]:
        with ClipReader(self._path) as clip:
            try:
                for frame in clip.frames():
                    if frame.media_time >= end:
                        return
                    if frame.media_time >= start:
                        yield frame.media_time, frame.y
            except MediaFileError:
                return  # said by the first reading

    def _frames(self, doing: str) -> Iterator[I420Frame]:
        """All pictures that can be decoded; a file that ends early or breaks off is read until there."""
        with ClipReader(self._path) as clip:
            total = clip.frame_count or 0
            count = 0
            try:
                for frame in clip.frames():
                    yield frame
                    count += 1
                    self._seconds = max(self._seconds, frame.media_time)
                    if total:
                        self._progress(doing, min(1.0, count / total))
            except MediaFileError:
                if count == 0:
                    raise
                self._truncated = True
