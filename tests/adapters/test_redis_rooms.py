"""Rooms in a real Valkey, by several processes at once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from talchum.adapters.face_worker_presence import FaceWorkerPresence
from talchum.adapters.face_worker_registry import FaceWorkerStatus, served_key
from talchum.adapters.redis_rooms import LEASE_LIFETIME, MAX_CLAIMED, MAX_OUTBOX, RedisRooms, connect
from talchum.domain.disclosure import Disclosure
from talchum.domain.errors import AdmissionError, StoreError
from talchum.domain.placement import CPU_LEGS, GPU_LEGS
from talchum.protocol.admission import room_key
from talchum.protocol.messages import (
    ClientMessage,
    Describe,
    Leave,
    ParticipantState,
    RequestFaceLeg,
    SessionDescription,
    SetState,
    Worn,
)
from talchum.protocol.room import Room, RoomRules
from talchum.protocol.room_effects import Effect, EnqueueFaceLeg, Welcomed
from tests.adapters.peers_of_rooms import ask, enter, serve
from tests.stores import Store, running_store

pytestmark = pytest.mark.valkey

Serving = Callable[..., RedisRooms]


def repr_of(disclosure: Disclosure, now: float) -> str:
    return f"{disclosure.performer} at {now}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def serving(store: Store) -> AsyncIterator[Serving]:
    """Rooms as call servers of any name see them, in a store that begins empty."""
    opened: list[RedisRooms] = []

    def as_server(name: str, rules: RoomRules | None = None) -> RedisRooms:
        rooms = RedisRooms(
            connect(store.url), server=name, rules=rules or RoomRules(), idle_lifetime=3600, statement=repr_of
        )
        opened.append(rooms)
        return rooms

    await as_server("")._redis.flushall()
    yield as_server
    for rooms in opened:
        await rooms._redis.aclose()


@pytest.fixture
def rooms(serving: Serving) -> RedisRooms:
    return serving("s1")


async def new_room(rooms: RedisRooms) -> str:
    return room_key(await rooms.create())


async def test_room_that_was_never_made_is_unknown(rooms: RedisRooms) -> None:
    with pytest.raises(AdmissionError) as refused:
        await rooms.issue_ticket("k" * 22)
    assert refused.value.code == "room_unknown"


async def test_neither_the_link_nor_a_secret_is_stored(rooms: RedisRooms) -> None:
    identifier = await rooms.create()
    issued = await rooms.issue_ticket(room_key(identifier))
    keys = [name async for name in rooms._redis.scan_iter("*room:*")]
    stored = b"".join([name + (await rooms._redis.get(name) or b"") for name in keys])
    for secret in (identifier, issued.ticket.partition(".")[2], issued.rejoin):
        assert secret.encode() not in stored


async def test_outbox_keeps_what_was_pushed_until_it_is_acknowledged(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s1.2")

    async def say(camera: bool) -> None:
        state = SetState(state=ParticipantState(camera=camera))
        await rooms.change(key, lambda room, now: room.handle(first, "s1.1", state, now))

    await say(True)
    await say(False)
    messages = await rooms.outbox(key, second, 0)
    assert [seq for seq, _ in messages] == [1, 2]
    assert [json.loads(text)["state"]["camera"] for _, text in messages] == [True, False]
    assert [seq for seq, _ in await rooms.outbox(key, second, 1)] == [2]


async def test_what_is_disclosed_is_signed_with_its_number_in_the_outbox(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s1.2")
    request = RequestFaceLeg(request="r1", identity="veil")
    effects = await rooms.change(key, lambda room, now: room.handle(first, "s1.1", request, now))
    ticket = next(effect.ticket for effect in effects if isinstance(effect, EnqueueFaceLeg))
    secret = ticket.partition(".")[2]
    welcomed = (await rooms.change(key, lambda room, now: room.join(secret, "s1.3", now)))[0]
    assert isinstance(welcomed, Welcomed)
    offer = SessionDescription(type="offer", sdp="v=0\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32))
    said: list[tuple[str, str, ClientMessage]] = [
        (first, "s1.1", SetState(state=ParticipantState(camera=True))),
        (first, "s1.1", Describe(to=second, description=offer)),
        (welcomed.peer, "s1.3", Worn(identity="veil", kind="anonymise", engine="veil")),
    ]
    for peer, connection, message in said:
        await rooms.change(key, partial(say, peer, connection, message))
    (_, told) = (await rooms.outbox(key, second, 0))[-1]
    disclosure = json.loads(told)
    assert (disclosure["type"], disclosure["seq"], disclosure["from"]) == ("disclosure", 3, first)
    assert disclosure["statement"].startswith(f"{first} at ")


def say(peer: str, connection: str, message: ClientMessage, room: Room, now: float) -> list[Effect]:
    return room.handle(peer, connection, message, now)


async def test_resume_after_messages_no_longer_kept_is_refused(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s1.2")

    def chatter(room: Room, now: float) -> list[Effect]:
        state = SetState(state=ParticipantState())
        return [effect for _ in range(MAX_OUTBOX + 10) for effect in room.handle(first, "s1.1", state, now)]

    await rooms.change(key, chatter)
    assert len(await rooms.outbox(key, second, 10)) == MAX_OUTBOX
    with pytest.raises(AdmissionError) as refused:
        await rooms.outbox(key, second, 9)
    assert refused.value.code == "resume_too_late"


async def test_action_that_raises_changes_nothing(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    issued = await rooms.issue_ticket(key)
    secret = issued.ticket.partition(".")[2]

    def join_and_fail(room: Room, now: float) -> list[Effect]:
        room.join(secret, "s1.1", now)
        raise AdmissionError("got second thoughts")

    with pytest.raises(AdmissionError):
        await rooms.change(key, join_and_fail)
    await rooms.change(key, lambda room, now: room.join(secret, "s1.1", now))


async def test_a_hundred_changes_at_once_all_count(rooms: RedisRooms, serving: Serving) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s2.1")
    both = (rooms, serving("s2"))
    state = SetState(state=ParticipantState())

    async def speak(number: int) -> None:
        await both[number % 2].change(key, lambda room, now: room.handle(first, "s1.1", state, now))

    for _ in range(10):
        await asyncio.gather(*(speak(number) for number in range(10)))
    assert [seq for seq, _ in await rooms.outbox(key, second, 0)] == list(range(1, 101))


RACER = """
import asyncio, sys
from talchum.adapters.redis_rooms import RedisRooms, connect
from talchum.domain.disclosure import Disclosure
from talchum.domain.errors import AdmissionError
from talchum.protocol.room import RoomRules

