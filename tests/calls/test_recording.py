"""A real call that is recorded by a real recorder, for those who agreed and nobody else."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import c2pa  # type: ignore[import-untyped]
import numpy as np
import pytest
from numpy.typing import NDArray

from talchum.adapters.audit_log import AuditLog
from talchum.adapters.database import open_database
from talchum.vision.tiles import TILE_HEIGHT, TILE_WIDTH
from tests.calls.service import Service, running_service
from tests.calls.test_headless_call import Client, client, wait_for

pytestmark = [pytest.mark.call, pytest.mark.valkey]

SOME_SECONDS = 3.0  # of film


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        running.start_recorder()
        yield running


def fetched(report: dict[str, Any]) -> bytes:
    """The finished file, once it is there."""
    found: list[bytes] = []

    def fetch() -> bool:
        try:
            with urllib.request.urlopen(report["recording"]["file"], timeout=10) as answer:
                found.append(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code != 404  # not yet
        return True

    wait_for(fetch, "the recording can be fetched")
    return found[0]


def checked(film: bytes, anchors: str) -> tuple[str, dict[str, Any]]:
    """What c2pa says of a film, and what its active manifest asserts."""
    settings = c2pa.Settings.from_dict({"trust": {"user_anchors": anchors}})
    with (
        c2pa.Context(settings) as context,
        c2pa.Reader("video/mp4", io.BytesIO(film), context=context) as reader,
    ):
        store = json.loads(reader.json())
        manifest = store["manifests"][store["active_manifest"]]
        return str(reader.get_validation_state()), {m["label"]: m["data"] for m in manifest["assertions"]}


def pictures(film: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(film), "r") as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return [np.asarray(frame, np.uint8) for frame in frames]


def record(service: Service, a: Client, b: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let both be recorded for a while; the reports of who leaves first and second."""
    a.until("recording: running")
    b.until("recording: running")
    time.sleep(SOME_SECONDS)
    first = a.leave()
    b.until("recording: stopped left")
    return first, b.leave()


def test_a_recording_is_signed_says_who_wore_what_and_shows_both(service: Service, tmp_path: Path) -> None:
    link = service.new_link()
    with (
        client(service, link, tmp_path / "b", "--recording", "agree") as other,
        client(service, link, tmp_path / "a", "--identity", "veil", "--recording", "ask") as performer,
    ):
        performer.until("the face is on")
        first, second = record(service, performer, other)
    assert first["recording"]["file"] == second["recording"]["file"]
    film = fetched(second)
    root = service.request("/.well-known/talchum.json")["recordings"]["root"]
    state, said = checked(film, root)
    assert state == "Trusted"
    # a busy machine may lose a leg and get another
    tags = {block["value"] for block in said["c2pa.soft-binding"]["blocks"]}
    assert tags
    assert tags <= set(first["receipt"]["tags"])
    worn, own = sorted(said["talchum.recording"]["pictures"], key=lambda one: bool(one["ownFace"]))
    assert (worn["ownFace"], {leg["kind"] for leg in worn["legs"]}) == (False, {"anonymise"})
    assert {leg["tag"] for leg in worn["legs"]} == tags
    assert (own["ownFace"], own["legs"]) == (True, [])
    assert said["c2pa.actions.v2"]["actions"][0]["digitalSourceType"].endswith(
        "/compositeWithTrainedAlgorithmicMedia"
    )

    shown = pictures(film)
    assert shown[-1].shape == (TILE_HEIGHT, 2 * TILE_WIDTH)
    for half in (shown[-1][:, :TILE_WIDTH], shown[-1][:, TILE_WIDTH:]):
        assert half.std() > 10, "nothing is shown here"
    with av.open(io.BytesIO(film), "r") as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert np.abs(sound).max() > 0.01

    tampered = bytearray(film)
    tampered[len(film) // 2] ^= 1
    assert checked(bytes(tampered), root)[0] == "Invalid"

    log = AuditLog(open_database(f"sqlite:///{service.directory / 'talchum.db'}"))
    names = [entry.event.name for entry in log.entries()]
    assert names.count("recording-started") == names.count("recording-stopped") == 1
    assert all(log.find_leg(tag) is not None for tag in tags)
    log.engine.dispose()


def test_nothing_of_a_recording_lies_about_unsealed(service: Service, tmp_path: Path) -> None:
    link = service.new_link()
    with (
        client(service, link, tmp_path / "b", "--recording", "agree") as other,
        client(service, link, tmp_path / "a", "--recording", "ask") as one,
    ):
        one.until("recording: running")
        time.sleep(1.0)
        while_it_runs = files(service.directory)
        _, second = record(service, one, other)
    film = fetched(second)
    for content in (*while_it_runs, *files(service.directory)):
        assert b"ftypisom" not in content, "an MP4 lies in the data directory"
        assert film[2000:2100] not in content


def test_who_refuses_is_not_recorded(service: Service, tmp_path: Path) -> None:
    link = service.new_link()
    with (
        client(service, link, tmp_path / "b") as other,
        client(service, link, tmp_path / "a", "--recording", "ask") as asking,
    ):
        asking.until("recording: stopped refused")
        other.until("recording: stopped refused")
        assert asking.leave()["recording"] == {"phase": "stopped", "reason": "refused", "file": None}


def test_a_recorder_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_service(tmp_path / "service", workers=0) as service:
        recorder = service.start_recorder()
        link = service.new_link()
        with (
            client(service, link, tmp_path / "b", "--recording", "agree") as other,
            client(service, link, tmp_path / "a", "--recording", "ask") as asking,
        ):
            asking.until("recording: running")
            other.until("recording: running")
            time.sleep(SOME_SECONDS)
            recorder.kill()
            other.until("recording: stopped recorder_lost")
        assert not any(b"ftypisom" in content for content in files(service.directory))


def test_a_recorder_that_is_told_to_stop_keeps_what_it_has(tmp_path: Path) -> None:
    with running_service(tmp_path / "service", workers=0) as service:
        recorder = service.start_recorder()
        link = service.new_link()
        with (
            client(service, link, tmp_path / "b", "--recording", "agree") as other,
            client(service, link, tmp_path / "a", "--recording", "ask") as asking,
        ):
            asking.until("recording: running")
            time.sleep(SOME_SECONDS)
            recorder.stop()
            other.until("recording: stopped recorder_ended")
            report = asking.leave()
        assert pictures(fetched(report))


def files(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
