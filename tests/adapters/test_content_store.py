"""What every content store keeps to: a directory, and a bucket that moto stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from talchum.adapters.content_store import ContentStore, DirectoryStore, open_content_store
from talchum.adapters.s3_store import S3Store
from talchum.domain.errors import ContentError, SettingsError
from tests.adapters.buckets import BUCKET, bucket


@pytest.fixture(params=["file", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ContentStore]:
    if request.param == "file":
        yield open_content_store((tmp_path / "the content").as_uri(), tmp_path / "cache")
        return
    with bucket(monkeypatch):
        yield open_content_store(f"s3://{BUCKET}/talchum", tmp_path / "cache")


def test_a_blob_comes_back_by_the_hash_of_its_bytes(store: ContentStore) -> None:
    digest = store.put(b"a face network")
    assert digest == hashlib.sha256(b"a face network").hexdigest()
    assert store.get(digest) == b"a face network"
    assert store.path(digest).read_bytes() == b"a face network"


def test_the_same_bytes_have_one_name(store: ContentStore, tmp_path: Path) -> None:
    source = tmp_path / "clip"
    source.write_bytes(b"clip")
    assert store.put(b"clip") == store.put_file(source) == store.put(b"clip")
    assert store.get(hashlib.sha256(b"clip").hexdigest()) == b"clip"


def test_a_directory_keeps_the_same_bytes_in_one_file(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    assert store.put(b"clip") == store.put(b"clip")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ContentError) as caught:
        DirectoryStore(tmp_path / "file").put(b"clip")
    assert (caught.value.code, caught.value.retryable) == ("content_unavailable", True)
    assert str(tmp_path) not in caught.value.message


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
    for read in (store.get, store.path):
        with pytest.raises(ContentError) as caught:
            read(digest)
        assert caught.value.code == "content_missing"


def test_a_deleted_blob_is_gone_and_deleting_twice_is_nothing(store: ContentStore) -> None:
    digest = store.put(b"to be forgotten")
    store.delete(digest)
    store.delete(digest)
    with pytest.raises(ContentError):
        store.get(digest)


@pytest.mark.parametrize(
    "url",
    [
        "content",
        "http://host/bucket",
        "file://elsewhere/content",
        "s3://",
        "s3://bucket?secret=hunter2",
        "s3://me:hunter2@bucket",
    ],
)
def test_an_address_that_names_no_store_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        open_content_store(url, tmp_path)
    assert "hunter2" not in caught.value.message
    assert "elsewhere" not in caught.value.message


def test_an_address_says_which_store_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_content_store("file:///var/content", tmp_path) == DirectoryStore(Path("/var/content"))
    with bucket(monkeypatch):
        assert isinstance(open_content_store(f"s3://{BUCKET}", tmp_path), S3Store)
