"""The check of an own face's owner comes from their enrolment, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.signing import KEY_FILE
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolled_faces import EnrolledFaces
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.settings import Settings
from talchum.domain.errors import ConsentError, IdentityError, SettingsError
from tests.apps.people import registry_in, remember_owner
from tests.vision.scenes import at_time, clip, face_in, face_networks, portrait, tracked

pytestmark = pytest.mark.vision


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ConsentRegistry]:
    opened = registry_in(tmp_path)
    yield opened
    opened.records.engine.dispose()


def enrolled_in(data: Path, **settings: str) -> EnrolledFaces:
    chosen = Settings(redis_url="", data=data, **settings)  # type: ignore[arg-type]
    return EnrolledFaces(chosen, face_networks(), KnownIdentities.of(chosen))


def test_owner_is_admitted_and_another_is_not(registry: ConsentRegistry, tmp_path: Path) -> None:
    remember_owner(registry, "hana", face_in(clip(1)[0]))
    check = enrolled_in(tmp_path).check("hana")
    frames = [at_time(clip(1)[0], number / 10) for number in range(5)]
    assert [check.admits(frame, tracked(1)[0]) for frame in frames][-1]


def test_another_owner_does_not_admit_them(registry: ConsentRegistry, tmp_path: Path) -> None:
    remember_owner(registry, "hana", face_in(portrait("sora")))
    check = enrolled_in(tmp_path).check("hana")
    frames = [at_time(clip(1)[0], number / 10) for number in range(5)]
    assert not any(check.admits(frame, tracked(1)[0]) for frame in frames)


def test_a_face_without_its_enrolment_is_refused(registry: ConsentRegistry, tmp_path: Path) -> None:
    with pytest.raises(IdentityError) as refused:
        enrolled_in(tmp_path).check("hana")
    assert refused.value.code == "owner_unknown"


def test_a_machine_without_the_key_opens_nobodys_face(registry: ConsentRegistry, tmp_path: Path) -> None:
    remember_owner(registry, "hana", face_in(portrait("sora")))
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(SettingsError) as refused:
        enrolled_in(tmp_path).check("hana")
    assert refused.value.code == "signing_key_missing"
    registry_in(tmp_path).records.engine.dispose()  # makes another key
    with pytest.raises(ConsentError) as unreadable:
        enrolled_in(tmp_path).check("hana")
    assert unreadable.value.code == "template_unreadable"
