"""Consent records: they end once and for good, whatever becomes of the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.consent_records import ConsentRecords
from talchum.adapters.database import METADATA, open_database
from talchum.domain.consent import Consent, handle_hash
from talchum.domain.errors import ConsentError, DatabaseError
from tests.domain.consents import NOW, OWN, SUBJECT, own


@pytest.fixture
def records(tmp_path: Path) -> Iterator[ConsentRecords]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield ConsentRecords(engine)
    engine.dispose()


def keep(records: ConsentRecords, consent: Consent = OWN) -> None:
    with records.engine.begin() as connection:
        records.add(connection, consent, f"record of {consent.id}")


def test_a_record_comes_back_as_it_was(records: ConsentRecords) -> None:
    keep(records)
    keep(records, own(identity="juno", revocation=handle_hash("another")))
    row = records.get(OWN.id)
    assert (row.id, row.identity, row.record) == (OWN.id, "hana", f"record of {OWN.id}")
    assert (row.ended, row.reason) == (None, "")
    assert {one.identity for one in records.list()} == {"hana", "juno"}
    assert {one.id for one in records.of_subject(SUBJECT)} == {one.id for one in records.list()}
    assert records.of_subject("acc-0000000000000000") == []


def test_a_consent_ends_once(records: ConsentRecords) -> None:
    keep(records)
    assert records.end(OWN.id, "subject", NOW + 5.5)
    assert not records.end(OWN.id, "operator", NOW + 9)
    row = records.get(OWN.id)
    assert (row.ended, row.reason) == (NOW + 5, "subject")


def test_a_record_that_comes_back_after_its_end_is_refused(records: ConsentRecords) -> None:
    keep(records)
    records.end(OWN.id, "erased", NOW)
    records.erase(OWN.id)
    assert records.list() == []
    with pytest.raises(ConsentError) as refused:
        keep(records)
    assert refused.value.code == "consent_ended"


def test_a_record_is_kept_once(records: ConsentRecords) -> None:
    keep(records)
    with pytest.raises(ConsentError) as refused:
        keep(records)
    assert refused.value.code == "consent_exists"


def test_a_consent_nobody_gave_is_unknown(records: ConsentRecords) -> None:
    with pytest.raises(ConsentError) as refused:
        records.get("con-0000000000000000")
    assert refused.value.code == "consent_unknown"


def test_a_database_that_does_not_answer_is_said_so(records: ConsentRecords) -> None:
    METADATA.drop_all(records.engine)
    for ask in (records.list, lambda: records.get(OWN.id), lambda: records.end(OWN.id, "subject", 1.0)):
        with pytest.raises(DatabaseError):
            ask()
