from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from talchum.adapters.content_store import ContentStore, DirectoryStore
from talchum.domain.errors import ContentError


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return DirectoryStore(tmp_path / "content")


def test_a_blob_comes_back_by_the_hash_of_its_bytes(store: ContentStore) -> None:
    digest = store.put(b"a face network")
    assert digest == hashlib.sha256(b"a face network").hexdigest()
    assert store.get(digest) == b"a face network"
    assert store.path(digest).read_bytes() == b"a face network"


def test_the_same_bytes_are_kept_once(store: ContentStore, tmp_path: Path) -> None:
    source = tmp_path / "clip"
    source.write_bytes(b"clip")
    assert store.put(b"clip") == store.put_file(source)
    assert len([path for path in (tmp_path / "content").rglob("*") if path.is_file()]) == 1


def test_bytes_that_changed_on_disk_are_refused(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    digest = store.put(b"as it was")
    (tmp_path / digest[:2] / digest).write_bytes(b"as it was not")
    for read in (store.get, store.path):
        with pytest.raises(ContentError) as caught:
            read(digest)
        assert caught.value.code == "content_corrupt"


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "ABCDEF", ""])
def test_a_digest_that_names_nothing_is_missing(store: ContentStore, digest: str) -> None:
    with pytest.raises(ContentError) as caught:
        store.get(digest)
    assert caught.value.code == "content_missing"


def test_a_deleted_blob_is_gone_and_deleting_twice_is_nothing(store: ContentStore) -> None:
    digest = store.put(b"to be forgotten")
    store.delete(digest)
    store.delete(digest)
    with pytest.raises(ContentError):
        store.get(digest)
