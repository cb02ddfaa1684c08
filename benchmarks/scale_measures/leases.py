"""What legs that only go on ask of Redis: their rooms' time passes, workers look whether they are wanted."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from benchmarks.outcome import Outcome
from benchmarks.scale_measures.processes import fine_cpu_seconds
from talchum.adapters.face_worker_presence import FaceWorkerPresence
from talchum.adapters.redis_rooms import RedisRooms, connect
from talchum.apps.worker import until_unwanted
from talchum.protocol.admission import room_key
from talchum.protocol.room import RoomRules
from tests.adapters.peers_of_rooms import ask, enter, serve
from tests.stores import running_store

SECONDS = 30.0
IDLE_SECONDS = 10.0
BEAT_SECONDS = 0.5
"""How often a call server looks for rooms that are due."""

LEGS_A_WORKER = 20
SERVER = "s1"


def measure_leases(n: int) -> Outcome:
    """`n` rooms with two participants and one leg each."""
    with tempfile.TemporaryDirectory() as name, running_store(Path(name)) as store:
        assert store.process is not None
        idle = _idle_cores(store.process.pid)
        lost, cores = asyncio.run(_keep(store.url, store.process.pid, n))
    return Outcome(
        f"{n:,} rooms with a running leg each, looked after for {SECONDS:.0f} s",
        "no lease lost",
        f"{lost} of {n:,} leases lost; {cores:.3f} of a core of Redis, which idle takes {idle:.4f}",
        n,
        lost == 0,
        {"legs": n, "lost": lost, "storeCores": round(cores, 5), "storeIdleCores": round(idle, 5)},
    )


def _idle_cores(store: int) -> float:
    """What the store uses by itself."""
    begun, before = time.monotonic(), fine_cpu_seconds(store)
    time.sleep(IDLE_SECONDS)
    return (fine_cpu_seconds(store) - before) / (time.monotonic() - begun)


async def _keep(url: str, store: int, n: int) -> tuple[int, float]:
    """Leases lost, and the cores that the store used meanwhile."""
    client = connect(url)
    rooms = RedisRooms(
        client, server=SERVER, rules=RoomRules(), idle_lifetime=3600, statement=lambda _disclosure, _now: ""
    )
    workers = [connect(url) for _ in range(0, n, LEGS_A_WORKER)]
    async with _looked_after(rooms):
        watches = []
        for number in range(n):
            leg, worker = await _wear(rooms, number), workers[number // LEGS_A_WORKER]
            looks = partial(FaceWorkerPresence(worker, "w1").is_wanted, leg)
            watches.append(asyncio.create_task(until_unwanted(looks)))
        begun, before = time.monotonic(), fine_cpu_seconds(store)
        await asyncio.wait(watches, timeout=SECONDS, return_when=asyncio.FIRST_EXCEPTION)
        cores = (fine_cpu_seconds(store) - before) / (time.monotonic() - begun)
        pending = {watch for watch in watches if not watch.done()}
        while pending:  # once is not enough before Python 3.12, see `talchum.apps.signalling`
            for watch in pending:
                watch.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.1)
        ended = await asyncio.gather(*watches, return_exceptions=True)
    for each in (client, *workers):
        await each.aclose()
    if failed := [end for end in ended if isinstance(end, Exception)]:
        raise failed[0]
    return ended.count(None), cores


@asynccontextmanager
async def _looked_after(rooms: RedisRooms) -> AsyncIterator[None]:
    over = False

    async def keep_time() -> None:
        while not over:
            await rooms.beat()
            async for _ in rooms.tick():
                pass
            await asyncio.sleep(BEAT_SECONDS)

    keeper = asyncio.create_task(keep_time())
    try:
        yield
    finally:
        over = True
        await keeper


async def _wear(rooms: RedisRooms, number: int) -> str:
    """A room of two, the first of which wears a face; the leg's name."""
    key = room_key(await rooms.create())
    _, order = await ask(rooms, key, f"{SERVER}.{number}-0")
    await enter(rooms, key, f"{SERVER}.{number}-1")
    await serve(rooms, key, order, f"{SERVER}.{number}-w")
    return order.leg
