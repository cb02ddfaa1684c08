from __future__ import annotations

import socket

import pytest

from talchum.adapters.network_addresses import (
    addresses_of,
    free_port,
    is_loopback,
    lan_addresses,
    port_is_free,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.5.5.5", "::1", "localhost"])
def test_only_this_machine_listens_there(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "calls.example.org", ""])
def test_others_may_listen_there(host: str) -> None:
    assert not is_loopback(host)


def test_addresses_for_others_are_not_loopback() -> None:
    assert not any(is_loopback(address) for address in lan_addresses())


def test_taken_port_is_not_free() -> None:
    port = free_port()
    assert port_is_free("127.0.0.1", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not port_is_free("127.0.0.1", port)


async def test_a_name_stands_for_its_addresses_and_an_address_for_itself() -> None:
    assert "127.0.0.1" in await addresses_of(["localhost"])
    assert await addresses_of(["2001:DB8::7", "::ffff:192.0.2.7"]) == {"2001:db8::7", "192.0.2.7"}


async def test_a_name_that_nobody_has_stands_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert await addresses_of(["nobody.invalid", "a" * 70 + ".invalid", "192.0.2.1"]) == {"192.0.2.1"}
    assert "nobody" not in caplog.text
