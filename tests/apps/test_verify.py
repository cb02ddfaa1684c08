"""`talchum verify` over files as people have them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.adapters.recording_credentials import CertificateChain, sign_recording
from talchum.adapters.video_file import ClipReader, ClipWriter
from talchum.apps import verify
from talchum.apps.examine import Examination, Progress
from talchum.apps.settings import Settings
from talchum.apps.verify import EXIT_STATUS, run
from talchum.domain.audit import AuditEvent
from talchum.domain.disclosure import DisclosedLeg
from talchum.domain.errors import MediaFileError, SettingsError
from talchum.domain.frame import I420Frame
from talchum.domain.leg_tag import LegTag
from talchum.domain.recorded_call import RecordedPicture, manifest_of
from talchum.domain.rendering import BadgeStyle
from talchum.domain.verification import Finding
from talchum.vision.badge import Badger
from talchum.vision.marks import Marking, Marks
from tests.vision.channels import RATE, cropped, scaled
from tests.vision.scenes import CLIP, resized

pytestmark = pytest.mark.computing

TAG = LegTag(0x5A3C9F1234)
SECONDS = 4

Change = Callable[[I420Frame], I420Frame]


def pictures(seconds: float = SECONDS) -> list[I420Frame]:
    with ClipReader(CLIP) as clip:
        frames = [resized(frame, 640, 480) for frame in clip.frames()]
    there_and_back = frames + frames[::-1]
    return [there_and_back[number % len(there_and_back)].copy() for number in range(round(seconds * RATE))]


def written(path: Path, frames: list[I420Frame], change: Change = lambda frame: frame) -> Path:
    with ClipWriter(path, Fraction(RATE)) as writer:
        for number, frame in enumerate(frames):
            changed = change(frame)
            writer.write(I420Frame(changed.buffer, changed.width, changed.height, number / RATE))
    return path


def marked(tag: LegTag = TAG, badge: LegTag | None = None) -> list[I420Frame]:
    marks, frames = Marks(Marking(tag)), pictures()
    badger = Badger(badge or tag, BadgeStyle())
    for number, frame in enumerate(frames):
        marks.put(frame, "synthetic", number / RATE)
        badger.put(frame)
    return frames


def as_transport_stream(path: Path) -> Path:
    """The same, in a container that has no index that could be missing."""
    target = path.with_suffix(".ts")
    with av.open(str(path)) as source, av.open(str(target), "w") as result:
        stream = result.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                result.mux(packet)
    return target


@pytest.fixture(autouse=True)
def _one_examination_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told as JSON and in words is examined once: searching a clean clip takes many seconds."""
    found: dict[tuple[bytes, str], Finding] = {}

    class Kept(Examination):
        def __init__(self, path: Path, progress: Progress, anchors: str = "") -> None:
            super().__init__(path, progress, anchors)
            self.key = path.read_bytes(), anchors

        def run(self) -> Finding:
            if self.key not in found:
                found[self.key] = super().run()
            return found[self.key]

    monkeypatch.setattr(verify, "Examination", Kept)


def settings(tmp_path: Path) -> Settings:
    return Settings(redis_url="", data=tmp_path / "data")


