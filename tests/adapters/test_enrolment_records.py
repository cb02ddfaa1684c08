"""An enrolment goes one way: offered, taken once, passed, learned, granted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from talchum.adapters.database import METADATA, open_database
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.domain.errors import DatabaseError, EnrolmentError
from tests.domain.consents import FRIEND, SUBJECT
from tests.domain.offers import NONCE, OFFERED, offer

CAPTURE = "cap-0000000000000001"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[EnrolmentRecords]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield EnrolmentRecords(engine)
    engine.dispose()


def passed(records: EnrolmentRecords) -> None:
    records.add(offer())
    records.take(NONCE, SUBJECT, OFFERED + 1)
    records.keep(NONCE, capture=CAPTURE, clip_key=b"k" * 32, template=b"sealed", evidence={"age": None})


def test_an_offer_comes_back_as_it_was(records: EnrolmentRecords) -> None:
    records.add(offer())
    row = records.get(NONCE)
    assert (row.offer, row.state, row.outcome) == (offer(), "offered", "")
    assert (row.capture, row.job, row.template) == (None, None, None)
    assert [one.offer.nonce for one in records.of_subject(SUBJECT)] == [NONCE]
    assert records.of_subject(FRIEND) == []


def test_of_many_who_begin_at_once_one_does(records: EnrolmentRecords) -> None:
    records.add(offer())
    begun, refused = list[float](), list[str]()

    def take(now: float) -> None:
        try:
            records.take(NONCE, SUBJECT, now)
            begun.append(now)
        except EnrolmentError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=take, args=(OFFERED + number,)) for number in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
    assert refused == ["enrolment_taken"] * 4
    assert records.get(NONCE).offer.taken_at == begun[0]


def test_it_is_taken_by_its_account_alone(records: EnrolmentRecords) -> None:
    records.add(offer())
    with pytest.raises(EnrolmentError) as refused:
        records.take(NONCE, FRIEND, OFFERED + 1)
    assert refused.value.code == "enrolment_unknown"
    assert records.get(NONCE).state == "offered"


def test_from_a_recording_to_a_face(records: EnrolmentRecords) -> None:
    passed(records)
    row = records.of_capture(CAPTURE)
    assert row is not None
    assert (row.state, row.clip_key, row.evidence) == ("passed", b"k" * 32, {"age": None})
    records.set_job(NONCE, "job")
    assert records.templates() == {}, "nobody wears a face that has no consent yet"
    records.learned(NONCE, {"name": "own-1"})
    assert [one.manifest for one in records.in_state("learned")] == [{"name": "own-1"}]
    records.close(NONCE, "learned", "granted")
    records.forget_recording(NONCE)
    row = records.get(NONCE)
    assert (row.state, row.capture, row.clip_key, row.manifest) == ("granted", None, None, None)
    assert records.templates() == {row.offer.identity: b"sealed"}
    assert [one.state for one in records.of_identity(row.offer.identity)] == ["granted"]


def test_what_is_dropped_keeps_no_template(records: EnrolmentRecords) -> None:
    passed(records)
    records.close(NONCE, "passed", "dropped")
    assert records.get(NONCE).template is None


def test_no_step_is_left_out_and_none_is_done_twice(records: EnrolmentRecords) -> None:
    records.add(offer())
    steps: list[Callable[[], object]] = [
        lambda: records.keep(NONCE, capture=CAPTURE, clip_key=b"", template=b"", evidence={}),
        lambda: records.learned(NONCE, {}),
        lambda: records.close(NONCE, "learned", "granted"),
        lambda: records.fail(NONCE, "too_many_tries"),
    ]
    for step in steps:
        with pytest.raises(EnrolmentError):
            step()
    records.take(NONCE, SUBJECT, OFFERED + 1)
    records.fail(NONCE, "too_many_tries")
    assert (records.get(NONCE).state, records.get(NONCE).outcome) == ("failed", "too_many_tries")
    with pytest.raises(EnrolmentError):
        records.keep(NONCE, capture=CAPTURE, clip_key=b"", template=b"", evidence={})


def test_what_is_forgotten_is_unknown(records: EnrolmentRecords) -> None:
    records.add(replace(offer(), title="한나"))
    assert records.get(NONCE).offer.title == "한나"
    records.delete(NONCE)
    records.delete(NONCE)
    with pytest.raises(EnrolmentError) as refused:
        records.get(NONCE)
    assert refused.value.code == "enrolment_unknown"


def test_without_a_database_it_says_so(records: EnrolmentRecords) -> None:
    METADATA.drop_all(records.engine)
    with pytest.raises(DatabaseError):
        records.in_state("learned")
