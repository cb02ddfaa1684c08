"""People who come in pairs, negotiate a real connection without media, and leave.

    python -m benchmarks.scale_measures.join_load ORIGIN --joins N --per-minute R

Runs as a process of its own and prints what it saw as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.machine import spread
from talchum.adapters.signalling_client import SignallingClient
from talchum.adapters.webrtc.engine import prepare_engine
from talchum.adapters.webrtc.listener import ConnectionState, PeerListener
from talchum.adapters.webrtc.peer import PeerOptions, WebRtcPeer
from talchum.domain.errors import PeerConnectionError, TalchumError
from talchum.protocol import delay_messages
from talchum.protocol.messages import (
    Describe,
    Described,
    Failure,
    IceCandidate,
    ParticipantState,
    Peer,
    PeerJoined,
    ServerMessage,
    SessionDescription,
    SetState,
    Trickle,
    Trickled,
    Welcome,
)

PATIENCE = 20.0
STAY_SECONDS = 1.0
"""Of both together: who leaves at once is still being told candidates."""


@dataclass(slots=True)
class Seen:
    """What came of all joins. waits: seconds from the ticket's request to a connection with the other."""

    waits: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


class Person(PeerListener):
    """One participant with a data channel and no media."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._client: SignallingClient | None = None
        self._peer: WebRtcPeer | None = None
        self._other = ""
        self.connected = asyncio.Event()

    async def come(self, origin: str, room: str, address: str) -> None:
        """Join; the connection follows once the other is there."""
        transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
        async with httpx.AsyncClient(base_url=origin, transport=transport, timeout=30) as http:
            answer = (await http.post(f"/api/rooms/{room}/tickets", json={})).raise_for_status()
        url = f"ws{origin.removeprefix('http')}/ws"
        self._client = SignallingClient(url, answer.json()["ticket"], self._on_message)
        await self._client.run()

    async def go(self) -> None:
        """Leave."""
        if self._client is not None:
            await self._client.leave()
        if self._peer is not None:
            await self._peer.close()

    def _on_message(self, message: ServerMessage) -> None:
        match message:
            case Welcome(peers=peers):
                self._say(SetState(state=ParticipantState(own_face=True, camera=False, microphone=False)))
                for peer in peers:
                    self._meet(peer)
            case PeerJoined(peer=peer):
                self._meet(peer)
            case Described(description=description) if self._peer is not None:
                self._peer.receive_description(description)
            case Trickled(candidate=candidate) if self._peer is not None:
                self._peer.receive_candidate(candidate)
            case Failure(code=code):
                self._seen.errors[code] += 1

    def _meet(self, other: Peer) -> None:
        self._other = other.id
        self._peer = WebRtcPeer(PeerOptions(audience="participant", polite=other.polite), self)
        self._peer.open_channel(delay_messages.CHANNEL_LABEL, number=delay_messages.CHANNEL_ID)

    def _say(self, message: SetState | Describe | Trickle) -> None:
        if self._client is not None:
            self._client.send(message)

    def description_made(self, description: SessionDescription) -> None:
        """Send it."""
        self._say(Describe(to=self._other, description=description))

    def candidate_found(self, candidate: IceCandidate) -> None:
        """Send it."""
        self._say(Trickle(to=self._other, candidate=candidate))

    def state_changed(self, state: ConnectionState) -> None:
        """Note that there is a connection."""
        if state == "connected":
            self.connected.set()

    def failed(self, error: PeerConnectionError) -> None:
        """Count it."""
        self._seen.errors[error.code] += 1


async def meet(origin: str, addresses: Iterator[str], gap: float, seen: Seen) -> None:
    """A room, two who join it one after the other, a connection between them, and both gone."""
    people = [Person(seen), Person(seen)]
    stays: list[asyncio.Task[None]] = []
    try:
        transport = httpx.AsyncHTTPTransport(local_address=next(addresses), verify=False)
        async with httpx.AsyncClient(base_url=origin, transport=transport, timeout=30) as http:
            room = (await http.post("/api/rooms", json={})).raise_for_status().json()["room"]
        stays.append(asyncio.create_task(people[0].come(origin, room, next(addresses))))
        await asyncio.sleep(gap)
        begun = time.perf_counter()
        stays.append(asyncio.create_task(people[1].come(origin, room, next(addresses))))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(person.connected.wait() for person in people))
        seen.waits.append(time.perf_counter() - begun)
        await asyncio.sleep(STAY_SECONDS)
    except (TimeoutError, OSError, httpx.HTTPError, TalchumError) as error:
        seen.errors[type(error).__name__] += 1
    finally:
        for person in people:
            await person.go()
        for ended in await asyncio.gather(*stays, return_exceptions=True):
            if isinstance(ended, Exception):
                seen.errors[type(ended).__name__] += 1


async def load(origin: str, joins: int, per_minute: float) -> dict[str, Any]:
    """All joins at an even pace, and what came of them."""
    prepare_engine(zero_playout_delay=True, allow_loopback=True)
    addresses = (f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in itertools.count())
    gap, seen, begun = 60.0 / per_minute, Seen(), time.monotonic()
    meetings = []
    for number in range(joins // 2):
        await asyncio.sleep(max(0.0, begun + 2 * gap * number - time.monotonic()))
        meetings.append(asyncio.create_task(meet(origin, addresses, gap, seen)))
    pace = joins / (time.monotonic() - begun + 2 * gap) * 60
    await asyncio.gather(*meetings)
    return {
        "joins": joins,
        "connected": 2 * len(seen.waits),
        "perMinute": round(pace, 1),
        "errors": dict(seen.errors),
        "toConnectionMs": spread([1000 * wait for wait in seen.waits], 1) if seen.waits else None,
    }


def main() -> None:
    """Load the server and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("origin")
    parser.add_argument("--joins", type=int, required=True)
    parser.add_argument("--per-minute", type=float, required=True)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(load(options.origin, options.joins, options.per_minute))))


if __name__ == "__main__":
    main()
