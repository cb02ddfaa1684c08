"""Who ships: all of the roster, adults, within the limits that keep a face natural."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from faces.chosen import CHOSEN
from faces.masks import MASKS
from faces.people import Person
from faces.roster import PEOPLE
from faces.spread import MOST
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.identity import is_identity_name

INSTALLED = IdentityFiles(default_identities_directory())


def test_installed_are_the_roster_the_masks_and_the_veil() -> None:
    assert {one.name for one in INSTALLED.list()} == {
        *(person.name for person in PEOPLE),
        *(mask.name for mask in MASKS),
        "veil",
    }


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_person_is_an_adult_of_bounded_targets(person: Person) -> None:
    assert is_identity_name(person.name)
    assert person.shape.age >= 25
    assert sum(person.shape.ancestry) == pytest.approx(1.0)
    assert max(person.shape.targets.values()) <= MOST


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_manifest_states_the_parameters_the_person_is_made_with(person: Person) -> None:
    stated = INSTALLED.identity(person.name).provenance["parameters"]
    made_with = json.loads(json.dumps(asdict(person)))
    assert stated == {
        key: value for key, value in made_with.items() if key not in ("name", "title", "description")
    }


def test_people_vary_in_sex_age_and_ancestry() -> None:
    assert {person.shape.male > 0.5 for person in PEOPLE} == {True, False}
    ages = [person.shape.age for person in PEOPLE]
    assert min(ages) < 30
    assert max(ages) > 60
    assert any(40 <= age <= 50 for age in ages)
    for share in range(3):
        assert sum(person.shape.ancestry[share] > 0.9 for person in PEOPLE) >= 2
    assert any(max(person.shape.ancestry) < 0.6 for person in PEOPLE)


def test_everybody_was_set_apart() -> None:
    assert set(CHOSEN) == {person.name for person in PEOPLE}
