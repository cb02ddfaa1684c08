"""Which web pages may speak to the call server, and under which of its names.

A browser says in ``Origin`` which page opens a WebSocket or posts; a page of another site is refused, since
it would act with its visitor's network position. A page can also be served under a name that points here (DNS
rebinding), so the name in ``Host`` must then be one that nobody else can register.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class OriginRule:
    """origins: accepted besides the server's own, such as the public one; names: own host names."""

    origins: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, public_url: str, origins: Collection[str], names: Collection[str]) -> OriginRule:
        """The rule of an installation; its public URL's host is one of its names."""
        every = {origin_of(url) for url in (public_url, *origins) if url}
        hosts = {urlsplit(origin).hostname or "" for origin in every} | {name.lower() for name in names}
        return cls(frozenset(every), frozenset(hosts - {""}))

    def accepts(self, origin: str | None, scheme: str, host: str) -> bool:
        """Whether a request may be served; one without an origin is no browser's, so nothing is at risk."""
        if origin is None:
            return True
        if not self._own(host):
            return False
        secure = scheme in ("https", "wss")
        own = f"{'https' if secure else 'http'}://{host.lower()}"
        return origin.lower() == own or origin.lower() in self.origins

    def _own(self, host: str) -> bool:
        name = host_name(host)
        if name == "localhost" or name.endswith(".localhost") or name in self.names:
            return True
        return is_address(name)


def is_address(host: str) -> bool:
    """Whether a host is an IP address instead of a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def origin_of(url: str) -> str:
    """Scheme and authority of a URL, in lower case, without a default port."""
    parts = urlsplit(url.lower())
    netloc = parts.netloc
    default = {"http": ":80", "https": ":443"}.get(parts.scheme)
    return f"{parts.scheme}://{netloc.removesuffix(default) if default else netloc}"


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without port and brackets, in lower case; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def url_host(host: str) -> str:
    """The name in a ``Host`` header as a URL has it: IPv6 in brackets."""
    name = host_name(host)
    return f"[{name}]" if ":" in name else name
