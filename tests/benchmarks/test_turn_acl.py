"""coturn itself, as the project configures it, relays to nobody who is inside."""

from __future__ import annotations

import pytest

from benchmarks.turn_acl import GRANTED, INSIDE, RELAY, granted_peers, measure

FORBIDDEN, UNAUTHORISED, NO_SUCH_FAMILY, NO_TCP, QUOTA = 403, 401, 440, 442, 486


@pytest.mark.netns
@pytest.mark.coturn
def test_only_the_relay_itself_is_relayed_to() -> None:
    tables = measure()
    own, with_ipv6 = tables["asConfigured"], tables["withIpv6Relay"]
    assert granted_peers(own) == [RELAY]
    assert own["allocation"] == {
        "asking": GRANTED,
        "ipv6": NO_SUCH_FAMILY,
        "tcp": NO_TCP,
        "wrongPassword": UNAUTHORISED,
        "elevenMinutesOld": UNAUTHORISED,
        "overQuota": QUOTA,
    }
    ipv4 = [address for address in INSIDE if ":" not in address]
    assert len(ipv4) >= 15
    assert {own["permission"][address] for address in ipv4} == {FORBIDDEN}
    # The same list where there is IPv6: a public address is relayed to, IPv4 in its clothes is not.
    assert with_ipv6["allocation"]["ipv6"] == GRANTED
    assert granted_peers(with_ipv6) == ["2606:4700::1111"]
    assert with_ipv6["permission"]["::ffff:10.0.0.1"] == FORBIDDEN


def test_an_answer_that_is_neither_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ValueError, match="got 500 for"):
        granted_peers({"permission": {"10.0.0.1": 500}, "channel": {}})
