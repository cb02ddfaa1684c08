from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from talchum.adapters.capture_records import CaptureRecords, still_files
from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import METADATA, open_database
from talchum.domain.errors import CaptureError, ContentError, DatabaseError
from tests.domain.test_capture import CAPTURE


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CaptureRecords]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield CaptureRecords(engine)
    engine.dispose()


def test_a_capture_comes_back_as_it_was(records: CaptureRecords) -> None:
    records.add(CAPTURE)
    assert records.get(CAPTURE.id) == CAPTURE


def test_the_newest_comes_first(records: CaptureRecords) -> None:
    older, newer = replace(CAPTURE, subject="kofi", created=1.0), replace(CAPTURE, created=2.0)
    records.add(older)
    records.add(newer)
    assert records.list() == [newer, older]


def test_a_capture_that_is_kept_already_stays_as_it_is(records: CaptureRecords) -> None:
    records.add(CAPTURE)
    records.add(replace(CAPTURE, created=CAPTURE.created + 60))
    assert records.list() == [CAPTURE]


def test_a_removed_capture_is_gone_and_removing_twice_is_nothing(records: CaptureRecords) -> None:
    records.add(CAPTURE)
    records.remove(CAPTURE.id)
    records.remove(CAPTURE.id)
    assert records.list() == []


@pytest.mark.parametrize("capture_id", ["cap-0123456789abcdef", "", "' OR 1=1 --", "cap-" + "0" * 400])
def test_an_id_that_names_nothing_is_unknown(records: CaptureRecords, capture_id: str) -> None:
    with pytest.raises(CaptureError) as refused:
        records.get(capture_id)
    assert refused.value.code == "capture_unknown"
    assert len(refused.value.message) < 200


def test_a_database_that_does_not_answer_is_said_so(records: CaptureRecords) -> None:
    METADATA.drop_all(records.engine)
    for ask in (records.list, lambda: records.add(CAPTURE), lambda: records.get(CAPTURE.id)):
        with pytest.raises(DatabaseError) as refused:
            ask()
        assert refused.value.retryable


def test_an_identity_takes_over_still_points_and_thumbnail(tmp_path: Path) -> None:
    content = DirectoryStore(tmp_path)
    still, points, thumbnail = (content.put(part) for part in (b"still", b"points", b"thumbnail"))
    capture = replace(CAPTURE, still=still, points=points, thumbnail=thumbnail)
    assert still_files(capture, content) == {
        "texture.webp": b"still",
        "texture_points.npy": b"points",
        "thumbnail.webp": b"thumbnail",
    }
    content.delete(points)
    with pytest.raises(ContentError):
        still_files(capture, content)
