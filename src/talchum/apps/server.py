"""The call server: HTTP, WebSocket signalling and the web app on one origin.

`python -m talchum.apps.server` runs it with the settings of its environment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import msgspec
import redis.asyncio as redis
import uvicorn
from quart import Quart, Response, Websocket, request, send_file, websocket
from uvicorn.loops.auto import auto_loop_factory

from talchum.adapters.accounts import Accounts
from talchum.adapters.audit_log import AuditLog
from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.celery_queue import FaceLegQueue, TrainingQueue, make_celery
from talchum.adapters.core_dumps import forbid_core_dumps
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.face_worker_registry import read_face_workers
from talchum.adapters.licence_links import LicenceLinks
from talchum.adapters.once_store import OnceStore
from talchum.adapters.quart_app import Application
from talchum.adapters.quart_socket import PatientWebsocketConnection, QuartSocket
from talchum.adapters.recording_credentials import CertificateChain
from talchum.adapters.recording_files import RecordingFiles
from talchum.adapters.redis_rooms import RedisRooms, connect
from talchum.adapters.signing import Signer
from talchum.adapters.trainer_presence import count_trainers
from talchum.adapters.training_jobs import TrainingJobs
from talchum.adapters.turn_credentials import TurnCredentials
from talchum.apps.account_routes import AccountDesk
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.audit_writer import AuditWriter
from talchum.apps.call_measures import CallMeasures
from talchum.apps.ceremonies import Ceremonies
from talchum.apps.client_limits import ClientLimits
from talchum.apps.collection_pace import pace_collection
from talchum.apps.consent_keeping import keep_consents
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolment_keeping import keep_enrolments
from talchum.apps.enrolment_routes import add_enrolments
from talchum.apps.enrolments import Enrolments
from talchum.apps.identity_routes import add_identities, keep_known
from talchum.apps.known_consents import KnownConsents, WearingRights
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.licence_routes import add_licences
from talchum.apps.log import begin_logging
from talchum.apps.many_sockets import allow_files
from talchum.apps.measuring import measuring, measuring_itself
from talchum.apps.receipts import add_receipts
from talchum.apps.recording_routes import add_recordings, sweeping
from talchum.apps.request_bodies import body_of
from talchum.apps.settings import Settings
from talchum.apps.signalling import Signalling, new_server_name
from talchum.apps.statements import ISSUER, disclosure_signer
from talchum.apps.tracing import tracing
from talchum.apps.training_routes import TrainingDesk, add_training
from talchum.apps.verification_desk import open_verification_desk
from talchum.apps.verification_routes import add_verifications
from talchum.apps.ways_in import add_ways_in
from talchum.apps.web_files import NOT_BUILT, WebFiles
from talchum.domain.errors import (
    AdmissionError,
    DatabaseError,
    SettingsError,
    StoreError,
    TalchumError,
)
from talchum.domain.metrics import UNMEASURED, Measurements
from talchum.domain.tracing import UNTRACED, Traces
from talchum.protocol.admission import room_key
from talchum.protocol.origins import OriginRule, url_host
from talchum.protocol.room import RoomRules

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 4096
SOCKET_MAX_BYTES = 256 * 1024
"""Above the protocol's own limit, so that a message over that gets an answer instead of a closed socket."""

REQUEST_RATE = 5.0
REQUEST_BURST = 120.0

MARK_VERSION = 1
"""Of the invisible mark that this installation's frames carry."""

_STATUS = {
    "operator_only": 401,
    "signed_out": 401,
    "passkey_refused": 403,
    "registration_closed": 403,
    "passkey_unknown": 404,
    "consent_unknown": 404,
    "enrolment_unknown": 404,
    "licence_unknown": 404,
    "licence_own": 409,
    "licence_used": 409,
    "enrolment_granted": 409,
    "too_many_enrolments": 409,
    "account_unknown": 404,
    "room_unknown": 404,
    "identity_unknown": 404,
    "capture_unknown": 404,
    "job_unknown": 404,
    "receipt_unknown": 404,
    "recording_unknown": 404,
    "content_missing": 404,
    "identity_taken": 409,
    "job_ended": 409,
    "job_not_ended": 409,
    "too_many_jobs": 409,
    "room_full": 409,
    "verification_unknown": 404,
    "verification_taken": 409,
    "verifications_closed": 403,
    "verifications_busy": 503,
    "verification_lost": 503,
    "file_too_large": 413,
    "rejoin_refused": 403,
    "origin_refused": 403,
    "rate_limited": 429,
    "malformed_message": 400,
    "message_too_large": 413,
}


