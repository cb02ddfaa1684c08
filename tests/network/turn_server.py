"""A real coturn of the shape that belongs in production, on UDP, TCP and TLS."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import ipaddress
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from talchum.adapters.coturn import DENIED_PEERS as PRODUCTION_DENIED_PEERS
from tests.network.namespaces import Namespace, find_program

# As in production, but for the documentation addresses, which are the public ones of these networks.
DENIED_PEERS = tuple(
    peers for peers in PRODUCTION_DENIED_PEERS if not peers.startswith(("203.0.113.", "192.0.2."))
)
START_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A running TURN server.

    urls: one for UDP, one for TCP and one for TLS, in that order. secret: of its time-limited credentials.
    certificate: PEM file that a client of the TLS port must trust. log: what coturn wrote.
    """

    urls: tuple[str, str, str]
    secret: str
    certificate: Path
    log: Path

    def credentials(self, seconds: float = 600, user: str = "test") -> tuple[str, str]:
        """(username, password) that expire in so many seconds (draft-uberti-behave-turn-rest)."""
        username = f"{int(time.time() + seconds)}:{user}"
        digest = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        return username, base64.b64encode(digest).decode()


@contextlib.contextmanager
def turn_server(
    namespace: Namespace, address: str, directory: Path, *, port: int = 3478, tls_port: int = 443
) -> Iterator[TurnServer]:
    """Runs coturn on one address inside a namespace; on loopback it may relay to loopback, nowhere else.

    Raises RuntimeError with coturn's own words when it does not start.
    """
    secret = secrets.token_urlsafe(24)
    certificate, key = _certificate(directory, address)
    log = directory / "turnserver.log"
    configuration = directory / "turnserver.conf"
    on_loopback = address.startswith("127.")
    lines = [
        f"listening-ip={address}",
        f"relay-ip={address}",
        f"listening-port={port}",
        f"tls-listening-port={tls_port}",
        *("fingerprint", "use-auth-secret", f"static-auth-secret={secret}", "realm=turn.test"),
        *("min-port=49160", "max-port=49999", f"cert={certificate}", f"pkey={key}"),
        *(
            "no-cli",
            "no-tcp-relay",
            "no-multicast-peers",
            "user-quota=12",
            "total-quota=1200",
            "stale-nonce=600",
        ),
        *(
            f"denied-peer-ip={peers}"
            for peers in DENIED_PEERS
            if not (on_loopback and peers.startswith("127."))
        ),
        *(["allow-loopback-peers"] if on_loopback else []),
        *("simple-log", "log-file=stdout", f"pidfile={directory / 'turnserver.pid'}"),
        f"userdb={directory / 'turnserver.db'}",
    ]
    configuration.write_text("\n".join(lines) + "\n")
    program = find_program("turnserver")
    if program is None:
        raise RuntimeError("turnserver is not installed")
    with log.open("wb") as output:
        process = subprocess.Popen(
            namespace.command([program, "-c", str(configuration)]), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_listening(process, namespace, port, log)
        urls = (
            f"turn:{address}:{port}?transport=udp",
            f"turn:{address}:{port}?transport=tcp",
            f"turns:{address}:{tls_port}?transport=tcp",
        )
        yield TurnServer(urls, secret, certificate, log)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], inside: Namespace, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if port in inside.inside(_listening_tcp_ports) and port in inside.inside(_bound_udp_ports):
            return
        time.sleep(0.05)
    raise RuntimeError(f"turnserver did not start: {log.read_text(errors='replace')[-500:]}")


def _listening_tcp_ports() -> set[int]:
    return {int(row[1].split(":")[1], 16) for row in _sockets("tcp") if row[3] == "0A"}


def _bound_udp_ports() -> set[int]:
    return {int(row[1].split(":")[1], 16) for row in _sockets("udp")}


def _sockets(protocol: str) -> list[list[str]]:
    # /proc/self is the process, whose namespace may be another: the thread's own table is asked for.
    table = Path(f"/proc/thread-self/net/{protocol}").read_text().splitlines()[1:]
    return [line.split() for line in table]


def _certificate(directory: Path, address: str) -> tuple[Path, Path]:
    """(certificate, key) files for an address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = directory / "turn.pem", directory / "turn.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path
