"""Rooms and their numbered outboxes in Redis, so that any call server can serve any peer of a room.

A change loads the state, lets the sans-IO `Room` act on it and stores state, outbox entries, leases and
wake-ups in one script that first compares the state it started from, so two processes cannot both admit the
last participant. Time comes from Redis: all processes share one clock. Rooms in which time changes nothing,
most of them at any time, are read many at once and not written. A store that comes back empty gets the rooms
back that its servers remember, so that calls outlive it.

Keys, all under ``talchum:``: ``room:{key}`` the state; ``outbox:{key}:{peer}`` a stream whose entry ids are
the message numbers; ``rooms-due`` when each room's next tick is; ``server:{id}`` a call server's heartbeat;
``face-leg:{leg}:wanted`` a lease; ``{queue}-waiting`` the legs no worker has taken, by when they are given
up; ``epoch`` differs for a store that was emptied; channel ``wake:{server}`` tells a server which connection
has mail.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from talchum.adapters.face_worker_registry import served_key
from talchum.domain.disclosure import Disclosure
from talchum.domain.errors import AdmissionError, StoreError
from talchum.domain.placement import LEG_QUEUES, LegQueues
from talchum.protocol.admission import IssuedTicket, new_room_id, new_secret, room_key, room_unknown
from talchum.protocol.messages import Disclosed, Failure, encode
from talchum.protocol.room import Room, RoomRules, server_of
from talchum.protocol.room_effects import (
    CancelFaceLeg,
    Close,
    Disclose,
    Effect,
    EnqueueFaceLeg,
    FaceLegTaken,
    Forget,
    KeepFaceLeg,
    Push,
    Trim,
)
from talchum.protocol.room_state import RoomState

logger = logging.getLogger(__name__)

MAX_OUTBOX = 256
"""Messages kept for a peer that is away; older ones make its resume fail instead of growing the store."""

OUTBOX_LIFETIME = 600
LEASE_LIFETIME = 40
"""Longer than the grace in which a peer may resume: while no call server runs, nobody renews a lease."""

SERVER_LIFETIME = 5
MAX_ATTEMPTS = 32
MAX_CLAIMED = 16
"""Due rooms that a server claims at a time."""

MAX_REMEMBERED = 8192
"""Rooms of which a server remembers the last state, about 1 KB each, those it saw last."""

RoomAction = Callable[[Room, float], list[Effect]]
StateDisclosure = Callable[[Disclosure, float], str]
"""Signs what is disclosed at this time (wall clock); called on the event loop, so it must be quick."""

# KEYS: state, due, then one for each operation.
# ARGV: state expected, state wanted, its lifetime, due at or '', room key, the most an outbox keeps, its
# lifetime, then for each operation its name and two arguments.
_COMMIT = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
if ARGV[4] == '' then redis.call('ZREM', KEYS[2], ARGV[5])
else redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5]) end
for k = 3, #KEYS do
  local at = 8 + (k - 3) * 3
  local name, first, second = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if name == 'push' then
    redis.call('XADD', KEYS[k], 'MAXLEN', ARGV[6], '0-' .. first, 'm', second)
    redis.call('EXPIRE', KEYS[k], ARGV[7])
  elseif name == 'trim' then redis.call('XTRIM', KEYS[k], 'MINID', '0-' .. first)
  elseif name == 'delete' then redis.call('DEL', KEYS[k])
  elseif name == 'lease' then redis.call('SET', KEYS[k], '1', 'EX', first)
  elseif name == 'wait' then redis.call('ZADD', KEYS[k], first, second)
  elseif name == 'served' then redis.call('ZREM', KEYS[k], first)
  elseif name == 'wake' then redis.call('PUBLISH', KEYS[k], first)
  end
end
return 1
"""

# A due room is claimed by moving it on, so that one process ticks it and none forgets it.
# What waits in the queue longer than anybody does is of a room that is gone.
_CLAIM = """
for k = 2, #KEYS do redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', ARGV[3]) end
local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
for _, key in ipairs(keys) do redis.call('ZADD', KEYS[1], ARGV[2], key) end
return keys
"""


class Wake(msgspec.Struct, frozen=True, omit_defaults=True):
    """A connection has mail, or is to be closed with a last word. connection: empty for all of a server."""

    connection: str = ""
    last_word: Failure | None = None


_Operation = tuple[str, str, str, str]  # name, key, two arguments


def connect(url: str) -> redis.Redis:
    """A client that reconnects by itself; `url` is redis://, rediss:// or unix:///path."""
    client: redis.Redis = redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=0.25, base=0.01), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        socket_connect_timeout=2.0,
        socket_timeout=5.0,
        health_check_interval=15,
    )
    return client


