"""Learned identities: they come back whole or not at all, and a name is one identity's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import METADATA, open_database
from talchum.adapters.learned_identities import LearnedIdentities
from talchum.domain.errors import ContentError, DatabaseError, IdentityError
from tests.adapters.learned_bundles import learned_bundle


@pytest.fixture
def learned(tmp_path: Path) -> Iterator[LearnedIdentities]:
    engine = open_database(f"sqlite:///{tmp_path / 'talchum.db'}")
    yield LearnedIdentities(engine, DirectoryStore(tmp_path / "content"))
    engine.dispose()


def test_a_learned_identity_comes_back_whole(learned: LearnedIdentities) -> None:
    learned.add(learned_bundle(), 1.0)
    identity = learned.identity("hana")
    assert identity.learned
    assert learned.list() == [identity]
    assets = learned.assets("hana")
    assert assets.texture is not None
    assert assets.network == b"a network"
    assert assets.neutral_shape is not None
    assert assets.neutral_shape.shape == (468, 3)
    assert learned.thumbnail("hana")[8:12] == b"WEBP"
    assert learned.preview("hana") == b"a preview"


def test_keeping_the_same_identity_again_is_nothing(learned: LearnedIdentities) -> None:
    learned.add(learned_bundle(), 1.0)
    learned.add(learned_bundle(), 2.0)
    assert list(learned.digests()) == ["hana"]


def test_another_identity_of_the_same_name_is_refused_and_the_first_stays(learned: LearnedIdentities) -> None:
    learned.add(learned_bundle(), 1.0)
    with pytest.raises(IdentityError) as refused:
        learned.add(learned_bundle(network=b"another network"), 2.0)
    assert refused.value.code == "identity_taken"
    assert learned.assets("hana").network == b"a network"


def test_a_name_that_was_removed_may_be_had_again_and_looks_changed(learned: LearnedIdentities) -> None:
    learned.add(learned_bundle(), 1.0)
    before = learned.digests()["hana"]
    learned.remove("hana")
    learned.remove("hana")
    assert learned.list() == []
    learned.add(learned_bundle(network=b"another network"), 2.0)
    assert learned.digests()["hana"] != before


@pytest.mark.parametrize("name", ["nobody", "../hana", "", "a" * 400])
def test_a_name_nobody_has_is_unknown(learned: LearnedIdentities, name: str) -> None:
    for ask in (learned.identity, learned.assets, learned.thumbnail, learned.preview):
        with pytest.raises(IdentityError) as refused:
            ask(name)
        assert refused.value.code == "identity_unknown"
        assert len(refused.value.message) < 200


@pytest.mark.parametrize("spoil", ["remove", "change"])
@pytest.mark.parametrize("file", ["texture.webp", "network.onnx", "neutral_shape.npy"])
def test_a_file_that_is_not_as_pinned_is_refused_by_name(
    learned: LearnedIdentities, file: str, spoil: str
) -> None:
    learned.add(learned_bundle(), 1.0)
    path = learned.content.path(learned.identity("hana").files[file])
    if spoil == "remove":
        path.unlink()
    else:
        path.write_bytes(b"something else")
    with pytest.raises(IdentityError, match=file) as refused:
        learned.assets("hana")
    assert refused.value.code == "identity_corrupt"


def test_a_store_that_does_not_answer_is_no_broken_identity(
    learned: LearnedIdentities, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.add(learned_bundle(), 1.0)

    def unavailable(_store: DirectoryStore, _digest: str) -> bytes:
        raise ContentError("the content store answered nothing, expected it to serve", retryable=True)

    monkeypatch.setattr(DirectoryStore, "get", unavailable)
    with pytest.raises(ContentError) as refused:
        learned.assets("hana")
    assert refused.value.retryable


def test_a_record_that_is_no_manifest_is_left_out_of_the_list(
    learned: LearnedIdentities, caplog: pytest.LogCaptureFixture
) -> None:
    learned.add(learned_bundle("hana"), 1.0)
    learned.add(learned_bundle("juno"), 1.0)
    with learned.engine.begin() as connection:
        connection.execute(text("UPDATE learned_identities SET manifest = '{}' WHERE name = 'hana'"))
    assert [identity.name for identity in learned.list()] == ["juno"]
    assert "identity left out" in caplog.text


def test_a_database_that_does_not_answer_is_said_so(learned: LearnedIdentities) -> None:
    METADATA.drop_all(learned.engine)
    for ask in (learned.list, learned.digests, lambda: learned.add(learned_bundle(), 1.0)):
        with pytest.raises(DatabaseError):
            ask()
