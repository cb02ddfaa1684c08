"""`talchum call` with a client that tells its face worker to send packets to other people's addresses.

Every description and every candidate that goes to a face worker is accompanied by candidates of the client's
choice; what the client needs itself goes too, so that the call connects where it can.
"""

from __future__ import annotations

from talchum.apps import performer_legs
from talchum.apps.cli import main
from talchum.apps.worn_leg import WornLeg
from talchum.protocol.messages import IceCandidate, SessionDescription

CHOSEN = (
    # public ones, on the worker's own network, private ones, a cloud's metadata
    *("8.8.8.8", "198.51.100.7", "203.0.113.99", "10.99.0.9", "192.168.1.1", "169.254.169.254"),
    # itself, everybody
    *("127.0.0.1", "224.0.0.251", "255.255.255.255", "0.0.0.0"),
    *("2001:db8::7", "2606:4700:4700::1111", "::1", "fe80::1", "ff02::fb", "::ffff:198.51.100.8"),
    # names that would have to be looked up
    *("metadata.internal", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9.local"),
)


def candidates() -> list[str]:
    """Each address as a host, a reflexive and a relayed candidate, and as one to connect to by TCP."""
    lines = []
    for number, address in enumerate(CHOSEN):
        for kind, transport in (("host", "udp"), ("srflx", "udp"), ("relay", "udp"), ("host", "tcp")):
            base = f"candidate:{number} 1 {transport} {2**31 - number} {address} 7{number:03} typ {kind}"
            lines.append(base + (" tcptype passive" if transport == "tcp" else ""))
    return lines


class HostileLeg(WornLeg):
    """A performer's side of a leg that puts candidates beside its own."""

    def description_made(self, description: SessionDescription) -> None:
        """Spoil the addresses of the description too; 64 candidates are all that a description may have."""
        sdp = description.sdp.replace("c=IN IP4 0.0.0.0", "c=IN IP4 198.51.100.7")
        own = sum(line.startswith("a=candidate") for line in sdp.splitlines())
        added = [f"a={line}" for line in candidates()[: 64 - own]]
        sdp += "\r\n".join([*added, "a=remote-candidates:1 8.8.8.8 9", "a=end-of-candidates", ""])
        super().description_made(SessionDescription(type=description.type, sdp=sdp))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send a candidate, and after the last one as many of others as the server passes on."""
        if candidate.candidate:
            super().candidate_found(candidate)
            return
        for line in candidates()[1::2]:
            super().candidate_found(IceCandidate(candidate=line, sdp_mid="0", sdp_m_line_index=0))
        super().candidate_found(candidate)


if __name__ == "__main__":
    setattr(performer_legs, "WornLeg", HostileLeg)  # noqa: B010 - not a name that it exports
    main()
