"""Participants and face workers of rooms in Redis, as call servers let them in."""

from __future__ import annotations

from talchum.adapters.redis_rooms import RedisRooms
from talchum.protocol.messages import RequestFaceLeg
from talchum.protocol.room_effects import EnqueueFaceLeg, Welcomed


async def enter(rooms: RedisRooms, key: str, connection: str) -> str:
    issued = await rooms.issue_ticket(key)
    secret = issued.ticket.partition(".")[2]
    effects = await rooms.change(key, lambda room, now: room.join(secret, connection, now))
    welcomed = effects[0]
    assert isinstance(welcomed, Welcomed)
    return welcomed.peer


async def ask(rooms: RedisRooms, key: str, connection: str) -> tuple[str, EnqueueFaceLeg]:
    """A participant who waits for a face worker."""
    peer = await enter(rooms, key, connection)
    request = RequestFaceLeg(request="r1", identity="veil")
    effects = await rooms.change(key, lambda room, now: room.handle(peer, connection, request, now))
    return peer, next(effect for effect in effects if isinstance(effect, EnqueueFaceLeg))


async def serve(rooms: RedisRooms, key: str, order: EnqueueFaceLeg, connection: str) -> None:
    """A face worker takes this leg."""
    secret = order.ticket.partition(".")[2]
    await rooms.change(key, lambda room, now: room.join(secret, connection, now))