def verified(tmp_path: Path, path: Path) -> dict[str, Any]:
    out = io.StringIO()
    status = run(settings(tmp_path), path, as_json=True, out=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    assert status == EXIT_STATUS[report["verdict"]]
    return report


def test_a_marked_clip_is_marked(tmp_path: Path) -> None:
    report = verified(tmp_path, written(tmp_path / "clip.mp4", marked()))
    assert (report["verdict"], report["disagreements"], report["log"]) == ("marked", [], None)
    (interval,) = report["mark"]["intervals"]
    assert (interval["kind"], interval["tag"]) == ("synthetic", str(TAG))
    assert interval["end"] == pytest.approx(SECONDS, abs=0.2)
    assert report["badge"]["read"] == report["badge"]["pictures"] > 4
    assert report["credentials"] == {"state": "none", "tags": [], "namesTalchum": False}


def test_a_clean_clip_is_not_detected_and_nothing_more(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", pictures())
    report = verified(tmp_path, path)
    assert (report["verdict"], report["note"]) == (
        "not-detected",
        "not evidence that the video is genuine",
    )
    out = io.StringIO()
    assert run(settings(tmp_path), path, as_json=False, out=out) == EXIT_STATUS["not-detected"]
    assert out.getvalue().startswith("not-detected: not evidence that the video is genuine\n")


def test_a_cut_and_smaller_recording_is_marked_in_a_part(tmp_path: Path) -> None:
    def change(frame: I420Frame) -> I420Frame:
        return scaled(cropped(frame, 100, 0, 480, 400), 408, 340)

    report = verified(tmp_path, written(tmp_path / "clip.mp4", marked(), change))
    assert report["verdict"] == "marked"
    assert report["mark"]["partial"]
    assert {interval["tag"] for interval in report["mark"]["intervals"]} == {str(TAG)}
    assert report["badge"]["read"] == 0


def test_a_badge_over_a_genuine_clip_is_inconsistent(tmp_path: Path) -> None:
    frames = pictures()
    badger = Badger(TAG, BadgeStyle())
    for frame in frames:
        badger.put(frame)
    report = verified(tmp_path, written(tmp_path / "clip.mp4", frames))
    assert (report["verdict"], report["disagreements"]) == ("marked-inconsistent", ["badge_without_mark"])


def test_another_badge_over_a_marked_clip_is_inconsistent(tmp_path: Path) -> None:
    report = verified(tmp_path, written(tmp_path / "clip.mp4", marked(badge=LegTag(9))))
    assert report["disagreements"] == ["badge_of_another_leg"]


def test_a_file_that_breaks_off_is_read_until_there(tmp_path: Path) -> None:
    stream = as_transport_stream(written(tmp_path / "clip.mp4", marked()))
    whole = stream.read_bytes()
    stream.write_bytes(whole[: len(whole) * 3 // 5])
    assert verified(tmp_path, stream)["verdict"] == "marked"


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see")
    with pytest.raises(MediaFileError):
        run(settings(tmp_path), path, as_json=True, out=io.StringIO())


def test_the_log_says_when_and_what_but_not_in_which_call(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    log = AuditLog(open_database(settings(tmp_path).database))
    room, peers = "ab" * 32, {"performer": "p" + "0" * 12, "worker": "w" + "0" * 12}
    worn = {"kind": "synthetic", "engine": "neural", "identity": "sora"}
    log.append(
        [
            (1_700_000_000_000, AuditEvent("leg-started", {"room": room, "tag": str(TAG), **peers})),
            (1_700_000_001_000, AuditEvent("worn", {"room": room, "tag": str(TAG), **worn})),
        ]
    )
    path = written(tmp_path / "clip.mp4", marked())
    report = verified(tmp_path, path)
    assert report["log"] == {
        str(TAG): {
            "started": "2023-11-14T22:13:20+00:00",
            "ended": None,
            "kinds": ["synthetic"],
            "revoked": None,
        }
    }
    out = io.StringIO()
    run(settings(tmp_path), path, as_json=False, out=out)
    assert f"log of this installation: {TAG} started 2023-11-14" in out.getvalue()
    assert room not in out.getvalue()


def test_the_kind_of_every_interval_is_said(tmp_path: Path) -> None:
    marks, frames = Marks(Marking(TAG)), pictures(8)
    for number, frame in enumerate(frames):
        marks.put(frame, "anonymise" if number < 4 * RATE else "card", number / RATE)
    report = verified(tmp_path, written(tmp_path / "clip.mp4", frames))
    assert [interval["kind"] for interval in report["mark"]["intervals"]] == ["anonymise", "card"]


def recorded(path: Path, chain: CertificateChain, tag: LegTag | None = TAG) -> Path:
    """A clip as a recorder signs it, with a face leg in it or with an own face alone."""
    picture = RecordedPicture(own_face=tag is None)
    if tag is not None:
        picture.disclosed((DisclosedLeg(tag, "synthetic", "neural"),))
    target = path.with_suffix(".signed.mp4")
    with path.open("rb") as source, target.open("w+b") as signed:
        sign_recording(source, signed, manifest_of([picture], [], recording="r" * 32, version="1"), chain)
    return target


def words(tmp_path: Path, path: Path) -> str:
    out = io.StringIO()
    run(settings(tmp_path), path, as_json=False, out=out)
    return out.getvalue()


def test_a_recording_of_this_installation_is_trusted_and_one_of_another_has_an_unknown_signer(
    tmp_path: Path,
) -> None:
    clip = written(tmp_path / "clip.mp4", marked())
    own = recorded(clip, CertificateChain.of("", settings(tmp_path).data))
    report = verified(tmp_path, own)
    assert (report["verdict"], report["disagreements"]) == ("marked", [])
    assert report["credentials"] == {"state": "trusted", "tags": [str(TAG)], "namesTalchum": True}
    assert "content credentials: trusted" in words(tmp_path, own)

    elsewhere = recorded(clip, CertificateChain.of("", tmp_path / "elsewhere"))
    report = verified(tmp_path, elsewhere)
    assert (report["verdict"], report["credentials"]["state"]) == ("marked", "valid")
    assert "content credentials: valid, by an unknown signer" in words(tmp_path, elsewhere)


def test_a_recording_that_was_tampered_with_is_reported(tmp_path: Path) -> None:
    chain = CertificateChain.of("", settings(tmp_path).data)
    path = recorded(written(tmp_path / "clip.mp4", marked()), chain)
    film = bytearray(path.read_bytes())
    film[-1000] ^= 1
    path.write_bytes(film)
    report = verified(tmp_path, path)
    assert (report["verdict"], report["disagreements"]) == ("marked-inconsistent", ["credentials_invalid"])
    assert "content credentials: invalid" in words(tmp_path, path)


def test_a_recording_of_own_faces_alone_is_inconsistent_once_it_was_changed(tmp_path: Path) -> None:
    chain = CertificateChain.of("", settings(tmp_path).data)
    path = recorded(written(tmp_path / "clip.mp4", pictures(1)), chain, tag=None)
    report = verified(tmp_path, path)
    assert (report["verdict"], report["credentials"]["state"]) == ("not-detected", "trusted")
    film = bytearray(path.read_bytes())
    film[-1000] ^= 1
    path.write_bytes(film)
    report = verified(tmp_path, path)
    assert (report["verdict"], report["disagreements"]) == ("marked-inconsistent", ["credentials_invalid"])


def test_a_mark_that_only_credentials_name_is_said_to_be_named_by_them_alone(tmp_path: Path) -> None:
    clip = written(tmp_path / "clip.mp4", pictures(1))
    path = recorded(clip, CertificateChain.of("", tmp_path / "elsewhere"))
    assert verified(tmp_path, path)["verdict"] == "marked"
    said = words(tmp_path, path)
    assert "only the content credentials say so; no mark is in the pictures" in said
    assert "content credentials: valid, by an unknown signer" in said


def test_credentials_of_another_leg_than_the_mark_are_inconsistent(tmp_path: Path) -> None:
    chain = CertificateChain.of("", settings(tmp_path).data)
    path = recorded(written(tmp_path / "clip.mp4", marked()), chain, LegTag(9))
    assert verified(tmp_path, path)["disagreements"] == ["credentials_of_another_leg"]


def test_an_installation_that_never_recorded_trusts_nobody_and_makes_no_chain(tmp_path: Path) -> None:
    path = recorded(written(tmp_path / "clip.mp4", marked()), CertificateChain.of("", tmp_path / "elsewhere"))
    assert verified(tmp_path, path)["credentials"]["state"] == "valid"
    assert not settings(tmp_path).data.exists()


def test_a_chain_that_is_set_and_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.mp4", pictures(1))
    missing = Settings(redis_url="", data=tmp_path / "data", recording_chain=str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError) as caught:
        run(missing, path, as_json=True, out=io.StringIO())
    assert caught.value.code == "recording_chain_invalid"
