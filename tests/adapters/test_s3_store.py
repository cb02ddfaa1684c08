"""What only a bucket has: objects under a prefix, a cache on this machine, and a network in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from talchum.adapters.s3_store import S3Store
from talchum.domain.errors import ContentError, SettingsError
from tests.adapters.buckets import BUCKET, bucket


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket(monkeypatch) as found:
        yield found


def opened(cache: Path, prefix: str = "/faces") -> S3Store:
    return S3Store.open(f"s3://{BUCKET}{prefix}", cache)


def cached(cache: Path) -> list[bytes]:
    return [path.read_bytes() for path in cache.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("prefix", "folder"), [("/faces/", "faces/"), ("", "")])
def test_an_object_lies_under_the_prefix_by_its_digest(
    client: Any, tmp_path: Path, prefix: str, folder: str
) -> None:
    digest = opened(tmp_path, prefix).put(b"a clip")
    [found] = client.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert found["Key"] == f"{folder}{digest[:2]}/{digest}"


def test_what_one_machine_put_another_fetches_once(client: Any, tmp_path: Path) -> None:
    digest = opened(tmp_path / "one").put(b"a clip")
    other = opened(tmp_path / "other")
    assert other.get(digest) == b"a clip"
    client.delete_object(Bucket=BUCKET, Key=f"faces/{digest[:2]}/{digest}")
    assert other.path(digest).read_bytes() == b"a clip", "it is here already"
    assert cached(tmp_path / "other") == [b"a clip"]


def test_an_object_with_other_bytes_is_refused_and_not_kept(client: Any, tmp_path: Path) -> None:
    store = opened(tmp_path)
    digest = store.put(b"as it was")
    client.put_object(Bucket=BUCKET, Key=f"faces/{digest[:2]}/{digest}", Body=b"as it was not")
    for read in (store.get, store.path):
        with pytest.raises(ContentError) as caught:
            read(digest)
        assert caught.value.code == "content_corrupt"
    assert cached(tmp_path) == []


def test_a_blob_spoilt_in_the_cache_is_fetched_again(client: Any, tmp_path: Path) -> None:
    store = opened(tmp_path)
    digest = store.put(b"as it was")
    store.path(digest).write_bytes(b"as it was not")
    assert store.get(digest) == b"as it was"
    assert cached(tmp_path) == [b"as it was"]


def test_a_deleted_blob_leaves_the_cache_too(client: Any, tmp_path: Path) -> None:
    store = opened(tmp_path)
    digest = store.put(b"to be forgotten")
    store.get(digest)
    store.delete(digest)
    assert cached(tmp_path) == []


def test_a_bucket_that_is_not_there_is_unavailable_for_now(client: Any, tmp_path: Path) -> None:
    store = S3Store.open("s3://another-bucket", tmp_path)
    with pytest.raises(ContentError) as caught:
        store.put(b"a clip")
    assert (caught.value.code, caught.value.retryable) == ("content_unavailable", True)
    assert "another-bucket" not in caught.value.message


def test_another_endpoint_than_amazons_is_asked_where_the_address_names_one(
    client: Any, tmp_path: Path
) -> None:
    store = S3Store.open(f"s3://{BUCKET}/faces?endpoint=http://127.0.0.1:9000", tmp_path)
    assert store.client.meta.endpoint_url == "http://127.0.0.1:9000"
    assert (store.bucket, store.prefix) == (BUCKET, "faces")


def test_a_machine_without_boto3_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(SettingsError, match=r"talchum\[s3\]"):
        opened(tmp_path)