class RedisRooms:
    """All rooms as one call-server process, named `server`, sees them."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        server: str,
        rules: RoomRules,
        idle_lifetime: int,
        statement: StateDisclosure,
    ) -> None:
        self._redis = client
        self._server = server
        self._rules = rules
        self._idle_lifetime = idle_lifetime
        self._statement = statement
        self._encoder = msgspec.msgpack.Encoder(order="deterministic")
        self._decoder = msgspec.msgpack.Decoder(RoomState)
        self._wake_decoder = msgspec.json.Decoder(Wake)
        self._remembered: OrderedDict[str, bytes] = OrderedDict()
        self._epoch: bytes | str | None = None
        self._restoring = asyncio.Lock()
        self._served: frozenset[str] = frozenset()

    async def create(self) -> str:
        """Make a room and give its identifier, which only its link carries.

        Raises StoreError.
        """
        identifier = new_room_id()
        state = RoomState(key=room_key(identifier))
        with _store_errors():
            await self._restore()
            await self._redis.set(_room(state.key), self._encoder.encode(state), ex=self._idle_lifetime)
        self._remember(state.key, self._encoder.encode(state))
        return identifier

    async def issue_ticket(
        self, key: str, *, peer: str = "", rejoin: str = "", account: str = ""
    ) -> IssuedTicket:
        """A participant's ticket to a room, see `Room.issue_ticket`. Raises AdmissionError, StoreError."""
        issued: list[IssuedTicket] = []

        def issue(room: Room, now: float) -> list[Effect]:
            issued[:] = [room.issue_ticket(now, peer=peer, rejoin=rejoin, account=account)]
            return []

        await self.change(key, issue)
        return issued[0]

    async def change(self, key: str, action: RoomAction) -> list[Effect]:
        """Act on a room and commit what came of it; `action` runs again when another process was faster.

        Gives all effects; pushes, trims, leases and closes are already done.
        Raises AdmissionError (`room_unknown`), StoreError, and what `action` raises, which changes nothing.
        """
        for attempt in range(MAX_ATTEMPTS):
            before, now, waiting = await self._load(key)
            room = Room(self._decoder.decode(before), self._rules, queues=LegQueues(waiting, self._served))
            effects = [self._signed(effect) for effect in action(room, now)]
            if await self._commit(before, room, effects, now):
                return effects
            await asyncio.sleep(random.uniform(0.0, 0.002 * (attempt + 1)))
        raise StoreError(f"got {MAX_ATTEMPTS} conflicts on one room", code="store_busy")

    def _signed(self, effect: Effect) -> Effect:
        """What is to be disclosed, as the message that does."""
        if not isinstance(effect, Disclose):
            return effect
        statement = self._statement(effect.disclosure, effect.now)
        return Push(effect.peer, Disclosed(seq=effect.seq, from_=effect.source, statement=statement))

    async def outbox(self, key: str, peer: str, after: int) -> list[tuple[int, str]]:
        """Number and JSON text of each of a peer's messages above `after`, in order and without a gap.

        Raises AdmissionError (`resume_too_late`) when some are no longer kept, StoreError.
        """
        with _store_errors():
            entries: Any = await self._redis.xrange(_outbox(key, peer), min=f"0-{after + 1}")
        messages = [(int(entry.partition(b"-")[2]), fields[b"m"].decode()) for entry, fields in entries]
        if messages and messages[0][0] != after + 1:
            raise AdmissionError("got a resume after messages no longer kept", code="resume_too_late")
        return messages

    async def wakes(self) -> AsyncGenerator[Wake, None]:
        """What concerns this server's connections; an empty `Wake` comes whenever some may have been missed.

        Never ends and survives a lost store.
        """
        while True:
            subscription = self._redis.pubsub()
            try:
                await subscription.subscribe(f"talchum:wake:{self._server}")
                while True:
                    # A timeout shorter than the socket's, so that silence is not an error.
                    message = await subscription.get_message(timeout=2.0)
                    if message is None:
                        continue
                    # The client subscribes again by itself when its connection was lost.
                    began = message["type"] == "subscribe"
                    yield Wake() if began else self._wake_decoder.decode(message["data"])
            except (RedisError, OSError):
                logger.warning("the store's wake-up channel was lost, subscribing again")
                await asyncio.sleep(0.2)
            finally:
                await _close_quietly(subscription)

    async def beat(self) -> None:
        """Say that this server lives; to be repeated within `SERVER_LIFETIME`. Raises StoreError."""
        with _store_errors():
            # Before rooms are put back: another server would take their peers here for lost.
            await self._redis.set(f"talchum:server:{self._server}", b"1", ex=SERVER_LIFETIME)
            await self._restore()
        answers = await self._answers([("EXISTS", served_key(queue)) for queue in LEG_QUEUES])
        self._served = frozenset(queue for queue, served in zip(LEG_QUEUES, answers, strict=True) if served)

    async def retire(self) -> None:
        """Say that this server is gone. Raises StoreError."""
        with _store_errors():
            await self._redis.delete(f"talchum:server:{self._server}")

    async def tick(self) -> AsyncGenerator[tuple[str, list[Effect]], None]:
        """Let time pass in every room whose time has come and that no other process has claimed.

        Gives the effects in each room to which something happened. Raises StoreError.
        """
        claimed = await self._claim()
        while claimed:
            for key in await self._eventful(claimed):
                try:
                    effects = await self._tick_room(key)
                except AdmissionError:  # expired with nobody in it
                    with _store_errors():
                        await self._redis.zrem("talchum:rooms-due", key)
                else:
                    yield key, effects
            claimed = await self._claim() if len(claimed) == MAX_CLAIMED else []

    async def _claim(self) -> list[str]:
        with _store_errors():
            now = _seconds(await self._redis.time())
            claimed: list[bytes] = await self._redis.eval(
                _CLAIM,
                1 + len(LEG_QUEUES),
                "talchum:rooms-due",
                *map(_waiting, LEG_QUEUES),
                repr(now),
                repr(now + self._rules.tick),
                repr(now - 2 * self._rules.tick),
                MAX_CLAIMED,
            )
        return [key.decode() for key in claimed]

    async def _eventful(self, keys: list[str]) -> list[str]:
        """Those of these claimed rooms that need a change; the others live on, and so do their legs."""
        with _store_errors():
            pipeline: Any = self._redis.pipeline(transaction=False).time()
            for key in keys:
                pipeline.getex(_room(key), ex=self._idle_lifetime)
            time, *states = await pipeline.execute()
        found = {key: state for key, state in zip(keys, states, strict=True) if state is not None}
        rooms = {key: Room(self._decoder.decode(state), self._rules) for key, state in found.items()}
        dead, now = await self._dead_servers([room.state for room in rooms.values()]), _seconds(time)
        quiet: dict[str, list[str]] = {}
        for key, room in rooms.items():
            kept = _kept_by_time(room, now, now + self._rules.tick, dead)
            if kept is not None and self._encoder.encode(room.state) == found[key]:
                self._remember(key, found[key])
                quiet[key] = kept
        lost = await self._lost_leases([leg for legs in quiet.values() for leg in legs])
        return [key for key in keys if key not in quiet or not lost.isdisjoint(quiet[key])]

    async def _tick_room(self, key: str) -> list[Effect]:
        before, _, _ = await self._load(key)
        state = self._decoder.decode(before)
        dead = await self._dead_servers([state])
        places = await self._places({name: leg.queue for name, leg in state.legs.items() if not leg.worker})
        return await self.change(key, lambda room, now: room.tick(now, dead, places))

    async def _dead_servers(self, states: list[RoomState]) -> set[str]:
        """Servers whose heartbeat is gone, of those that hold a connection of these rooms."""
        held = {server_of(peer.connection) for state in states for peer in state.peers.values()}
        servers = sorted(held - {"", self._server})
        answers = await self._answers([("EXISTS", f"talchum:server:{server}") for server in servers])
        return {server for server, lives in zip(servers, answers, strict=True) if not lives}

    async def _lost_leases(self, legs: list[str]) -> set[str]:
        """Renew these legs' leases where they are there, and give the legs whose are not."""
        answers = await self._answers([("EXPIRE", _lease(leg), LEASE_LIFETIME) for leg in legs])
        return {leg for leg, renewed in zip(legs, answers, strict=True) if not renewed}

    async def _answers(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """What the store answers to each of these, all asked at once."""
        if not commands:
            return []
        with _store_errors():
            pipeline: Any = self._redis.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = await pipeline.execute()
        return answers

    async def _places(self, legs: dict[str, str]) -> dict[str, int]:
        """The place of each of these legs in its queue, 1 for the next."""
        ranks = await self._answers([("ZRANK", _waiting(queue), leg) for leg, queue in legs.items()])
        return {leg: rank + 1 for leg, rank in zip(legs, ranks, strict=True) if rank is not None}

    async def _load(self, key: str) -> tuple[bytes, float, dict[str, int]]:
        state, now, waiting = await self._read(key)
        if state is None and key in self._remembered:
            with _store_errors():
                await self._restore()
            state, now, waiting = await self._read(key)
        if state is None:
            self._remembered.pop(key, None)
            raise room_unknown()
        return state, now, waiting

    async def _read(self, key: str) -> tuple[bytes | None, float, dict[str, int]]:
        with _store_errors():
            pipeline: Any = self._redis.pipeline(transaction=False)
            pipeline.get(_room(key)).time()
            for queue in LEG_QUEUES:
                pipeline.zcard(_waiting(queue))
            state, time, *lengths = await pipeline.execute()
        return state, _seconds(time), dict(zip(LEG_QUEUES, lengths, strict=True))

    async def _restore(self) -> None:
        """Put back what this server remembers into a store that has been emptied since it last looked.

        Whoever asks meanwhile waits: a room that is not back yet would be taken for one that has ended.
        """
        async with self._restoring:
            await self._redis.set("talchum:epoch", new_secret(), nx=True)
            epoch = await self._redis.get("talchum:epoch")
            if self._epoch is not None and epoch != self._epoch:
                await self._put_back()
            self._epoch = epoch

    async def _put_back(self) -> None:
        logger.warning("the store came back empty, putting back %d rooms", len(self._remembered))
        for encoded in list(self._remembered.values()):
            state = self._decoder.decode(encoded)
            now = _seconds(await self._redis.time())
            # Another server may have been faster; what it wrote stays.
            await self._commit(b"", Room(state, self._rules), [KeepFaceLeg(leg) for leg in state.legs], now)

    def _remember(self, key: str, encoded: bytes) -> None:
        self._remembered[key] = encoded
        self._remembered.move_to_end(key)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    async def _commit(self, before: bytes, room: Room, effects: list[Effect], now: float) -> bool:
        key = room.state.key
        operations = list(_operations(room.state, effects))
        due = room.next_tick(now)
        keys = [_room(key), "talchum:rooms-due", *(operation[1] for operation in operations)]
        encoded = self._encoder.encode(room.state)
        arguments: list[Any] = [
            before,
            encoded,
            self._idle_lifetime,
            "" if due is None else repr(due),
            key,
            MAX_OUTBOX,
            OUTBOX_LIFETIME,
        ]
        for name, _, first, second in operations:
            arguments += [name, first, second]
        with _store_errors():
            done = bool(await self._redis.eval(_COMMIT, len(keys), *keys, *arguments))
        if done:
            self._remember(key, encoded)
        return done


def _kept_by_time(room: Room, now: float, due: float, dead: set[str]) -> list[str] | None:
    """The legs that a room keeps where time brings it nothing else before `due`, None where it does."""
    effects = room.tick(now, dead)
    kept = [effect.leg for effect in effects if isinstance(effect, KeepFaceLeg)]
    next_tick = room.next_tick(now)
    return kept if len(kept) == len(effects) and next_tick is not None and next_tick >= due else None


def _operations(state: RoomState, effects: list[Effect]) -> Iterator[_Operation]:
    woken: dict[str, None] = {}
    for effect in effects:
        match effect:
            case Push(peer, message):
                yield "push", _outbox(state.key, peer), str(message.seq), encode(message)
                if peer in state.peers and state.peers[peer].connection:
                    woken[state.peers[peer].connection] = None
            case Trim(peer, last_seq):
                yield "trim", _outbox(state.key, peer), str(last_seq + 1), ""
            case Forget(peer):
                yield "delete", _outbox(state.key, peer), "", ""
            case EnqueueFaceLeg(leg=leg, expires_at=end, queue=queue):
                yield "lease", _lease(leg), str(LEASE_LIFETIME), ""
                yield "wait", _waiting(queue), repr(end), leg
            case KeepFaceLeg(leg=leg):
                yield "lease", _lease(leg), str(LEASE_LIFETIME), ""
            case FaceLegTaken(leg=leg):
                yield from _waits_no_more(leg)
            case CancelFaceLeg(leg=leg):
                yield "delete", _lease(leg), "", ""
                yield from _waits_no_more(leg)
            case Close(connection, message):
                yield _wake(connection, message)
    for connection in woken:
        yield _wake(connection, None)


def _wake(connection: str, last_word: Failure | None) -> _Operation:
    wake = msgspec.json.encode(Wake(connection, last_word)).decode()
    return "wake", f"talchum:wake:{server_of(connection)}", wake, ""


def _waits_no_more(leg: str) -> Iterator[_Operation]:
    for queue in LEG_QUEUES:
        yield "served", _waiting(queue), leg, ""


def _waiting(queue: str) -> str:
    return f"talchum:{queue}-waiting"


def _room(key: str) -> str:
    return f"talchum:room:{key}"


def _outbox(key: str, peer: str) -> str:
    return f"talchum:outbox:{key}:{peer}"


def _lease(leg: str) -> str:
    return f"talchum:face-leg:{leg}:wanted"


def _seconds(time: tuple[int, int]) -> float:
    return time[0] + time[1] / 1e6


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreError(f"the store of rooms did not answer: {type(error).__name__}") from error


async def _close_quietly(subscription: Any) -> None:
    try:
        await subscription.aclose()
    except (RedisError, OSError):
        logger.debug("closing a lost subscription failed")
