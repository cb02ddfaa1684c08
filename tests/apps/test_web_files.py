from __future__ import annotations

from pathlib import Path

import pytest

from talchum.apps.web_files import WebFiles
from talchum.domain.errors import SettingsError


@pytest.fixture
def export(tmp_path: Path) -> Path:
    directory = tmp_path / "web"
    for name, text in {
        "index.html": "home",
        "404.html": "nowhere",
        "call/index.html": "call",
        "_next/static/chunk.js": "1",
        "icon.svg": "<svg/>",
        "csp.json": '{"scriptHashes": ["sha256-AAAA", "sha256-BBBB"]}',
    }.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("not yours")
    return directory


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        ("", "home", 200),
        ("/", "home", 200),
        ("call/", "call", 200),
        ("call", "call", 200),
        ("_next/static/chunk.js", "1", 200),
        ("nothing/here", "nowhere", 404),
        ("../secret.txt", "nowhere", 404),
        ("call/../../secret.txt", "nowhere", 404),
        ("csp.json", "nowhere", 404),
        ("a\0b", "nowhere", 404),
    ],
)
def test_path_finds_its_file_and_never_one_outside(export: Path, path: str, text: str, status: int) -> None:
    found = WebFiles(export).find(path)
    assert found is not None
    assert (found.path.read_text(), found.status) == (text, status)


def test_files_named_by_their_content_may_be_kept(export: Path) -> None:
    web = WebFiles(export)
    script, page = web.find("_next/static/chunk.js"), web.find("")
    assert script is not None
    assert page is not None
    assert (script.immutable, page.immutable) == (True, False)
    assert page.media_type == "text/html"
    assert "javascript" in script.media_type


def test_policy_names_the_scripts_of_the_export_and_no_other(export: Path) -> None:
    policy = WebFiles(export).headers("localhost:8080")["Content-Security-Policy"]
    assert "script-src 'self' 'sha256-AAAA' 'sha256-BBBB';" in policy
    assert "unsafe-eval" not in policy
    assert "connect-src 'self' ws://localhost:8080 wss://localhost:8080;" in policy


@pytest.mark.parametrize("host", ["a; script-src *", "x y", "", "a'b"])
def test_host_cannot_add_to_the_policy(export: Path, host: str) -> None:
    policy = WebFiles(export).headers(host)["Content-Security-Policy"]
    assert "connect-src 'self';" in policy


def test_directory_without_an_export_is_not_built(tmp_path: Path) -> None:
    web = WebFiles(tmp_path)
    assert not web.is_built
    assert web.find("") is None


def test_export_without_its_hashes_is_refused(export: Path) -> None:
    (export / "csp.json").unlink()
    with pytest.raises(SettingsError) as refused:
        WebFiles(export)
    assert refused.value.code == "web_app_incomplete"
