"""A person's face comes with the consent to it, and goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.apps.consent_registry import ConsentRegistry
from talchum.domain.consent import handle_hash
from talchum.domain.errors import ConsentError, ContentError, IdentityError, StatementError
from tests.apps.people import HANDLE, consent_to, persons_bundle, registry_in
from tests.domain.consents import FRIEND, SUBJECT


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ConsentRegistry]:
    opened = registry_in(tmp_path)
    yield opened
    opened.records.engine.dispose()


def events(registry: ConsentRegistry) -> list[str]:
    return [entry.event.name for entry in registry.audit.entries()]


def test_a_face_is_kept_with_the_signed_consent_to_it(registry: ConsentRegistry) -> None:
    bundle = persons_bundle()
    consent = consent_to(bundle)
    record = registry.grant(bundle, consent)
    [row] = registry.records.list()
    assert row.record == record
    assert registry.read(row) == consent
    assert registry.library.identity("hana").kind == "self"
    assert events(registry) == ["consent-given"]


def test_a_face_without_its_consent_is_not_kept(registry: ConsentRegistry) -> None:
    with pytest.raises(IdentityError) as refused:
        registry.library.add(persons_bundle(), 1.0)
    assert refused.value.code == "consent_missing"
    assert "hana" not in registry.library.digests()


def test_a_consent_to_other_files_keeps_nothing(registry: ConsentRegistry) -> None:
    with pytest.raises(ConsentError):
        registry.grant(persons_bundle(kind="licensed"), consent_to(persons_bundle()))
    assert registry.records.list() == []
    assert "hana" not in registry.library.digests()


def test_a_consent_that_was_revoked_before_does_not_bring_the_face_back(registry: ConsentRegistry) -> None:
    bundle = persons_bundle()
    registry.grant(bundle, consent_to(bundle))
    registry.end(registry.records.list()[0].id, "subject")
    with pytest.raises(ConsentError) as refused:
        registry.grant(bundle, consent_to(bundle))
    assert refused.value.code == "consent_ended"
    assert "hana" not in registry.library.digests()


@pytest.mark.parametrize("typed", [HANDLE, HANDLE.lower(), HANDLE.replace("-", " ")])
def test_a_handle_takes_the_consent_back_and_the_face_with_its_files_is_gone(
    registry: ConsentRegistry, typed: str
) -> None:
    bundle = persons_bundle()
    registry.grant(bundle, consent_to(bundle))
    registry.end(registry.find_by_handle(typed).id, "subject")
    assert "hana" not in registry.library.digests()
    for digest in bundle.identity.files.values():
        with pytest.raises(ContentError):
            registry.library.learned.content.get(digest)
    assert events(registry) == ["consent-given", "revoked"]
    [row] = registry.records.list()
    assert row.reason == "subject"


def test_ending_a_consent_again_is_nothing(registry: ConsentRegistry) -> None:
    bundle = persons_bundle()
    consent = consent_to(bundle)
    registry.grant(bundle, consent)
    registry.end(consent.id, "operator")
    registry.end(consent.id, "subject")
    assert events(registry) == ["consent-given", "revoked"]


def test_the_name_of_a_consent_is_no_handle(registry: ConsentRegistry) -> None:
    bundle = persons_bundle()
    consent = consent_to(bundle)
    registry.grant(bundle, consent)
    assert registry.find(consent.id).id == registry.find(HANDLE).id
    with pytest.raises(ConsentError) as refused:
        registry.find_by_handle(consent.id)
    assert refused.value.code == "consent_unknown"


def test_a_face_stays_while_another_consent_to_it_holds(registry: ConsentRegistry) -> None:
    bundle = persons_bundle(kind="licensed")
    first, second = consent_to(bundle), consent_to(bundle, handle="another")
    registry.grant(bundle, first)
    registry.grant(bundle, second)
    registry.end(first.id, "subject")
    assert "hana" in registry.library.digests()
    registry.end(second.id, "subject")
    assert "hana" not in registry.library.digests()


def test_files_that_something_else_names_stay(registry: ConsentRegistry) -> None:
    bundle, other = persons_bundle(), persons_bundle("juno")
    registry.grant(bundle, consent_to(bundle))
    registry.grant(other, consent_to(other, handle="another"))
    registry.end(consent_to(bundle).id, "subject")
    assert registry.library.assets("juno").texture is not None


def test_what_ran_out_is_ended_with_its_face(registry: ConsentRegistry) -> None:
    old, new = persons_bundle(), persons_bundle("juno")
    registry.grant(old, consent_to(old, seconds=10, since=60.0))
    registry.grant(new, consent_to(new, handle="another"))
    registry.end_expired()
    assert set(registry.library.learned.digests()) == {"juno"}
    assert events(registry) == ["consent-given", "consent-given", "consent-expired"]


def test_an_account_sees_what_it_gave_and_what_names_it(registry: ConsentRegistry) -> None:
    mine, let = persons_bundle(), persons_bundle("juno", "licensed")
    registry.grant(mine, consent_to(mine))
    registry.grant(let, consent_to(let, handle="another"))
    assert {consent.identity for _, consent in registry.named_in(SUBJECT)} == {"hana", "juno"}
    assert {consent.identity for _, consent in registry.named_in(FRIEND)} == {"juno"}


def test_erasing_takes_records_and_faces_and_leaves_only_that_they_ended(registry: ConsentRegistry) -> None:
    mine = persons_bundle()
    registry.grant(mine, consent_to(mine))
    registry.erase(SUBJECT)
    assert registry.records.list() == []
    assert registry.library.learned.list() == []
    with registry.records.engine.connect() as connection:
        kept = connection.execute(text("SELECT consent, reason FROM consent_ends")).all()
    assert [tuple(row) for row in kept] == [(consent_to(mine).id, "erased")]


def test_a_record_that_was_altered_is_no_consent(registry: ConsentRegistry) -> None:
    bundle = persons_bundle()
    registry.grant(bundle, consent_to(bundle))
    with registry.records.engine.begin() as connection:
        connection.execute(text("UPDATE consents SET record = record || 'x'"))
    with pytest.raises(StatementError):
        registry.read(registry.records.list()[0])
    assert registry.named_in(SUBJECT) == []
    registry.end_expired()
    assert handle_hash(HANDLE)[:16] in registry.records.list()[0].id
