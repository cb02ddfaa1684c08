from __future__ import annotations

import pytest

from talchum.protocol.origins import OriginRule, host_name, origin_of, url_host

RULE = OriginRule.of("https://calls.example.org", ["https://app.example.net:8443"], ["studio"])


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("http://localhost:8080", "ws", "localhost:8080"),
        ("http://127.0.0.1:8080", "http", "127.0.0.1:8080"),
        ("https://192.168.1.5:8080", "wss", "192.168.1.5:8080"),
        ("http://[::1]:8080", "ws", "[::1]:8080"),
        ("http://studio:8080", "ws", "STUDIO:8080"),
        # Behind a proxy that ends TLS.
        ("https://calls.example.org", "ws", "calls.example.org"),
        ("https://app.example.net:8443", "ws", "127.0.0.1:8080"),
        (None, "ws", "call-server:8080"),
    ],
)
def test_own_pages_and_programs_are_accepted(origin: str | None, scheme: str, host: str) -> None:
    assert RULE.accepts(origin, scheme, host)


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("http://evil.example", "ws", "localhost:8080"),
        ("http://localhost:9090", "ws", "localhost:8080"),
        ("https://localhost:8080", "ws", "localhost:8080"),
        ("null", "ws", "localhost:8080"),
        ("", "ws", "localhost:8080"),
        # A name of theirs that points to us: same origin for the browser, not for us.
        ("http://rebound.evil.example:8080", "ws", "rebound.evil.example:8080"),
        ("http://localhost.evil.example", "ws", "localhost.evil.example"),
    ],
)
def test_other_pages_are_refused(origin: str, scheme: str, host: str) -> None:
    assert not RULE.accepts(origin, scheme, host)


def test_default_ports_are_left_out() -> None:
    assert origin_of("https://Calls.example.org:443/x") == "https://calls.example.org"
    assert origin_of("http://a:8080") == "http://a:8080"


def test_host_that_is_none() -> None:
    assert host_name("[::1") == ""
    assert host_name("[::1]:80") == "::1"


def test_a_url_has_ipv6_in_brackets() -> None:
    assert url_host("[::1]:80") == "[::1]"
    assert url_host("Calls.example.org:8080") == "calls.example.org"
