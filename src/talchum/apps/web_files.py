"""The web app's static export with the headers that a page with a camera deserves."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

import msgspec

from talchum.domain.errors import SettingsError

NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Talchum</title>
<h1>The call server runs, but its web app was not built.</h1>
<p>Run <code>make run</code> in a checkout, or install the wheel, which carries it.</p></html>
"""


class _Hashes(msgspec.Struct, rename="camel"):
    script_hashes: list[str]


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file to answer with. immutable: its name changes with its content."""

    path: Path
    media_type: str
    status: int
    immutable: bool


class WebFiles:
    """A directory made by `next build` with ``output: 'export'`` and ``trailingSlash``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self.is_built = (self._directory / "index.html").is_file()
        self._script_hashes = self._read_hashes() if self.is_built else []

    def find(self, path: str) -> WebFile | None:
        """The file for a URL path, the export's 404 page where there is none, None without a web app."""
        if not self.is_built:
            return None
        wanted = self._resolve(path)
        if wanted is not None:
            return self._file(wanted, 200)
        missing = self._directory / "404.html"
        return self._file(missing, 404) if missing.is_file() else None

    def headers(self, host: str) -> dict[str, str]:
        """Security headers of every answer. host: what the client calls us, for its WebSocket."""
        scripts = " ".join(f"'{value}'" for value in self._script_hashes)
        policy = "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' {scripts}".rstrip(),
                "style-src 'self'",
                # Attributes only, which the export writes; they cannot load anything.
                "style-src-attr 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "media-src 'self' blob: mediastream:",
                "font-src 'self'",
                "worker-src 'self' blob:",
                # Some engines do not count WebSockets of the same host as 'self'.
                f"connect-src 'self' ws://{host} wss://{host}" if _is_plain(host) else "connect-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )
        return {
            "Content-Security-Policy": policy,
            "Permissions-Policy": "camera=(self), microphone=(self), speaker-selection=(self), "
            "autoplay=(self), screen-wake-lock=(self), geolocation=(), display-capture=(), usb=()",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def _read_hashes(self) -> list[str]:
        path = self._directory / "csp.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Hashes).script_hashes
        except (OSError, msgspec.DecodeError) as error:
            raise SettingsError(
                "the web app has no readable csp.json, expected the hashes of its scripts",
                code="web_app_incomplete",
            ) from error

    def _resolve(self, path: str) -> Path | None:
        relative = path.lstrip("/")
        if "\0" in relative or relative == "csp.json":
            return None
        for candidate in (relative, f"{relative}/index.html", f"{relative}.html"):
            found = (self._directory / candidate.lstrip("/")).resolve()
            if found.is_relative_to(self._directory) and found.is_file():
                return found
        return None

    def _file(self, path: Path, status: int) -> WebFile:
        # without a charset: the framework adds it to every text
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        immutable = path.is_relative_to(self._directory / "_next" / "static")
        return WebFile(path, media_type, status, immutable)


def _is_plain(host: str) -> bool:
    """Whether a Host header can stand in a policy: anything else could add words to it."""
    return bool(host) and all(c.isascii() and (c.isalnum() or c in "-.:[]") for c in host)
