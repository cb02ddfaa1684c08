"""Thousands of participants who only signal: sockets in rooms of two, and messages between them.

    python -m benchmarks.scale_measures.socket_load ORIGIN [ORIGIN ...] --rooms N --seconds S --rate R

Runs as a process of its own, so that its work is not the servers', and prints what it saw as JSON. The two of
a room join at different origins when there are several. Every client has an address of its own in 127/8,
since call servers limit what one address may ask for.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.machine import spread
from talchum.apps.collection_pace import pace_collection
from talchum.apps.many_sockets import allow_files

AT_ONCE = 16
"""Joins under way at a time."""

PADDING = "x" * 600


@dataclass(slots=True)
class Sent:
    """Messages on their way, by what they carry, with when they were sent."""

    at: dict[str, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)

    def arrived(self, token: str) -> None:
        """One came; those of before the measurement are not in `at`."""
        sent = self.at.pop(token, None)
        if sent is not None:
            self.delays.append(time.perf_counter() - sent)


@dataclass(slots=True)
class Participant:
    """One socket. other: the peer to send to, once there is one."""

    socket: ClientConnection
    peer: str
    other: str = ""
    seq: int = 0

    async def send(self, token: str) -> None:
        """One candidate of about 0.8 KB to the other."""
        self.seq += 1
        text = f"candidate:{token} 1 udp 1 192.0.2.1 9 typ host x {PADDING}"
        candidate = {"candidate": text, "sdpMid": "0"}
        message = {"type": "candidate", "seq": self.seq, "to": self.other, "candidate": candidate}
        await self.socket.send(json.dumps(message))

    async def read(self, sent: Sent) -> None:
        """Take what comes."""
        async for text in self.socket:
            message: dict[str, Any] = json.loads(text)
            if message["type"] == "candidate":
                sent.arrived(message["candidate"]["candidate"].split(" ")[0].partition(":")[2])
            elif message["type"] == "peer-joined":
                self.other = message["peer"]["id"]


async def join(origin: str, room: str, address: str) -> Participant:
    """A participant's socket, joined."""
    transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
    async with httpx.AsyncClient(base_url=origin, transport=transport, timeout=30) as http:
        answer = await http.post(f"/api/rooms/{room}/tickets", json={})
        answer.raise_for_status()
    socket = await connect(
        f"ws{origin.removeprefix('http')}/ws",
        local_addr=(address, 0),
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=30,
    )
    await socket.send(json.dumps({"type": "join", "ticket": answer.json()["ticket"]}))
    welcome = json.loads(await socket.recv())
    peers = welcome["peers"]
    return Participant(socket, welcome["peer"], peers[0]["id"] if peers else "")


async def open_room(
    origins: Sequence[str], addresses: Iterator[str], places: asyncio.Semaphore
) -> list[Participant]:
    """Two participants in a room of their own, on different servers when there are several."""
    async with places:
        address = next(addresses)
        transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
        async with httpx.AsyncClient(base_url=origins[0], transport=transport, timeout=30) as http:
            room = (await http.post("/api/rooms", json={})).raise_for_status().json()["room"]
        return [await join(origins[n % len(origins)], room, next(addresses)) for n in range(2)]


async def converse(people: list[Participant], sent: Sent, seconds: float, rate: float) -> int:
    """Send `rate` messages a second from anybody to their other; how many were sent."""
    luck, count, begun = random.Random(1), 0, time.perf_counter()
    while (now := time.perf_counter()) - begun < seconds:
        due = begun + count / rate
        if due > now:
            await asyncio.sleep(due - now)
        token = f"t{count}"
        sent.at[token] = time.perf_counter()
        await luck.choice(people).send(token)
        count += 1
    return count


async def load(origins: Sequence[str], rooms: int, seconds: float, rate: float) -> dict[str, Any]:
    """Open all rooms, say so on a line, send when a line comes in, and tell what was seen."""
    addresses = (f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in itertools.count())
    places, begun = asyncio.Semaphore(AT_ONCE), time.monotonic()
    opened = await asyncio.gather(*(open_room(origins, addresses, places) for _ in range(rooms)))
    people = [person for room in opened for person in room]
    opening = time.monotonic() - begun
    sent = Sent()
    readers = [asyncio.create_task(person.read(sent)) for person in people]
    # The first of a room hears who came after them.
    while not all(person.other for person in people):  # noqa: ASYNC110 - told by their sockets
        await asyncio.sleep(0.1)
    pace_collection()
    print(json.dumps({"sockets": len(people), "openingSeconds": round(opening, 1)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    count = await converse(people, sent, seconds, rate)
    deadline = time.monotonic() + 5
    while sent.at and time.monotonic() < deadline:  # noqa: ASYNC110 - those still under way
        await asyncio.sleep(0.1)
    lost = sum(reader.done() for reader in readers)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return {
        "sent": count,
        "missing": len(sent.at),
        "socketsLost": lost,
        "relayMs": spread([1000 * delay for delay in sent.delays]),
    }


def main() -> None:
    """Load the servers and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("origins", nargs="+")
    parser.add_argument("--rooms", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    options = parser.parse_args()
    allow_files()
    gc.disable()  # while sockets open; they stay
    print(json.dumps(asyncio.run(load(options.origins, options.rooms, options.seconds, options.rate))))


if __name__ == "__main__":
    main()
