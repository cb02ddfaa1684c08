"""Recordings that are kept for a while, for those who know what opens them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import open_database
from talchum.adapters.recording_files import RecordingFiles
from talchum.domain.errors import ContentError

SECRET, OTHER = "s" * 32, "t" * 32
FILM = b"film" + os.urandom(3_000_000)


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[RecordingFiles]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield RecordingFiles(engine, DirectoryStore(tmp_path / "content"), tmp_path)
    engine.dispose()


def files(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


def test_a_recording_comes_back_to_who_knows_its_secret(recordings: RecordingFiles) -> None:
    recordings.keep(io.BytesIO(FILM), SECRET, expires=100.0)
    kept = recordings.get(SECRET, now=99.0)
    assert kept.size == len(FILM)
    assert b"".join(kept.pieces()) == FILM


def test_nobody_else_sees_anything(recordings: RecordingFiles, tmp_path: Path) -> None:
    recordings.keep(io.BytesIO(FILM), SECRET, expires=100.0)
    with pytest.raises(ContentError) as caught:
        recordings.get(OTHER, now=1.0)
    assert caught.value.code == "recording_unknown"
    for content in files(tmp_path):
        assert FILM[1000:1100] not in content
        assert SECRET.encode() not in content


def test_when_its_time_is_over_nothing_is_left(recordings: RecordingFiles, tmp_path: Path) -> None:
    recordings.keep(io.BytesIO(FILM), SECRET, expires=100.0)
    recordings.keep(io.BytesIO(FILM), OTHER, expires=200.0)
    with pytest.raises(ContentError):
        recordings.get(SECRET, now=100.0)
    assert recordings.sweep(99.0) == 0
    assert recordings.sweep(100.0) == 1
    assert len(files(tmp_path / "content")) == 1
    assert recordings.get(OTHER, now=101.0).size == len(FILM)
    assert recordings.sweep(200.0) == 1
    assert files(tmp_path / "content") == []
