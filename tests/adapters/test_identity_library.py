"""The library: shipped and learned identities side by side, each name once, fresh without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.identity_files import default_identities_directory
from talchum.adapters.identity_library import IdentityLibrary
from talchum.domain.errors import IdentityError, SettingsError
from tests.adapters.learned_bundles import SHIPPED, learned_bundle


def opened(directory: Path) -> IdentityLibrary:
    return IdentityLibrary.open(
        default_identities_directory(),
        f"sqlite:///{directory / 'talchum.db'}",
        (directory / "content").as_uri(),
        directory / "content-cache",
    )


@pytest.fixture
def library(tmp_path: Path) -> Iterator[IdentityLibrary]:
    library = opened(tmp_path)
    yield library
    library.learned.engine.dispose()


def test_before_anything_is_learned_it_is_what_ships(library: IdentityLibrary) -> None:
    assert library.list() == SHIPPED.list()
    assert set(library.digests()) == {identity.name for identity in SHIPPED.list()}
    assert library.thumbnail("sora") == SHIPPED.thumbnail("sora")
    assert library.assets("veil").kind == "anonymise"


def test_what_another_process_learned_is_listed_among_the_people(
    library: IdentityLibrary, tmp_path: Path
) -> None:
    other = opened(tmp_path)
    other.add(learned_bundle("hana"), 1.0)
    other.learned.engine.dispose()
    names = [identity.name for identity in library.list()]
    assert names.index("elena") < names.index("hana") < names.index("ingrid")
    assert [identity.name for identity in library.list() if identity.learned] == ["hana"]
    assert library.assets("hana").network == b"a network"
    assert library.identity("hana").learned
    assert library.preview("hana") == b"a preview"


def test_a_shipped_name_cannot_be_taken(library: IdentityLibrary) -> None:
    with pytest.raises(IdentityError) as refused:
        library.add(learned_bundle("sora"), 1.0)
    assert refused.value.code == "identity_taken"
    assert library.learned.list() == []


def test_a_shipped_identity_wins_over_a_learned_one_of_an_older_version(library: IdentityLibrary) -> None:
    library.learned.add(learned_bundle("sora"), 1.0)
    assert not library.identity("sora").learned
    assert [identity.learned for identity in library.list() if identity.name == "sora"] == [False]
    assert library.digests()["sora"] == "shipped"


@pytest.mark.parametrize(
    ("name", "code"),
    [("sora", "identity_taken"), ("hana", "identity_taken"), ("../x", "identity_invalid")],
)
def test_a_name_that_is_taken_or_none_is_refused_before_any_training(
    library: IdentityLibrary, name: str, code: str
) -> None:
    library.add(learned_bundle("hana"), 1.0)
    with pytest.raises(IdentityError) as refused:
        library.expect_free(name)
    assert refused.value.code == code
    library.expect_free("juno")


def test_a_store_that_cannot_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        IdentityLibrary.open(
            tmp_path, f"sqlite:///{tmp_path / 'talchum.db'}", "ftp://content", tmp_path / "cache"
        )