class _TicketRequest(msgspec.Struct, forbid_unknown_fields=True):
    peer: str = ""
    rejoin: str = ""


class CallServer:
    """What the routes need; one for each application."""

    def __init__(
        self, settings: Settings, measurements: Measurements = UNMEASURED, traces: Traces = UNTRACED
    ) -> None:
        self.settings = settings
        self.measurements = measurements
        self.redis: redis.Redis = connect(settings.redis_url)
        self.identities = KnownIdentities.of(settings)
        self.turn = TurnCredentials(settings.turn_urls, settings.turn_secret, settings.turn_lifetime_seconds)
        self.web = WebFiles(settings.web)
        self.signer = Signer.of(settings.signing_key, settings.data)
        self.recording_chain = CertificateChain.of(settings.recording_chain, settings.data)
        self.limits = ClientLimits(REQUEST_RATE, REQUEST_BURST)
        hostname = socket.gethostname()
        self.origins = OriginRule.of(
            settings.public_url, settings.allowed_origins, (hostname, f"{hostname}.local")
        )
        name = new_server_name()
        self.consents = KnownConsents.of(self.identities, self.signer.verifier)
        self.rights = WearingRights(self.identities, self.consents)
        self.sessions = AccountSessions(
            lambda: self.accounts.accounts, https=settings.public_url.startswith("https://")
        )
        rules = RoomRules(
            grace=settings.resume_seconds,
            face_leg_wait=settings.face_leg_wait_seconds,
            identities=self.identities,
            may_wear=self.rights.may_wear,
            first_engine=self.identities.first_engine,
            server_relay=settings.server_relay != "never",
        )
        self.rooms = RedisRooms(
            self.redis,
            server=name,
            rules=rules,
            idle_lifetime=settings.room_idle_seconds,
            statement=disclosure_signer(self.signer, settings.public_url or ISSUER),
        )
        self.celery = make_celery(settings.redis_url)
        self.audit = AuditWriter(self._log)
        self.verifications = open_verification_desk(settings, self.redis, self._log)
        self.signalling = Signalling(
            self.rooms,
            FaceLegQueue(self.celery),
            self.turn,
            server=name,
            worker_url=settings.worker_url(),
            resume_within=settings.resume_seconds,
            server_relay=settings.server_relay,
            note=self.audit.note,
            measures=CallMeasures(measurements, traces),
        )

    def _log(self) -> AuditLog:
        """The audit log; opened when first asked for, since a call needs no database."""
        return AuditLog(self.identities.library().learned.engine)

    @cached_property
    def training(self) -> TrainingDesk:
        """Training jobs and captures; opened when first asked for, since a call needs no database."""
        library = self.identities.library()
        engine, store = library.learned.engine, library.learned.content
        queue = TrainingQueue(self.celery)
        return TrainingDesk(TrainingJobs(engine), CaptureRecords(engine), store, queue, library)

    @cached_property
    def accounts(self) -> AccountDesk:
        """Accounts and people's faces; opened when first asked for, since a call needs no database."""
        registry = ConsentRegistry.open(self.settings, self.identities.library())
        engine = registry.records.engine
        queue = TrainingQueue(self.celery)
        records, licences = EnrolmentRecords(engine), LicenceLinks(engine)
        enrolments = Enrolments(records, TrainingJobs(engine), queue, registry, licences)
        return AccountDesk(Accounts(engine), registry, enrolments)

    def expect_own_page(self) -> None:
        """Pass for a request of a page of ours. Raises AdmissionError: `origin_refused`, `rate_limited`."""
        if not self.origins.accepts(request.headers.get("Origin"), request.scheme, request.host):
            raise _origin_refused()
        self.limits.expect(request.remote_addr or "", time.monotonic())

    def origin(self) -> str:
        """Of the pages, as the request at hand knows it unless the installation has a public URL."""
        return self.settings.public_url or f"{request.scheme}://{request.host}"

    def recordings(self) -> RecordingFiles:
        """Recordings of calls; may block. Raises DatabaseError."""
        learned = self.identities.library().learned
        return RecordingFiles(learned.engine, learned.content, self.settings.data)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve the rooms for as long as the application does."""
        keeping = keep_consents(self.consents, lambda: self.accounts.registry)
        enrolling = keep_enrolments(lambda: self.accounts.enrolments)
        async with (
            self.audit.running(),
            self.signalling.running(),
            keep_known(self.identities),
            keeping,
            enrolling,
            sweeping(self.recordings),
            self.verifications.running(),
            measuring_itself(self.measurements, self.redis),
        ):
            yield
        await self.redis.aclose()


def create_app(server: CallServer) -> Quart:
    """The ASGI application of one call server."""
    settings = server.settings
    app = Application(__name__, static_folder=None)
    app.asgi_websocket_class = PatientWebsocketConnection
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 2
    _add_rooms(app, server)
    add_identities(
        app, server.identities, may_wear=server.rights.may_wear, asker=server.sessions.guest_or_account
    )
    add_ways_in(
        app,
        settings,
        open_desk=lambda: server.accounts,
        sessions=server.sessions,
        ceremonies=Ceremonies(OnceStore(server.redis), server.sessions),
        origin=server.origin,
        expect_own_page=server.expect_own_page,
    )
    add_enrolments(
        app,
        open_enrolments=lambda: server.accounts.enrolments,
        sessions=server.sessions,
        expect_own_page=server.expect_own_page,
    )
    add_licences(
        app,
        open_desk=lambda: server.accounts,
        sessions=server.sessions,
        expect_own_page=server.expect_own_page,
    )
    _add_training(app, server)
    _add_well_known(app, server)
    add_recordings(app, server.recordings, server.expect_own_page)
    add_receipts(app, server.audit, server.signer, server.expect_own_page)
    add_verifications(app, server.verifications, expect_own_page=server.expect_own_page)
    _add_pages(app, server)
    running = server.running()
    app.before_serving(running.__aenter__)

    @app.after_serving
    async def stop() -> None:
        await running.__aexit__(None, None, None)

    @app.errorhandler(TalchumError)
    async def refuse(error: TalchumError) -> Response:
        return _refusal(error)

    return app


def _add_rooms(app: Quart, server: CallServer) -> None:
    @app.get("/healthz")
    async def health() -> Response:
        try:
            workers, status = await read_face_workers(server.redis), "ok"
        except StoreError as error:
            return json_answer({"status": error.code, "faceWorkers": 0, "freeLegs": 0, "turn": False}, 503)
        return json_answer(
            {
                "status": status,
                "faceWorkers": workers.count,
                "freeLegs": workers.free_legs,
                "turn": server.turn.has_turn,
            }
        )

    @app.post("/api/rooms")
    async def create_room() -> Response:
        server.expect_own_page()
        room = await server.rooms.create()
        return json_answer({"room": room, "link": f"{server.origin()}/call/#{room}"}, 201)

    @app.post("/api/rooms/<room>/tickets")
    async def issue_ticket(room: str) -> Response:
        server.expect_own_page()
        body = await body_of(_TicketRequest, '{} or {"peer", "rejoin"}', empty=_TicketRequest())
        account = await server.sessions.guest_or_account()
        issued = await server.rooms.issue_ticket(
            room_key(room), peer=body.peer, rejoin=body.rejoin, account=account
        )
        return json_answer(
            {
                "ticket": issued.ticket,
                "expiresIn": issued.expires_in,
                "peer": issued.peer,
                "rejoin": issued.rejoin,
            },
            201,
        )

    @app.websocket("/ws")
    async def signalling() -> Response | None:
        if not server.origins.accepts(websocket.headers.get("Origin"), websocket.scheme, websocket.host):
            return _refusal(_origin_refused())
        current: Websocket = cast(Any, websocket)._get_current_object()
        await current.accept()
        await server.signalling.serve(QuartSocket(current), url_host(current.host))
        return None


def _add_well_known(app: Quart, server: CallServer) -> None:
    @app.get("/.well-known/talchum.json")
    async def published() -> Response:
        answer = json_answer(
            {
                **server.signer.jwks,
                "mark": {"version": MARK_VERSION},
                "recordings": {"root": server.recording_chain.root},
            }
        )
        answer.headers["Access-Control-Allow-Origin"] = "*"  # public, and for whoever checks a recording
        return answer


def _add_training(app: Quart, server: CallServer) -> None:
    async def trainers() -> int:
        try:
            return await count_trainers(server.redis)
        except StoreError as error:
            logger.warning("trainers: %s", error.message)
            return 0  # what the database says of the jobs is worth showing all the same

    add_training(
        app,
        open_desk=lambda: server.training,
        token=server.settings.operator_token,
        expect_own_page=server.expect_own_page,
        count_trainers=trainers,
    )


def _add_pages(app: Quart, server: CallServer) -> None:
    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    async def page(path: str) -> Response:
        if path.startswith("api/"):
            raise _not_found()
        found = server.web.find(path)
        if found is None:
            return Response(NOT_BUILT, 503, content_type="text/html; charset=utf-8")
        response = await send_file(found.path, mimetype=found.media_type, conditional=True)
        response.status_code = found.status if response.status_code == 200 else response.status_code
        fresh = "public, max-age=31536000, immutable" if found.immutable else "no-cache"
        response.headers["Cache-Control"] = fresh
        return response

    @app.after_request
    async def add_headers(response: Response) -> Response:
        response.headers.update(server.web.headers(request.host))
        return response


def _refusal(error: TalchumError) -> Response:
    status = _STATUS.get(error.code, 503 if isinstance(error, StoreError | DatabaseError) else 400)
    return json_answer({"code": error.code, "message": error.message, "retryable": error.retryable}, status)


def _origin_refused() -> AdmissionError:
    return AdmissionError(
        "got a request of another page's, expected this server's own (or TALCHUM_PUBLIC_URL)",
        code="origin_refused",
    )


def _not_found() -> AdmissionError:
    return AdmissionError("got a path that is not part of the interface", code="room_unknown")


async def serve(
    settings: Settings, measurements: Measurements = UNMEASURED, traces: Traces = UNTRACED
) -> None:
    """Listen until SIGINT or SIGTERM; with an internal port also there, without TLS, on loopback."""
    server = CallServer(settings, measurements, traces)
    app = create_app(server)
    pace_collection()
    servers = [_Listener(_uvicorn_config(app, settings, settings.host, settings.port, tls=True))]
    if settings.internal_port:
        # One application, so its life belongs to the first server alone.
        internal = _uvicorn_config(app, settings, "127.0.0.1", settings.internal_port, tls=False)
        internal.lifespan = "off"
        servers.append(_Listener(internal))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, servers, server.signalling)
    await asyncio.gather(*(listener.serve() for listener in servers))


class _Listener(uvicorn.Server):
    """Leaves signals to `serve`, since only one of two servers would get them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop(servers: list[_Listener], signalling: Signalling) -> None:
    signalling.stop()
    for server in servers:
        server.should_exit = True


