"""`talchum transform` over the project's clip."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from talchum.adapters.clip_segments import SegmentWriter
from talchum.adapters.video_file import ClipReader, ClipWriter, SoundPacket
from talchum.apps.transform import run
from talchum.domain.errors import IdentityError, MediaFileError, NetworkFileError
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.vision.badge_reading import BadgeReader
from tests.adapters.clips import first_seconds
from tests.vision.scenes import CLIP, nobody

pytestmark = pytest.mark.vision

FRAMES = 20


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """The first frames of the clip, with its sound."""
    path = tmp_path / "in.mp4"
    end = FRAMES / 30
    with ClipReader(CLIP) as reader, ClipWriter(path, reader.rate, reader.sound) as writer:
        for part in reader:
            if isinstance(part, SoundPacket):
                if (part.packet.pts or 0) * float(part.packet.time_base or 0) < end:
                    writer.write_sound(part)
            elif part.media_time < end - 1e-3:
                writer.write(part)
    return path


TAG = LegTag(0x123456789)


def transform(
    source: Path, target: Path, identity: str = "veil", engine: str | None = None, **options: Any
) -> str:
    out = io.StringIO()
    wish: dict[str, Any] = {"identity": identity, "engine": engine, "as_json": True, "tag": TAG, **options}
    assert run(source, target, out=out, **wish) == 0
    return out.getvalue()


def pictures(path: Path) -> list[np.ndarray]:
    with ClipReader(path) as reader:
        return [frame.buffer.astype(np.float64) for frame in reader.frames()]


@pytest.mark.parametrize("identity", ["veil", "yangban"])
def test_clip_with_another_face_keeps_its_sound(short_clip: Path, identity: str) -> None:
    target = short_clip.with_name("out.mp4")
    report = json.loads(transform(short_clip, target, identity))
    assert report["frames"] == FRAMES
    assert (report["cardFrames"], report["tag"]) == (0, str(TAG))
    assert set(report["msPerFrame"]) == {"track", "render", "blend", "mark", "total"}
    stages = sum(report["msPerFrame"][stage] for stage in ("track", "render", "blend", "mark"))
    assert 0 < stages <= report["msPerFrame"]["total"]
    sound = []
    for path in (short_clip, target):
        with ClipReader(path) as reader:
            sound.append([bytes(part.packet) for part in reader if isinstance(part, SoundPacket)])
    assert sound[0] == sound[1] != []


def test_clip_without_anybody_is_all_cards(tmp_path: Path) -> None:
    source = tmp_path / "empty.mp4"
    with ClipWriter(source, Fraction(30)) as writer:
        for frame in nobody(5, 320, 240):
            writer.write(frame)
    report = json.loads(transform(source, tmp_path / "out.mp4"))
    assert (report["frames"], report["cardFrames"]) == (5, 5)


def test_words_for_people(short_clip: Path) -> None:
    out = io.StringIO()
    run(short_clip, short_clip.with_name("out.mp4"), identity="veil", engine="veil", as_json=False, out=out)
    assert out.getvalue().startswith(f"{FRAMES} frames, 0 of them cards")


def test_truncated_clip_leaves_no_file(short_clip: Path) -> None:
    whole = short_clip.read_bytes()
    broken = short_clip.with_name("broken.mp4")
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(MediaFileError, match=r"broken\.mp4"):
        transform(broken, short_clip.with_name("out.mp4"))
    assert {path.name for path in short_clip.parent.iterdir()} == {"in.mp4", "broken.mp4"}


def test_clip_over_itself(short_clip: Path) -> None:
    assert json.loads(transform(short_clip, short_clip))["frames"] == FRAMES


def test_unknown_identity_or_engine_leaves_no_file(short_clip: Path) -> None:
    target = short_clip.with_name("out.mp4")
    with pytest.raises(IdentityError) as caught:
        transform(short_clip, target, "nobody-like-this")
    assert caught.value.code == "identity_unknown"
    with pytest.raises(IdentityError) as caught:
        transform(short_clip, target, "veil", "portrait")
    assert caught.value.code == "engine_unknown"
    assert not target.exists()


def test_a_segment_that_fails_leaves_the_target_as_it_was(
    short_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_writer: SegmentWriter, _frame: I420Frame) -> None:
        raise MediaFileError("got a disk that is full, expected room", code="media_file_unwritable")

    target = short_clip.with_name("out.mp4")
    target.write_bytes(b"what was there")
    monkeypatch.setattr(SegmentWriter, "write", no_space)
    with pytest.raises(MediaFileError, match="full"):
        transform(short_clip, target)
    assert target.read_bytes() == b"what was there"
    assert {path.name for path in short_clip.parent.iterdir()} == {"in.mp4", "out.mp4"}


def test_missing_networks_leave_no_file(short_clip: Path, tmp_path: Path) -> None:
    target = short_clip.with_name("out.mp4")
    with pytest.raises(NetworkFileError):
        run(
            short_clip,
            target,
            identity="veil",
            engine=None,
            as_json=True,
            out=io.StringIO(),
            networks_directory=tmp_path,
        )
    assert not target.exists()


def test_a_cut_does_not_show(tmp_path: Path) -> None:
    source = first_seconds(CLIP, tmp_path / "in.mp4", 2.5)
    parts, whole = tmp_path / "parts.mp4", tmp_path / "whole.mp4"
    report = json.loads(transform(source, parts, "sora", segment_seconds=1.0))
    transform(source, whole, "sora", segment_seconds=60.0)
    assert (report["frames"], report["cardFrames"]) == (75, 0)
    errors = [
        float(((one - other) ** 2).mean())
        for one, other in zip(pictures(parts), pictures(whole), strict=True)
    ]
    # a keyframe more or less is all that differs: 42 dB and better, at the cuts too
    assert max(errors) < 255**2 / 10**4.2


def test_a_clips_outcome_repeats_with_what_was_drawn_at_random(short_clip: Path) -> None:
    first, second, third = (short_clip.with_name(f"{name}.mp4") for name in ("first", "second", "third"))
    transform(short_clip, first, entropy=7)
    transform(short_clip, second, entropy=7)
    transform(short_clip, third)
    assert all((one == other).all() for one, other in zip(pictures(first), pictures(second), strict=True))
    assert any((one != other).any() for one, other in zip(pictures(first), pictures(third), strict=True))


def test_every_picture_of_a_clip_is_marked_with_a_tag_of_its_own(short_clip: Path) -> None:
    targets = [short_clip.with_name(f"{name}.mp4") for name in ("one", "two")]
    tags = [json.loads(transform(short_clip, target, tag=None))["tag"] for target in targets]
    for target, tag in zip(targets, tags, strict=True):
        with ClipReader(target) as reader:
            reading = BadgeReader()
            assert {str(reading.read(frame.y)) for frame in reader.frames()} == {tag}
    assert tags[0] != tags[1]
