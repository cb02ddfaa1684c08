"""Captures of synthetic people: deterministic, whole, of known origin, and made of no clip from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from faces import captures
from faces.captures import kept, main
from talchum.adapters.capture_records import CaptureRecords, still_files
from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.bundle import Bundle

SHIPPED = IdentityFiles(default_identities_directory())


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TALCHUM_DATA", "TALCHUM_DATABASE_URL", "TALCHUM_CONTENT_URL"):
        monkeypatch.delenv(name, raising=False)


def ran(monkeypatch: pytest.MonkeyPatch, data: Path, *arguments: str) -> None:
    """The command, with a clip that takes no minutes to draw."""
    monkeypatch.setattr(
        captures, "drawn_clip", lambda name, frames, _cache: f"{name} in {frames} frames".encode()
    )
    monkeypatch.setattr("sys.argv", ["faces.captures", "--data", str(data), *arguments])
    main()


def test_a_capture_is_kept_and_its_id_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(monkeypatch, tmp_path / "data", "--only", "sora", "kofi")
    printed = capsys.readouterr().out.split()
    records = CaptureRecords(open_database(f"sqlite:///{tmp_path / 'data' / 'talchum.db'}"))
    assert sorted(printed) == sorted(capture.id for capture in records.list())
    capture, content = records.get(printed[0]), DirectoryStore(tmp_path / "data" / "content")
    assert (capture.subject, capture.seconds) == ("sora", 13.0)
    assert content.get(capture.clip) == b"sora in 390 frames"
    assert still_files(capture, content)["texture.webp"] == SHIPPED.bundle("sora").files["texture.webp"]
    records.engine.dispose()


def test_the_same_drawing_has_the_same_id_and_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        ran(monkeypatch, tmp_path, "--only", "sora", "--seconds", "6")
    first, second = capsys.readouterr().out.split()
    assert first == second
    records = CaptureRecords(open_database(f"sqlite:///{tmp_path / 'talchum.db'}"))
    assert [capture.seconds for capture in records.list()] == [6.0]
    records.engine.dispose()


def test_it_says_that_it_shows_nobody(tmp_path: Path) -> None:
    content = DirectoryStore(tmp_path)
    capture = kept("sora", b"a clip", 13.0, SHIPPED, content, 1.0)
    assert capture.provenance["generator"] == "faces.captures"
    assert "no photograph" in str(capture.provenance["statement"])
    bundle = Bundle.of(capture.identity_fields("hana"), still_files(capture, content))
    assert bundle.identity.texture_file == "texture.webp"


def test_a_cover_cannot_be_captured(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="veil"):
        kept("veil", b"a clip", 13.0, SHIPPED, DirectoryStore(tmp_path), 1.0)


@pytest.mark.parametrize("flag", ["--clip", "--video", "--photo", "--performance", "--still"])
def test_no_flag_makes_a_capture_of_somebody_elses_clip(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        ran(monkeypatch, tmp_path, "--only", "sora", flag, "stranger.mp4")
    assert "unrecognized arguments" in capsys.readouterr().err
