"""Who may wear whose face: as the newest answer says, and nobody when there is none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.adapters.consent_records import ConsentRecords
from talchum.adapters.signing import Verifier
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.known_consents import STALE_SECONDS, KnownConsents, WearingRights
from talchum.domain.errors import DatabaseError
from tests.apps.people import consent_to, persons_bundle, registry_in
from tests.domain.consents import FRIEND, STRANGER, SUBJECT


@dataclass
class Identities:
    """Faces of people by name; every other name shows nobody."""

    people: set[str] = field(default_factory=lambda: {"hana", "juno"})

    def needs_consent(self, name: str) -> bool:
        return name in self.people


@dataclass
class Place:
    """A registry as another process has it, a clock by hand, and a database that may be lost."""

    registry: ConsentRegistry
    clock: float = 100.0
    later: float = 0.0
    lost: bool = False

    def known(self) -> KnownConsents:
        return KnownConsents(
            self.open_records,
            self.open_verifier,
            clock=lambda: self.clock,
            now=lambda: time.time() + self.later,
        )

    def open_records(self) -> ConsentRecords:
        place = self

        class Records(ConsentRecords):
            def list(self):  # type: ignore[no-untyped-def]
                if place.lost:
                    raise DatabaseError("the database did not answer: OperationalError")
                return super().list()

        return Records(self.registry.records.engine)

    def open_verifier(self) -> Verifier:
        return self.registry.verifier


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(registry_in(tmp_path))
    yield found
    found.registry.records.engine.dispose()


def test_a_face_is_worn_by_whom_its_consent_names(place: Place) -> None:
    for name, kind in (("hana", "self"), ("juno", "licensed")):
        bundle = persons_bundle(name, kind)
        place.registry.grant(bundle, consent_to(bundle, handle=name))
    known = place.known()
    known.refresh()
    rights = WearingRights(Identities(), known)
    assert rights.may_wear(SUBJECT, "hana")
    assert rights.may_wear(FRIEND, "juno")
    for account, identity in ((FRIEND, "hana"), (SUBJECT, "juno"), (STRANGER, "hana"), ("", "hana")):
        assert not rights.may_wear(account, identity)
    assert rights.by_which(SUBJECT, "hana") is not None


def test_what_shows_nobody_is_worn_by_everybody(place: Place) -> None:
    rights = WearingRights(Identities(), place.known())
    assert rights.may_wear("", "sora")
    assert rights.may_wear(STRANGER, "veil")
    assert rights.by_which("", "sora") is None


def test_a_revoked_consent_is_gone_with_the_next_answer(place: Place) -> None:
    bundle = persons_bundle()
    consent = consent_to(bundle)
    place.registry.grant(bundle, consent)
    known = place.known()
    known.refresh()
    assert known.by_which(SUBJECT, "hana") == consent
    place.registry.end(consent.id, "subject")
    known.refresh()
    assert known.by_which(SUBJECT, "hana") is None


def test_a_consent_runs_out_without_any_answer(place: Place) -> None:
    bundle = persons_bundle()
    place.registry.grant(bundle, consent_to(bundle, seconds=600))
    known = place.known()
    known.refresh()
    assert known.by_which(SUBJECT, "hana") is not None
    place.later = 601.0
    assert known.by_which(SUBJECT, "hana") is None


def test_without_an_answer_what_was_known_holds_for_seconds_and_then_for_nobody(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = persons_bundle()
    place.registry.grant(bundle, consent_to(bundle))
    known = place.known()
    known.refresh()
    rights = WearingRights(Identities(), known)
    place.lost = True
    for _ in range(3):
        known.refresh()
    place.clock += STALE_SECONDS
    assert rights.may_wear(SUBJECT, "hana")
    place.clock += 0.01
    assert not rights.may_wear(SUBJECT, "hana")
    assert rights.may_wear("", "sora"), "a face of nobody needs no registry"
    assert len(caplog.records) == 1, "said once, not twice a second"
    place.lost = False
    known.refresh()
    assert rights.may_wear(SUBJECT, "hana")


def test_before_the_first_answer_nobody_wears_a_persons_face(place: Place) -> None:
    bundle = persons_bundle()
    place.registry.grant(bundle, consent_to(bundle))
    place.lost = True
    known = place.known()
    known.refresh()
    assert known.by_which(SUBJECT, "hana") is None


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE consents SET record = record || 'x'",
        "UPDATE consents SET record = 'nonsense'",
        "UPDATE consents SET identity = 'juno'",
        "UPDATE consents SET id = 'con-0000000000000000'",
    ],
)
def test_a_record_that_was_tampered_with_lets_nobody_wear_anything(
    place: Place, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = persons_bundle()
    place.registry.grant(bundle, consent_to(bundle))
    with place.registry.records.engine.begin() as connection:
        connection.execute(text(spoil))
    known = place.known()
    for _ in range(3):
        known.refresh()
    for identity in ("hana", "juno"):
        assert known.by_which(SUBJECT, identity) is None
    assert caplog.text.count("is not one") == 1


def test_a_record_signed_by_another_installation_is_none_here(place: Place, tmp_path: Path) -> None:
    other = registry_in(tmp_path / "other")
    bundle = persons_bundle()
    record = other.grant(bundle, consent_to(bundle))
    with place.registry.records.engine.begin() as connection:
        place.registry.records.add(connection, consent_to(bundle), record)
    known = place.known()
    known.refresh()
    assert known.by_which(SUBJECT, "hana") is None
    other.records.engine.dispose()
