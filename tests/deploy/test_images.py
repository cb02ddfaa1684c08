"""The image as it is built of `deploy/docker/`, and a call that its call server and face worker serve."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from talchum.adapters.coturn import coturn_configuration
from talchum.adapters.network_addresses import free_port
from tests.calls.headless import headless_call
from tests.calls.service import running_service
from tests.deploy.containers import ROOT, Buildah

CLIP = ROOT / "tests" / "media" / "synthetic_clip.mp4"
DOCKERFILES = sorted((ROOT / "deploy" / "docker").glob("Dockerfile*"))
TAG = "localhost/talchum:test"


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    directory = tmp_path_factory.mktemp("containers")
    directory.chmod(0o777)
    store = Buildah(directory)
    store.make_base()
    store.build("deploy/docker/Dockerfile", TAG)
    try:
        yield store
    finally:
        store.run("rm", "--all")
        store.run("rmi", TAG)


@pytest.mark.image
@pytest.mark.call
@pytest.mark.valkey
def test_a_face_is_worn_in_a_call_that_the_image_serves(buildah: Buildah) -> None:
    container = buildah.run("from", "--pull-never", TAG)
    directory = buildah.runroot / "service"

    def contained(name: str, environment: Mapping[str, str]) -> list[str]:
        own = {key: value for key, value in environment.items() if key.startswith(("TALCHUM_", "WRTC_"))}
        del own["TALCHUM_DATA"]  # the image's own, for both
        return buildah.command(container, ["/opt/talchum/bin/python", "-m", f"talchum.apps.{name}"], own)

    with running_service(directory, program=contained, servers=0, workers=0) as service:
        service.store.socket_path.chmod(0o777)  # for another user
        service.start_server()
        service.start_worker()
        assert service.health()["faceWorkers"] == 1
        link = service.new_link()
        worn = ("--identity", "sora")
        with (
            headless_call(service, link, CLIP, seconds=8) as other,
            headless_call(service, link, CLIP, seconds=8, arguments=worn) as performer,
        ):
            seen, shown = other.report(), performer.report()
    assert seen["framesReceived"] > 0
    assert seen["disclosure"]["verified"]
    assert shown["faceLeg"]["framesReceived"] > 0


@pytest.mark.image
def test_the_image_is_nobodys_and_says_whether_it_is_well(buildah: Buildah) -> None:
    image = json.loads(buildah.run("inspect", "--type", "image", TAG))["Docker"]["config"]
    assert image["User"] == "10001:10001"
    assert image["Healthcheck"]["Test"][-1] == "talchum.apps.alive"
    history = json.dumps(image)
    assert not re.search(r"index-url|find-links|password|/root/", history)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_dockerfiles_follow_the_rules_of_their_linter(dockerfile: Path) -> None:
    program = Path(sys.executable).with_name("hadolint")
    checked = subprocess.run([program, dockerfile], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_coturn_in_its_image_denies_what_the_one_beside_talchum_up_denies() -> None:
    written = coturn_configuration(Path("/"), port=3478, addresses=["192.0.2.1"], secret="a secret")
    ours = (ROOT / "deploy" / "coturn" / "turnserver.conf").read_text().splitlines()
    rules = ("denied-peer-ip=", "no-tcp-relay", "no-multicast-peers", "no-cli", "use-auth-secret")
    denied = [line for line in written.splitlines() if line.startswith(rules)]
    assert denied
    assert set(denied) <= set(ours)
    assert not any(line.startswith(("allow-loopback", "static-auth-secret", "allowed-peer")) for line in ours)


@pytest.mark.coturn
def test_coturn_starts_as_its_image_starts_it() -> None:
    start = ROOT / "deploy" / "coturn" / "start.sh"
    environment = {
        "PATH": "/usr/bin:/bin",
        "RELAY_ADDRESS": "127.0.0.1",
        "TURN_PORT": str(free_port()),
        "TALCHUM_TURN_SECRET": "s" * 20,
    }
    process = subprocess.Popen(
        ["/bin/sh", start], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        said = next(line for line in process.stdout if re.search("General servers: [1-9]|ERROR", line))
    finally:
        process.terminate()
        process.communicate()
    assert "ERROR" not in said
