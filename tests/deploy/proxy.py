"""nginx with the site of `deploy/nginx/`, in front of call servers of a test."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from talchum.adapters.certificates import self_signed
from talchum.adapters.network_addresses import free_port
from tests.network.namespaces import find_program

SITE = Path(__file__).parents[2] / "deploy" / "nginx" / "talchum.conf"
PATIENCE = 20.0
FRAME = """
daemon off;
pid {directory}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/talchum.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx. url: where it speaks HTTPS; plain_url: HTTP."""

    url: str
    plain_url: str
    access_log: Path
    error_log: Path


def write_site(directory: Path, secure: int, plain: int, servers: Sequence[int]) -> Path:
    """The site as it ships but for ports and paths, and a configuration around it; that one's path."""
    files = self_signed(directory, ["localhost", "127.0.0.1"])
    text = SITE.read_text()
    for shipped, own in (
        ("/etc/nginx/talchum/tls.crt", str(files.certificate)),
        ("/etc/nginx/talchum/tls.key", str(files.key)),
        ("/etc/nginx/talchum/", f"{directory}/"),
        ("listen 443 ", f"listen 127.0.0.1:{secure} "),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("    listen [::]:80;\n", ""),
        ("/dev/stdout", str(directory / "access.log")),
    ):
        assert shipped in text, f"{shipped!r} is not in {SITE.name}"
        text = text.replace(shipped, own)
    (directory / "talchum.conf").write_text(text)
    (directory / "call-servers.conf").write_text(
        "".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;\n" for port in servers)
    )
    frame = directory / "nginx.conf"
    frame.write_text(FRAME.format(directory=directory))
    return frame


@contextlib.contextmanager
def running_proxy(directory: Path, servers: Sequence[int], secure: int) -> Iterator[Proxy]:
    """nginx before call servers at ports of loopback, until the end of the block. secure: its own port."""
    directory.mkdir()
    plain = free_port()
    frame = write_site(directory, secure, plain, servers)
    errors = directory / "errors.log"
    with errors.open("wb") as output:
        process = subprocess.Popen([find_program("nginx") or "nginx", "-c", frame], stderr=output)
    proxy = Proxy(
        f"https://localhost:{secure}", f"http://localhost:{plain}", directory / "access.log", errors
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(proxy):
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < deadline, errors.read_text()
            time.sleep(0.05)
        yield proxy
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(proxy: Proxy) -> bool:
    try:
        return httpx.get(proxy.plain_url, timeout=2, trust_env=False).status_code == 308
    except httpx.TransportError:
        return False