async def main(url, server, key, secrets):
    client = connect(url)
    rooms = RedisRooms(client, server=server, rules=RoomRules(), idle_lifetime=3600, statement=None)
    await client.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    async def enter(secret):
        try:
            await rooms.change(key, lambda room, now: room.join(secret, f"{server}.{secret[:8]}", now))
            return "in"
        except AdmissionError as error:
            return error.code
    print(*await asyncio.gather(*map(enter, secrets)), flush=True)
    await client.aclose()

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
"""


def race(store: Store, server: str, key: str, secrets: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RACER, store.url, server, key, *secrets],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_two_processes_racing_admit_one_last_participant(rooms: RedisRooms, store: Store) -> None:
    key = await new_room(rooms)
    await enter(rooms, key, "s1.1")
    secrets = [(await rooms.issue_ticket(key)).ticket.partition(".")[2] for _ in range(8)]
    racers = [race(store, "s2", key, secrets[:4]), race(store, "s3", key, secrets[4:])]
    for racer in racers:
        assert racer.stdout is not None
        assert await asyncio.to_thread(racer.stdout.readline) == "ready\n"
    outcomes = [
        outcome
        for output, _ in await asyncio.gather(
            *(asyncio.to_thread(racer.communicate, "\n") for racer in racers)
        )
        for outcome in output.split()
    ]
    assert sorted(outcomes) == ["in"] + ["room_full"] * 7


async def test_server_is_woken_for_its_own_connections_only(rooms: RedisRooms, serving: Serving) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s2.7")
    other = serving("s2")
    wakes = other.wakes()
    assert (await anext(wakes)).connection == ""
    state = SetState(state=ParticipantState())
    await rooms.change(key, lambda room, now: room.handle(second, "s2.7", state, now))
    await rooms.change(key, lambda room, now: room.handle(first, "s1.1", state, now))
    assert (await asyncio.wait_for(anext(wakes), 5)).connection == "s2.7"
    await wakes.aclose()


async def test_lost_store_is_said_and_wakes_begin_again(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        rooms = RedisRooms(
            connect(store.url), server="s1", rules=RoomRules(), idle_lifetime=60, statement=repr_of
        )
        wakes = rooms.wakes()
        assert (await anext(wakes)).connection == ""
        store.kill()
        with pytest.raises(StoreError) as lost:
            await rooms.create()
        assert lost.value.retryable
        store.start()
        # It may have missed something meanwhile, so it says so.
        assert (await asyncio.wait_for(anext(wakes), 10)).connection == ""
        await rooms.create()
        await wakes.aclose()
        await rooms._redis.aclose()


async def test_emptied_store_gets_its_rooms_and_leases_back(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "s1.2")
    request = RequestFaceLeg(request="r1", identity="veil")
    await rooms.change(key, lambda room, now: room.handle(first, "s1.1", request, now))
    await rooms._redis.flushall()
    state = SetState(state=ParticipantState())
    await rooms.change(key, lambda room, now: room.handle(first, "s1.1", state, now))
    assert [seq for seq, _ in await rooms.outbox(key, second, 0)] == [1]
    assert [name async for name in rooms._redis.scan_iter("*face-leg*wanted")]
    assert await rooms._redis.zcard("talchum:rooms-due") == 1


async def test_rooms_are_put_back_before_a_new_one_is_made(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    await rooms._redis.flushall()
    await new_room(rooms)
    assert await rooms._redis.exists(f"talchum:room:{key}")


async def test_whoever_comes_while_rooms_are_put_back_finds_theirs(rooms: RedisRooms) -> None:
    keys = [await new_room(rooms) for _ in range(50)]
    await rooms._redis.flushall()
    found = await asyncio.gather(*(rooms.issue_ticket(key) for key in reversed(keys)))
    assert len(found) == len(keys)


async def test_rooms_are_put_back_also_when_the_store_is_lost_again_meanwhile(
    rooms: RedisRooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await new_room(rooms)
    await rooms._redis.flushall()

    async def lost(*_arguments: object) -> bool:
        raise StoreError("got no answer")

    with monkeypatch.context() as once:
        once.setattr(RedisRooms, "_commit", lost)
        with pytest.raises(StoreError):
            await rooms.beat()
    await rooms.beat()
    assert await rooms._redis.exists(f"talchum:room:{key}")


async def test_room_that_expired_is_not_put_back(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    await rooms._redis.delete(f"talchum:room:{key}")
    with pytest.raises(AdmissionError) as refused:
        await enter(rooms, key, "s1.1")
    assert refused.value.code == "room_unknown"


async def test_what_another_server_put_back_stays(rooms: RedisRooms, serving: Serving) -> None:
    key = await new_room(rooms)
    other = serving("s2")
    await other.beat()
    await enter(rooms, key, "s1.1")
    await enter(other, key, "s2.1")
    await rooms._redis.flushall()
    await other.beat()
    await rooms.beat()
    peers = other._decoder.decode((await other._load(key))[0]).peers
    assert len(peers) == 2  # the later of the two states, which the other server knew


async def test_leg_is_wanted_by_a_lease_that_goes_with_it(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    first = await enter(rooms, key, "s1.1")
    request = RequestFaceLeg(request="r1", identity="veil")
    effects = await rooms.change(key, lambda room, now: room.handle(first, "s1.1", request, now))
    leg = next(effect.leg for effect in effects if isinstance(effect, EnqueueFaceLeg))
    name = f"talchum:face-leg:{leg}:wanted"
    assert 0 < await rooms._redis.ttl(name) <= LEASE_LIFETIME
    await rooms.change(key, lambda room, now: room.disconnect(first, "s1.1", now - 60.0))
    await rooms.change(key, lambda room, now: room.tick(now))
    assert not await rooms._redis.exists(name)


async def ticked(rooms: RedisRooms) -> list[str]:
    """Rooms to which something happens as time passes now."""
    return [room async for room, _ in rooms.tick()]


async def make_due(rooms: RedisRooms, *keys: str) -> None:
    await rooms._redis.zadd("talchum:rooms-due", dict.fromkeys(keys, 0.0))


async def places_told(rooms: RedisRooms, key: str, peer: str) -> list[int]:
    messages = [json.loads(text) for _, text in await rooms.outbox(key, peer, 0)]
    return [message["place"] for message in messages if message["type"] == "face-leg-queued"]


async def test_place_in_the_queue_is_one_line_over_all_rooms_and_servers(
    rooms: RedisRooms, serving: Serving
) -> None:
    other = serving("s2", RoomRules(tick=0.05))
    keys = [await new_room(rooms) for _ in range(4)]
    waiting = [
        await ask(server, key, f"{name}.{number}")
        for number, (key, server, name) in enumerate(
            zip(keys, (rooms, other, rooms, other), ("s1", "s2", "s1", "s2"), strict=True)
        )
    ]
    told = [await places_told(rooms, key, peer) for key, (peer, _) in zip(keys, waiting, strict=True)]
    assert told == [[1], [2], [3], [4]]
    secret = waiting[0][1].ticket.partition(".")[2]
    await other.change(keys[0], lambda room, now: room.join(secret, "s2.9", now))  # served
    await rooms.change(keys[2], lambda room, now: room.handle(waiting[2][0], "s1.2", Leave(), now))
    for key in keys:
        await other._tick_room(key)
    assert await places_told(rooms, keys[1], waiting[1][0]) == [2, 1]
    assert await places_told(rooms, keys[3], waiting[3][0]) == [4, 2]


async def test_queue_of_gpu_workers_is_used_and_counted_apart_while_one_lives(serving: Serving) -> None:
    rules = RoomRules(first_engine=lambda _identity: "neural")
    rooms = serving("s2", rules)
    keys = [await new_room(rooms) for _ in range(3)]
    _, first = await ask(rooms, keys[0], "s2.1")
    await FaceWorkerPresence(rooms._redis, "w1").announce(FaceWorkerStatus(1, 1, [], GPU_LEGS))
    await rooms.beat()
    peer, second = await ask(rooms, keys[1], "s2.2")
    await FaceWorkerPresence(rooms._redis, "w1").announce(FaceWorkerStatus(1, 0, [], ""))  # it drains
    await rooms._redis.delete(served_key(GPU_LEGS))  # nobody has kept it alive
    await rooms.beat()
    _, third = await ask(rooms, keys[2], "s2.3")
    assert [leg.queue for leg in (first, second, third)] == [CPU_LEGS, GPU_LEGS, CPU_LEGS]
    await rooms._tick_room(keys[1])
    assert await places_told(rooms, keys[1], peer) == [1]
    await rooms._redis.aclose()


async def test_leg_of_a_room_that_is_gone_holds_no_place(rooms: RedisRooms) -> None:
    await rooms._redis.zadd("talchum:face-legs-waiting", {"left-behind": 1.0})
    assert await ticked(rooms) == []
    key = await new_room(rooms)
    peer, _ = await ask(rooms, key, "s1.1")
    assert await places_told(rooms, key, peer) == [1]


async def test_room_in_which_time_changes_nothing_lives_on_unwritten(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    _, order = await ask(rooms, key, "s1.1")
    await serve(rooms, key, order, "s1.2")
    state, lease = f"talchum:room:{key}", f"talchum:face-leg:{order.leg}:wanted"
    for name in (state, lease):
        await rooms._redis.expire(name, 5)
    await make_due(rooms, key)
    writes = "SET", "ZADD"
    before = [await calls_of(rooms, command) for command in writes]
    assert await ticked(rooms) == []
    assert [await calls_of(rooms, command) for command in writes] == [before[0], before[1] + 1]  # the claim
    assert await rooms._redis.ttl(state) > 3000
    assert await rooms._redis.ttl(lease) > 30
    assert await rooms._redis.zcount("talchum:rooms-due", "-inf", 1.0) == 0
    await rooms._redis.flushall()
    await rooms.beat()
    assert await rooms._redis.exists(state)


async def calls_of(rooms: RedisRooms, command: str) -> int:
    """How often the store has carried this command out."""
    statistics = await rooms._redis.info("commandstats")
    return int(statistics.get(f"cmdstat_{command.lower()}", {"calls": 0})["calls"])


async def test_lease_that_ran_out_while_no_server_ran_is_put_back(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    _, order = await ask(rooms, key, "s1.1")
    await serve(rooms, key, order, "s1.2")
    lease = f"talchum:face-leg:{order.leg}:wanted"
    await rooms._redis.delete(lease)
    await make_due(rooms, key)
    assert await ticked(rooms) == [key]
    assert 0 < await rooms._redis.ttl(lease) <= LEASE_LIFETIME


async def test_more_rooms_than_one_claim_takes_are_all_looked_after_at_once(rooms: RedisRooms) -> None:
    keys = [await new_room(rooms) for _ in range(2 * MAX_CLAIMED + 1)]
    for key in keys[:-1]:
        await enter(rooms, key, "s1.1")
    await enter(rooms, keys[-1], "gone.1")
    await make_due(rooms, *keys)
    assert await ticked(rooms) == [keys[-1]]
    assert await rooms._redis.zcount("talchum:rooms-due", "-inf", 1.0) == 0


async def test_room_that_expired_is_due_no_more(rooms: RedisRooms) -> None:
    key = await new_room(rooms)
    await rooms._redis.delete(f"talchum:room:{key}")
    await make_due(rooms, key)
    assert await ticked(rooms) == []
    assert await rooms._redis.zcard("talchum:rooms-due") == 0


async def test_server_is_known_again_before_its_rooms_are_put_back(
    rooms: RedisRooms, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rooms.beat()
    key = await new_room(rooms)
    await enter(rooms, key, "s1.1")
    await rooms._redis.flushall()
    other = serving("s2")
    put_back = RedisRooms._commit

    async def watched(self: RedisRooms, *arguments: object) -> bool:
        done = await put_back(self, *arguments)  # type: ignore[arg-type]
        await make_due(other, key)
        assert await ticked(other) == []
        return done

    monkeypatch.setattr(RedisRooms, "_commit", watched)
    await rooms.beat()
    monkeypatch.undo()
    assert next(iter(rooms._decoder.decode((await rooms._load(key))[0]).peers.values())).connection == "s1.1"


async def test_peers_of_a_server_that_died_are_lost_by_anothers_tick(serving: Serving) -> None:
    rules = RoomRules(tick=0.05)
    rooms = serving("s1", rules)
    key = await new_room(rooms)
    first, second = await enter(rooms, key, "s1.1"), await enter(rooms, key, "gone.1")
    await rooms.beat()

    async def told() -> list[str]:
        await ticked(rooms)
        return [json.loads(text)["type"] for _, text in await rooms.outbox(key, first, 0)]

    async with asyncio.timeout(5):
        while await told() != ["peer-joined", "peer-presence"]:  # noqa: ASYNC110 it is in the store
            await asyncio.sleep(0.01)
    assert second


async def test_due_room_is_ticked_by_one_server(serving: Serving) -> None:
    rules = RoomRules(tick=30.0)
    one, two = (serving(name, rules) for name in ("s1", "s2"))
    key = await new_room(one)
    peer = await enter(one, key, "s1.1")
    await one.change(key, lambda room, now: room.disconnect(peer, "s1.1", now - 60.0))
    by_server = await asyncio.gather(ticked(one), ticked(two))
    assert [room for rooms in by_server for room in rooms] == [key]
    assert one._decoder.decode((await one._load(key))[0]).peers == {}
