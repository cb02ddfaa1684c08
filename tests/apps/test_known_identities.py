"""What a running process knows: learned identities come and go, and a lost database takes nothing away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from talchum.adapters.database import METADATA
from talchum.adapters.identity_library import IdentityLibrary
from talchum.apps.known_identities import KnownIdentities, open_library
from talchum.apps.settings import Settings
from talchum.domain.errors import DatabaseError, IdentityError, SettingsError
from tests.adapters.learned_bundles import SHIPPED, learned_bundle


def settings(directory: Path) -> Settings:
    return Settings(redis_url="", data=directory / "data")


@dataclass
class Place:
    """An installation's library as another process has it, and a database that may be lost."""

    directory: Path
    lost: bool = False
    opened: list[IdentityLibrary] = field(default_factory=list)

    def open(self) -> IdentityLibrary:
        if self.lost:
            raise DatabaseError("the database cannot be opened: OperationalError")
        self.opened.append(open_library(settings(self.directory)))
        return self.opened[-1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    for library in found.opened:
        library.learned.engine.dispose()


def test_what_is_learned_elsewhere_is_known_after_a_refresh(place: Place) -> None:
    known = KnownIdentities(SHIPPED, place.open)
    known.refresh()
    assert "hana" not in known
    place.open().add(learned_bundle("hana"), 1.0)
    assert "hana" not in known, "what rooms accept changes only with a refresh"
    known.refresh()
    assert "hana" in known
    assert known.assets("hana").network == b"a network"
    assert known.identity("hana").learned
    assert known.preview("hana") == b"a preview"
    assert not known.ships("hana")


def test_first_engine_is_the_identitys_own_and_neural_for_what_was_learned(place: Place) -> None:
    known = KnownIdentities(SHIPPED, place.open)
    place.open().add(learned_bundle("hana"), 1.0)
    known.refresh()
    assert known.first_engine("hana") == known.identity("hana").engines[0]
    for shipped in SHIPPED.list():
        assert known.first_engine(shipped.name) == shipped.engines[0]


def test_the_list_is_fresh_and_so_is_what_rooms_accept_after_it(place: Place) -> None:
    known = KnownIdentities(SHIPPED, place.open)
    assert known.list() == SHIPPED.list()
    place.open().add(learned_bundle("hana"), 1.0)
    assert "hana" in [identity.name for identity in known.list()]
    assert "hana" in known
    place.open().learned.remove("hana")
    assert "hana" not in [identity.name for identity in known.list()]
    assert "hana" not in known


def test_without_a_database_what_ships_is_there_and_nothing_waits(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.lost = True
    known = KnownIdentities(SHIPPED, place.open)
    for _ in range(3):
        known.refresh()
    assert known.list() == SHIPPED.list()
    assert "sora" in known
    assert known.thumbnail("sora") == SHIPPED.thumbnail("sora")
    assert known.assets("veil").kind == "anonymise"
    assert caplog.text.count("learned identities") == 1, "said once, not once a second"
    with pytest.raises(DatabaseError):
        known.assets("hana")


def test_a_database_that_comes_late_is_found(place: Place) -> None:
    place.lost = True
    known = KnownIdentities(SHIPPED, place.open)
    known.refresh()
    place.lost = False
    place.open().add(learned_bundle("hana"), 1.0)
    known.refresh()
    assert "hana" in known


def test_a_database_that_is_lost_later_takes_nothing_away(place: Place) -> None:
    place.open().add(learned_bundle("hana"), 1.0)
    known = KnownIdentities(SHIPPED, place.open)
    before = known.list()
    METADATA.drop_all(known.library().learned.engine)
    assert known.list() == before
    assert "hana" in known


def test_a_name_nobody_has_is_unknown(place: Place) -> None:
    known = KnownIdentities(SHIPPED, place.open)
    for ask in (known.assets, known.thumbnail, known.preview, known.identity):
        with pytest.raises(IdentityError) as refused:
            ask("../sora")
        assert refused.value.code == "identity_unknown"


def test_a_name_that_is_not_known_yet_may_be_a_persons(place: Place) -> None:
    known = KnownIdentities(SHIPPED, place.open)
    assert known.needs_consent("hana")
    assert not known.needs_consent("sora")


def test_an_installation_keeps_its_own_beside_its_data(tmp_path: Path) -> None:
    known = KnownIdentities.of(settings(tmp_path))
    known.library().add(learned_bundle("hana"), 1.0)
    assert (tmp_path / "data" / "talchum.db").is_file()
    assert any((tmp_path / "data" / "content").iterdir())
    known.library().learned.engine.dispose()


def test_a_store_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    wrong = Settings(redis_url="", data=tmp_path, content_url="file://elsewhere/content")
    with pytest.raises(SettingsError):
        KnownIdentities.of(wrong)
