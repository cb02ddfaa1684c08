"""What a face worker off site may do on Redis: take legs from its queue, and say and ask what those need.

A user of Redis 7 or Valkey, by selectors: each names keys together with the commands for them, so that what
may be done to one key may not be done to another. Nothing is said over channels, and no other user's keys,
no room, outbox, audit entry or waiting leg's place can be read.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, urlsplit, urlunsplit

import redis
from redis.exceptions import RedisError

from talchum.adapters.celery_queue import KEY_PREFIX, OFF_SITE_PREFIX, unacknowledged_keys
from talchum.adapters.face_worker_registry import served_key
from talchum.domain.errors import SettingsError, StoreError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_CONNECTION = ("hello", "ping", "select", "client|setinfo", "client|setname", "multi", "exec", "unwatch")
_HANDING_OVER = (
    *("set", "get", "del", "watch"),
    *("eval", "evalsha", "script|load"),
    *("hset", "hget", "hdel", "zadd", "zrem", "zrange", "zrevrangebyscore"),
)


def worker_user(name: str) -> str:
    """The Redis user of the worker of this name. Raises SettingsError."""
    if _NAME.fullmatch(name) is None:
        raise SettingsError(
            "got a worker's name that is none, expected 1 to 32 of a-z, 0-9 and -, the first not -"
        )
    return f"{OFF_SITE_PREFIX}{name}"


def worker_rules(user: str, password: str, queue: str) -> list[str]:
    """The rules of a worker that takes legs from this queue, as of ACL SETUSER; only the password's hash."""
    held = [f"~{KEY_PREFIX}{key}" for key in unacknowledged_keys(user).values()]
    bindings = [f"%W~{KEY_PREFIX}_kombu.{kind}.{queue}" for kind in ("binding", "binding_permanent")]
    return [
        *("reset", "on", f"#{hashlib.sha256(password.encode()).hexdigest()}"),
        *_allowed(_CONNECTION),
        _selector([f"~{KEY_PREFIX}{queue}"], "brpop", "llen"),
        _selector(bindings, "sadd"),
        _selector(held, *_HANDING_OVER),
        _selector([f"~talchum:face-worker:{user}.*"], "set", "del", "exists"),
        _selector([f"%W~{served_key(queue)}"], "set"),
        _selector(["%R~talchum:face-leg:*:wanted"], "exists"),
    ]


def worker_url(redis_url: str, user: str, password: str) -> str:
    """The same Redis for this user. Raises SettingsError when it is reached by a unix socket."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        raise SettingsError("got a store on a unix socket, expected one that another machine can reach")
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{address}"))


def apply_rules(redis_url: str, user: str, rules: list[str]) -> None:
    """Make the user, or make it anew. Raises StoreError."""
    try:
        with redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=2) as client:
            client.execute_command("ACL", "SETUSER", user, *rules)
    except (RedisError, OSError) as error:
        raise StoreError(f"the store did not take the user: {type(error).__name__}") from error


def _selector(keys: list[str], *commands: str) -> str:
    return f"({' '.join([*keys, *_allowed(commands)])})"


def _allowed(commands: tuple[str, ...]) -> list[str]:
    return [f"+{command}" for command in commands]
