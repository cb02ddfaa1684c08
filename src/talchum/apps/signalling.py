"""The WebSocket side of a call server: one task reads a socket, one empties its peer's outbox onto it.

A socket is only a way to a session: it may be lost and another may go on, on this process or on another.
While the store is away a socket waits and reads nothing, so that nothing a client said is lost.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from talchum.adapters.celery_queue import FaceLegQueue, FaceLegTask, RecordingTask
from talchum.adapters.redis_rooms import RedisRooms, RoomAction, Wake
from talchum.adapters.turn_credentials import TurnCredentials
from talchum.apps.call_measures import CallMeasures
from talchum.domain.audit import AuditEvent
from talchum.domain.errors import AdmissionError, MessageError, StoreError, TalchumError
from talchum.protocol.admission import RateLimit, split_token
from talchum.protocol.messages import (
    ClientMessage,
    Describe,
    Failure,
    IceServer,
    IceServersIssued,
    Join,
    Leave,
    ReportRoute,
    RequestFaceLeg,
    RequestIceServers,
    RequestRecording,
    Resume,
    Resumed,
    ServerMessage,
    ServerRelay,
    Welcome,
    decode_client_message,
    encode,
    number_of,
)
from talchum.protocol.origins import url_host
from talchum.protocol.room_effects import (
    Continued,
    Effect,
    EnqueueFaceLeg,
    EnqueueRecording,
    IssueIceServers,
    Note,
    Reply,
    Welcomed,
)

logger = logging.getLogger(__name__)

OPENING_TIMEOUT = 10.0
STORE_PATIENCE = 15.0
MESSAGE_RATE = 40.0
MESSAGE_BURST = 200.0
HEAVY_COST = 10.0
"""Messages that others must parse, or that start work, count as this many."""

HEAVY = Describe | RequestFaceLeg | RequestIceServers | RequestRecording | ReportRoute

CLOSE_NORMAL = 1000
CLOSE_REFUSED = 1008
CLOSE_TRY_AGAIN = 1013


def new_server_name() -> str:
    """A name for one run of one call-server process."""
    return secrets.token_hex(8)


class Socket(Protocol):
    """A WebSocket, whatever serves it."""

    async def receive(self) -> str | bytes | None:
        """The next message, None once the client is gone."""

    async def send(self, text: str) -> None:
        """Send one text message."""

    async def close(self, code: int) -> None:
        """Close with a code of RFC 6455 7.4."""


@dataclass(slots=True)
class Connection:
    """One socket and, once it has joined, the session that it carries.

    asked_at: when it said join or resume, wall clock.
    """

    name: str
    socket: Socket
    host: str
    room: str = ""
    peer: str = ""
    asked_at: float = 0.0
    cursor: int = 0
    held_back: bool = False
    mail: asyncio.Event = field(default_factory=asyncio.Event)
    last_word: Failure | None = None

    async def say(self, message: ServerMessage) -> None:
        """Send a message that is not numbered."""
        await self.socket.send(encode(message))


class Signalling:
    """All connections of one call-server process.

    note: writes to the audit log, and does not block. measures: told of what happens here.
    """

    def __init__(
        self,
        rooms: RedisRooms,
        queue: FaceLegQueue,
        turn: TurnCredentials,
        *,
        server: str,
        worker_url: str,
        resume_within: int,
        server_relay: ServerRelay = "never",
        note: Callable[[AuditEvent], None],
        measures: CallMeasures | None = None,
    ) -> None:
        self._rooms = rooms
        self._queue = queue
        self._turn = turn
        self._server = server
        self._worker_url = worker_url
        # Never the name by which the performer reached us: it is theirs to choose.
        self._worker_host = url_host(urlsplit(worker_url).netloc)
        self._resume_within = resume_within
        self._server_relay = server_relay
        self._note = note
        self._measures = measures if measures is not None else CallMeasures()
        self._connections: dict[str, Connection] = {}
        self._counter = 0
        self._stops = False
        self._unsaid_losses: set[tuple[str, str, str]] = set()
        self._errands: set[asyncio.Task[None]] = set()

    # -- the process ----------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep this server known, its rooms ticking and its connections woken."""
        tasks = [asyncio.create_task(self._keep_time()), asyncio.create_task(self._hear_wakes())]
        try:
            yield
        finally:
            await _end(*tasks, *self._errands)
            try:
                await self._rooms.retire()
            except StoreError:
                logger.debug("the store was gone before this server")

    def stop(self) -> None:
        """This process is about to close all its connections: whose they are is not lost with them."""
        self._stops = True

    async def _keep_time(self) -> None:
        was_away = False
        while True:
            try:
                await self._rooms.beat()
                await self._report_losses()
                await self._let_time_pass()
                if was_away:
                    logger.info("the store of rooms is back")
                was_away = False
            except StoreError as error:
                self._measures.store_failed()
                if not was_away:
                    logger.warning("rooms stand still: %s", error.message)
                was_away = True
            await asyncio.sleep(0.5)

    async def _let_time_pass(self) -> None:
        async for room, effects in self._rooms.tick():
            await self._run_errands(room, effects)

    async def _hear_wakes(self) -> None:
        async for wake in self._rooms.wakes():
            self._wake(wake)

    def _wake(self, wake: Wake) -> None:
        if not wake.connection:
            for connection in self._connections.values():
                connection.mail.set()
        elif (connection_woken := self._connections.get(wake.connection)) is not None:
            connection_woken.last_word = wake.last_word or connection_woken.last_word
            connection_woken.mail.set()

    async def _report_losses(self) -> None:
        """Say what could not be said when the socket was lost, because the store was lost too."""
        for loss in list(self._unsaid_losses):
            await self._report_loss(*loss)
            self._unsaid_losses.discard(loss)

    async def _report_loss(self, room: str, peer: str, connection: str) -> None:
        try:
            effects = await self._rooms.change(
                room, lambda r, now: r.disconnect(peer, connection, now, server_stops=self._stops)
            )
        except AdmissionError:
            logger.debug("a lost connection's room is gone too")
        else:
            await self._run_errands(room, effects)

    # -- one socket -----------------------------------------------------------------------------

    async def serve(self, socket: Socket, host: str) -> None:
        """Serve one accepted WebSocket to its end. host: the name by which the client reached us."""
        self._counter += 1
        connection = Connection(f"{self._server}.{self._counter}", socket, host)
        self._connections[connection.name] = connection
        self._measures.opened(connection.name)
        try:
            code = await self._converse(connection)
        except TalchumError as error:
            code = CLOSE_TRY_AGAIN if isinstance(error, StoreError) else CLOSE_REFUSED
            await connection.say(_failure(error, fatal=not isinstance(error, StoreError)))
        finally:
            del self._connections[connection.name]
            self._measures.closed(connection.name)
            if connection.peer:
                await self._lose(connection)
        await socket.close(code)

    async def _converse(self, connection: Connection) -> int:
        if not await self._open(connection):
            return CLOSE_NORMAL
        reader = asyncio.create_task(self._read(connection))
        writer = asyncio.create_task(self._write(connection))
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            await _end(reader, writer)

    async def _open(self, connection: Connection) -> bool:
        """Join or resume, False when the client went away instead."""
        try:
            async with asyncio.timeout(OPENING_TIMEOUT):
                message = await self._first_message(connection)
        except TimeoutError:
            raise AdmissionError(
                f"got no join or resume within {OPENING_TIMEOUT:.0f} s", code="join_expected"
            ) from None
        if message is None:
            return False
        connection.asked_at = time.time()
        token = message.ticket if isinstance(message, Join) else message.session
        connection.room, secret = split_token(token)
        if isinstance(message, Join):
            effects = await self._change(connection, lambda r, now: r.join(secret, connection.name, now))
        else:
            last_seq = message.last_seq
            effects = await self._change(
                connection, lambda r, now: r.resume(secret, last_seq, connection.name)
            )
        await self._answer(connection, effects)
        return True

    async def _first_message(self, connection: Connection) -> Join | Resume | None:
        while (data := await connection.socket.receive()) is not None:
            try:
                message = decode_client_message(data)
            except MessageError as error:
                await connection.say(_failure(error))
                continue
            if isinstance(message, Join | Resume):
                return message
            raise AdmissionError("got another message first, expected join or resume", code="join_expected")
        return None

    async def _read(self, connection: Connection) -> int:
        limit = RateLimit(MESSAGE_RATE, MESSAGE_BURST)
        while (data := await connection.socket.receive()) is not None:
            try:
                message = decode_client_message(data)
            except MessageError as error:
                await self._hold_back(connection, limit, HEAVY_COST)
                await connection.say(_failure(error, about=number_of(data)))
                continue
            heavy = isinstance(message, HEAVY)
            await self._hold_back(connection, limit, HEAVY_COST if heavy else 1.0)
            await self._act(connection, message)
            if isinstance(message, Leave):
                return CLOSE_NORMAL
        return CLOSE_NORMAL

    async def _hold_back(self, connection: Connection, limit: RateLimit, cost: float) -> None:
        """Read no further for as long as a peer is over its rate: it is slowed down and loses nothing."""
        wait = limit.wait(time.monotonic(), cost)
        if wait > 0.0:
            if not connection.held_back:
                error = MessageError(
                    f"got more than {MESSAGE_RATE:.0f} messages a second", code="rate_limited"
                )
                await connection.say(_failure(error))
            await asyncio.sleep(wait)
        connection.held_back = wait > 0.0

    async def _act(self, connection: Connection, message: ClientMessage) -> None:
        peer, name, begun = connection.peer, connection.name, time.monotonic()
        effects = await self._change(connection, lambda room, now: room.handle(peer, name, message, now))
        self._measures.relayed(effects, time.monotonic() - begun)
        await self._answer(connection, effects)

    async def _change(self, connection: Connection, action: RoomAction) -> list[Effect]:
        """Change the connection's room; while the store is away, say so once and try again."""
        give_up_at = time.monotonic() + STORE_PATIENCE
        said = False
        while True:
            try:
                return await self._rooms.change(connection.room, action)
            except StoreError as error:
                self._measures.store_failed()
                if time.monotonic() >= give_up_at:
                    raise
                if not said:
                    said = True
                    await connection.say(_failure(error))
                await asyncio.sleep(0.2)

    async def _answer(self, connection: Connection, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Welcomed(peer, role, session, peers):
                    connection.peer, connection.cursor = peer, 0
                    welcome = Welcome(
                        session=session,
                        peer=peer,
                        role=role,
                        peers=peers,
                        ice_servers=self._ice_servers(connection, peer),
                        ice_servers_expire_in=self._turn.lifetime,
                        resume_within=self._resume_within,
                        server_relay=self._server_relay,
                    )
                    await connection.say(welcome)
                    self._measures.joined(connection.name, connection.room, role, connection.asked_at)
                    logger.info("a %s joined", role)
                case Continued(peer, role, received, last_seq):
                    connection.peer, connection.cursor = peer, last_seq
                    # Read before it is said, so that a resume that comes too late is refused as such.
                    await self._rooms.outbox(connection.room, peer, last_seq)
                    await connection.say(Resumed(received=received))
                    connection.mail.set()
                    self._measures.resumed(connection.name, connection.room, role)
                    logger.info("a %s resumed", role)
                case Reply(message):
                    await connection.say(message)
                case IssueIceServers(peer):
                    servers = self._ice_servers(connection, peer)
                    await connection.say(IceServersIssued(ice_servers=servers, expire_in=self._turn.lifetime))
        await self._run_errands(connection.room, effects)

    def _ice_servers(self, connection: Connection, peer: str) -> list[IceServer]:
        return self._turn.issue(peer, connection.host, time.time(), room=connection.room)

    async def _write(self, connection: Connection) -> int:
        """Send what is in the outbox whenever there is mail, until there is a last word."""
        while True:
            await connection.mail.wait()
            connection.mail.clear()
            try:
                for seq, text in await self._rooms.outbox(
                    connection.room, connection.peer, connection.cursor
                ):
                    await connection.socket.send(text)
                    connection.cursor = seq
            except StoreError:
                self._measures.store_failed()
                await asyncio.sleep(0.2)
                connection.mail.set()
                continue
            if connection.last_word is not None:
                await connection.say(connection.last_word)
                return CLOSE_NORMAL

    async def _lose(self, connection: Connection) -> None:
        loss = (connection.room, connection.peer, connection.name)
        try:
            await self._report_loss(*loss)
        except StoreError:
            self._measures.store_failed()
            self._unsaid_losses.add(loss)

    # -- legs, recordings and the audit log ------------------------------------------------------------

    async def _run_errands(self, room: str, effects: list[Effect]) -> None:
        self._measures.happened(effects)
        for effect in effects:
            if isinstance(effect, Note):
                self._note(effect.event)
            elif isinstance(effect, EnqueueFaceLeg):
                self._run_errand(self._enqueue(room, effect))
            elif isinstance(effect, EnqueueRecording):
                self._run_errand(self._enqueue_recording(room, effect))

    def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        # The loop keeps only weak references to tasks.
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _enqueue(self, room: str, leg: EnqueueFaceLeg) -> None:
        now, span = time.time(), self._measures.asks_for_leg()
        task = FaceLegTask(
            request=leg.leg,
            tag=leg.tag,
            room=room,
            performer=leg.performer,
            ticket=leg.ticket,
            server_url=self._worker_url,
            identity=leg.identity,
            engine=leg.engine,
            ice_servers=self._turn.issue(leg.performer, self._worker_host, now, room=room),
            expires_at=leg.expires_at,
            account=leg.account,
            enrolment=leg.enrolment,
            queue=leg.queue,
            asked_at=now,
            trace=span.context,
        )
        try:
            await self._queue.send(task, leg.expires_at - now)
        except StoreError as error:
            # The room gives up on the leg when its wait is over and tells the performer.
            self._measures.store_failed()
            logger.warning("a face leg was not queued: %s", error.message)
        finally:
            span.end()

    async def _enqueue_recording(self, room: str, wanted: EnqueueRecording) -> None:
        now = time.time()
        task = RecordingTask(
            recording=wanted.recording,
            file=wanted.file,
            ticket=wanted.ticket,
            server_url=self._worker_url,
            ice_servers=self._turn.issue(wanted.recording, self._worker_host, now, room=room),
            expires_at=wanted.expires_at,
        )
        try:
            await self._queue.send_recording(task, wanted.expires_at - now)
        except StoreError as error:
            # The room gives up on the recorder when its wait is over.
            self._measures.store_failed()
            logger.warning("a recording was not queued: %s", error.message)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, in which Redis is written to, swallows a
    cancellation that comes as it finishes (python/cpython#86296).
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("a task ended with %s", type(error).__name__)


def _failure(error: TalchumError, *, fatal: bool = False, about: int = 0) -> Failure:
    return Failure(
        code=error.code, message=error.message, retryable=error.retryable, fatal=fatal, about=about
    )