def _uvicorn_config(app: Quart, settings: Settings, host: str, port: int, *, tls: bool) -> uvicorn.Config:
    secure = tls and settings.tls_certificate
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=Path(settings.tls_certificate) if secure else None,
        ssl_keyfile=settings.tls_key if secure else None,
        ws="websockets-sansio",
        ws_max_size=SOCKET_MAX_BYTES,
        # Messages are few and short; a compressor for each socket would cost more memory than all else of it.
        ws_per_message_deflate=False,
        ws_ping_interval=10.0,
        ws_ping_timeout=20.0,
        access_log=False,  # it names addresses and rooms
        log_config=None,
        server_header=False,
        # Without a list uvicorn would believe whoever connects from 127.0.0.1.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
    )


def main() -> int:
    """Run with the environment's settings; 2 when those cannot be used."""
    forbid_core_dumps()
    try:
        settings = Settings.from_environment(os.environ)
    except TalchumError as error:
        print(f"talchum server: {error.message}", file=sys.stderr)
        return 2
    begin_logging(settings.log_level, settings.log_format)
    allow_files()
    try:
        with (
            measuring(settings, "server") as measurements,
            tracing(settings, "server") as traces,
            asyncio.Runner(loop_factory=auto_loop_factory()) as runner,  # uvloop where there is one
        ):
            runner.run(serve(settings, measurements, traces))
    except SettingsError as error:  # of what settings name: a key, the web app
        print(f"talchum server: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
