"""The site of `deploy/nginx/` in a real nginx before two call servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from talchum.adapters.network_addresses import free_port
from tests.calls.headless import headless_call
from tests.calls.service import Service, running_service
from tests.deploy.proxy import Proxy, running_proxy, write_site
from tests.network.namespaces import find_program

pytestmark = [pytest.mark.nginx, pytest.mark.call, pytest.mark.valkey]

CLIP = Path(__file__).parents[1] / "media" / "synthetic_clip.mp4"


@dataclass(frozen=True, slots=True)
class Installation:
    service: Service
    proxy: Proxy

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.proxy.url, verify=False, trust_env=False, timeout=10)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("proxied")
    secure = free_port()
    settings = {
        "TALCHUM_PUBLIC_URL": f"https://localhost:{secure}",
        "TALCHUM_TRUSTED_PROXIES": "127.0.0.1",
    }
    with running_service(directory / "service", servers=2, settings=settings) as service:
        ports = [server.port for server in service.servers]
        with running_proxy(directory / "nginx", ports, secure) as proxy:
            yield Installation(service, proxy)


def test_the_site_is_valid_and_nothing_in_it_is_out_of_date(tmp_path: Path) -> None:
    frame = write_site(tmp_path, free_port(), free_port(), [free_port()])
    checked = subprocess.run(
        [find_program("nginx") or "nginx", "-t", "-c", frame], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    warnings = [line for line in checked.stderr.splitlines() if "[warn]" in line]
    assert all("could not open error log" in line for line in warnings), warnings


def test_a_face_is_worn_in_a_call_through_nginx(installation: Installation) -> None:
    with installation.client() as client:
        link = client.post("/api/rooms").json()["link"]
    assert link.startswith(f"{installation.proxy.url}/call/#")
    worn = ("--identity", "veil")
    with (
        headless_call(installation.service, link, CLIP, seconds=8) as other,
        headless_call(installation.service, link, CLIP, seconds=8, arguments=worn) as performer,
    ):
        seen, shown = other.report(), performer.report()
    assert seen["connected"]
    assert seen["framesReceived"] > 0
    assert seen["disclosure"]["verified"]
    assert shown["faceLeg"]["framesReceived"] > 0
    log = installation.proxy.access_log.read_text()
    assert " GET ws 101 " in log
    assert " POST api/rooms 201 " in log
    assert link.partition("#")[2] not in log + installation.proxy.error_log.read_text()
    assert "127.0.0.1" not in log


def test_every_security_header_is_there_once(installation: Installation) -> None:
    with installation.client() as client:
        answer = client.get("/healthz")
    for name in ("content-security-policy", "x-frame-options", "strict-transport-security"):
        assert len(answer.headers.get_list(name)) == 1, name
    assert "server" not in answer.headers or "/" not in answer.headers["server"]


def test_scripts_are_compressed_and_kept_and_answers_with_secrets_are_not(installation: Installation) -> None:
    with installation.client() as client:
        page = client.get("/")
        script = next(part.split('"')[0] for part in page.text.split('src="') if part.startswith("/_next/"))
        answer = client.get(script)
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        assert page.headers["cache-control"] == "no-cache"
        assert "content-encoding" not in client.get("/api/identities").headers


def test_http2_is_spoken(installation: Installation) -> None:
    command = ["curl", "-sk", "--noproxy", "*", "--http2", "-o", "/dev/null", "-w", "%{http_version}"]
    spoken = subprocess.run(
        [*command, f"{installation.proxy.url}/"], capture_output=True, text=True, check=True
    )
    assert spoken.stdout == "2"


def test_a_body_too_large_for_the_application_goes_no_further_but_a_videos_does(
    installation: Installation,
) -> None:
    with installation.client() as client:
        assert client.post("/api/rooms", content=b" " * 20_000).status_code == 413
        upload = client.put("/api/verifications/unknown/file", content=b" " * 100_000)
    assert upload.json()["code"] == "verification_unknown"


def test_plain_http_leads_to_https(installation: Installation) -> None:
    answer = httpx.get(f"{installation.proxy.plain_url}/call/", trust_env=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == "https://localhost/call/"


def test_when_a_call_server_dies_the_other_answers(installation: Installation) -> None:
    installation.service.servers[1].kill()
    with installation.client() as client:
        assert [client.post("/api/rooms").status_code for _ in range(6)] == [201] * 6
