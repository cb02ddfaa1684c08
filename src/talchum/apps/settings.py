"""Everything that can be set from outside, read once from the environment and passed on as plain values.

docs/operate.md has a heading for each name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import urlsplit

from talchum.apps.log import LogFormat
from talchum.domain.errors import SettingsError
from talchum.domain.identity import LANGUAGES, Language
from talchum.domain.rendering import CORNERS, BadgeStyle, Corner, InferenceProvider, Proportions, Rendering
from talchum.protocol.messages import ServerRelay
from talchum.protocol.worker_candidates import Reachability

Value = TypeVar("Value")
Registration = Literal["invited", "open"]
"""Who may make an account: whom the operator invites, or anybody."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation's settings; each field is read from ``TALCHUM_<FIELD>`` (see `NAMES`)."""

    redis_url: str
    host: str = "127.0.0.1"
    port: int = 8080
    internal_port: int = 0
    public_url: str = ""
    server_url: str = ""
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    data: Path = Path(".talchum")
    web: Path = Path(__file__).parent.parent / "_built" / "web"
    networks: Path = Path(__file__).parent.parent / "_built" / "networks"
    identities: Path = Path(__file__).parent.parent / "identities"
    database_url: str = ""
    content_url: str = ""
    operator_token: str = ""
    signing_key: str = ""
    registration: Registration = "invited"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    recording_chain: str = ""
    recording_hours: int = 24
    tls_certificate: str = ""
    tls_key: str = ""
    turn_secret: str = ""
    turn_urls: tuple[str, ...] = ()
    turn_lifetime_seconds: int = 600
    worker_slots: int = 0
    drain_seconds: int = 300
    worker_reachable: Reachability = "direct"
    server_relay: ServerRelay = "auto"
    inference_provider: InferenceProvider = "cpu"
    proportions: Proportions = "performer"
    badge_corner: Corner = "bottom-left"
    badge_language: Language = "en"
    verification_slots: int = 2
    verification_megabytes: int = 512
    resume_seconds: int = 30
    face_leg_wait_seconds: int = 8
    room_idle_seconds: int = 24 * 3600
    liveness_file: Path | None = None
    log_level: str = "INFO"
    log_format: LogFormat = "text"
    metrics_address: tuple[str, int] | None = None
    otlp_endpoint: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, needs_redis: bool = True) -> Settings:
        """Read all settings; `redis_url` may be left out, and is empty then, where nothing needs it.

        Raises SettingsError that lists every missing, malformed and unknown ``TALCHUM_`` name at once.
        """
        problems: list[str] = []
        values: dict[str, object] = {}
        for name, (field, parse) in NAMES.items():
            text = environment.get(name, "").strip()
            if not text:
                continue
            try:
                values[field] = parse(text)
            except ValueError as error:
                problems.append(f"{name}: {error}")
        if not needs_redis:
            values.setdefault("redis_url", "")
        if "redis_url" not in values and not any(
            problem.startswith("TALCHUM_REDIS_URL") for problem in problems
        ):
            problems.append("TALCHUM_REDIS_URL: missing, expected the address of a Redis or Valkey")
        if ("tls_certificate" in values) != ("tls_key" in values):
            problems.append("TALCHUM_TLS_CERTIFICATE and TALCHUM_TLS_KEY: got one, expected both or none")
        oidc = {"oidc_issuer", "oidc_client_id", "oidc_client_secret"}
        if oidc & values.keys() and not oidc <= values.keys():
            problems.append("TALCHUM_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET: expected all or none")
        unknown = sorted(name for name in environment if name.startswith("TALCHUM_") and name not in NAMES)
        problems += [f"{name}: not a setting" for name in unknown]
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(**values)  # type: ignore[arg-type]

    @property
    def database(self) -> str:
        """The URL of the database; SQLite in the data directory unless one is named."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'talchum.db'}"

    @property
    def content(self) -> str:
        """The URL of the content store; a directory beside the other data unless one is named."""
        return self.content_url or (self.data.resolve() / "content").as_uri()

    @property
    def rendering(self) -> Rendering:
        """How identities are rendered."""
        return Rendering(self.inference_provider, self.proportions)

    @property
    def badge(self) -> BadgeStyle:
        """How the badge on every picture of a worn face looks."""
        return BadgeStyle(self.badge_corner, self.badge_language)

    def worker_url(self) -> str:
        """The WebSocket address by which face workers reach a call server."""
        if self.server_url:
            return self.server_url
        if self.internal_port:
            return f"ws://127.0.0.1:{self.internal_port}/ws"
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        scheme = "wss" if self.tls_certificate else "ws"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/ws"


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"got {text!r}, expected a number from {least} to {most}")
        return int(text)

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            # Not repeated: it may hold a password.
            raise ValueError(f"expected a URL that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return text

    return parse


def _web_url(text: str) -> str:
    return _url("http", "https")(text).rstrip("/")


def _issuer(text: str) -> str:
    """As the provider writes it, a slash at its end included."""
    url = _url("http", "https")(text)
    if url.startswith("http://") and urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("expected a URL that begins with https://")
    return url


def _listed(parse: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    def parse_all(text: str) -> tuple[str, ...]:
        return tuple(parse(part.strip()) for part in text.split(",") if part.strip())

    return parse_all


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"got {text!r}, expected an address or a network such as 10.0.0.0/16") from None


def _ice_url(text: str) -> str:
    if text.partition(":")[0] not in ("stun", "stuns", "turn", "turns"):
        raise ValueError(f"got {text!r}, expected stun:, stuns:, turn: or turns: (RFC 7064, 7065)")
    return text


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"got {text!r}, expected one of {', '.join(names)}")
        return text

    return parse


def _log_level(text: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text.upper() not in levels:
        raise ValueError(f"got {text!r}, expected one of {', '.join(levels)}")
    return text.upper()


def _address(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.netloc != text or "@" in text:
        raise ValueError(f"got {text!r}, expected host:port, or [host]:port for an IPv6 address")
    return parts.hostname, parts.port


def _secret(text: str) -> str:
    if len(text) < 16:
        raise ValueError("got fewer than 16 characters, expected a longer secret")
    return text


NAMES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "TALCHUM_REDIS_URL": ("redis_url", _url("redis", "rediss", "unix")),
    "TALCHUM_HOST": ("host", str),
    "TALCHUM_PORT": ("port", _number(0, 65535)),
    "TALCHUM_INTERNAL_PORT": ("internal_port", _number(0, 65535)),
    "TALCHUM_PUBLIC_URL": ("public_url", _web_url),
    "TALCHUM_SERVER_URL": ("server_url", _url("ws", "wss")),
    "TALCHUM_ALLOWED_ORIGINS": ("allowed_origins", _listed(_web_url)),
    "TALCHUM_TRUSTED_PROXIES": ("trusted_proxies", _listed(_network)),
    "TALCHUM_DATA": ("data", Path),
    "TALCHUM_WEB": ("web", Path),
    "TALCHUM_NETWORKS": ("networks", Path),
    "TALCHUM_IDENTITIES": ("identities", Path),
    "TALCHUM_DATABASE_URL": ("database_url", _url("sqlite", "postgresql", "postgresql+psycopg")),
    "TALCHUM_CONTENT_URL": ("content_url", _url("file", "s3")),
    "TALCHUM_OPERATOR_TOKEN": ("operator_token", _secret),
    "TALCHUM_SIGNING_KEY": ("signing_key", str),
    "TALCHUM_REGISTRATION": ("registration", _one_of(*get_args(Registration))),
    "TALCHUM_OIDC_ISSUER": ("oidc_issuer", _issuer),
    "TALCHUM_OIDC_CLIENT_ID": ("oidc_client_id", str),
    "TALCHUM_OIDC_CLIENT_SECRET": ("oidc_client_secret", str),
    "TALCHUM_RECORDING_CHAIN": ("recording_chain", str),
    "TALCHUM_RECORDING_HOURS": ("recording_hours", _number(1, 30 * 24)),
    "TALCHUM_TLS_CERTIFICATE": ("tls_certificate", str),
    "TALCHUM_TLS_KEY": ("tls_key", str),
    "TALCHUM_TURN_SECRET": ("turn_secret", _secret),
    "TALCHUM_TURN_URLS": ("turn_urls", _listed(_ice_url)),
    "TALCHUM_TURN_LIFETIME_SECONDS": ("turn_lifetime_seconds", _number(5, 600)),
    "TALCHUM_WORKER_SLOTS": ("worker_slots", _number(0, 64)),
    "TALCHUM_DRAIN_SECONDS": ("drain_seconds", _number(0, 24 * 3600)),
    "TALCHUM_WORKER_REACHABLE": ("worker_reachable", _one_of(*get_args(Reachability))),
    "TALCHUM_SERVER_RELAY": ("server_relay", _one_of(*get_args(ServerRelay))),
    "TALCHUM_INFERENCE_PROVIDER": ("inference_provider", _one_of(*get_args(InferenceProvider))),
    "TALCHUM_PROPORTIONS": ("proportions", _one_of(*get_args(Proportions))),
    "TALCHUM_BADGE_CORNER": ("badge_corner", _one_of(*CORNERS)),
    "TALCHUM_BADGE_LANGUAGE": ("badge_language", _one_of(*LANGUAGES)),
    "TALCHUM_VERIFICATION_SLOTS": ("verification_slots", _number(0, 64)),
    "TALCHUM_VERIFICATION_MEGABYTES": ("verification_megabytes", _number(1, 65536)),
    "TALCHUM_RESUME_SECONDS": ("resume_seconds", _number(1, 600)),
    "TALCHUM_FACE_LEG_WAIT_SECONDS": ("face_leg_wait_seconds", _number(1, 60)),
    "TALCHUM_ROOM_IDLE_SECONDS": ("room_idle_seconds", _number(60, 30 * 24 * 3600)),
    "TALCHUM_LIVENESS_FILE": ("liveness_file", Path),
    "TALCHUM_LOG_LEVEL": ("log_level", _log_level),
    "TALCHUM_LOG_FORMAT": ("log_format", _one_of(*get_args(LogFormat))),
    "TALCHUM_METRICS_ADDRESS": ("metrics_address", _address),
    "TALCHUM_OTLP_ENDPOINT": ("otlp_endpoint", _web_url),
}
"""Each environment variable with the field it sets and how it is read."""
