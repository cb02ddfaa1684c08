"""The call server's interface to examinations of videos, for anybody; docs/trust.md describes it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import msgspec
from quart import Quart, Response, request

from talchum.adapters.quart_upload import PatientHttpConnection, requests_with_uploads
from talchum.apps.answers import json_answer
from talchum.apps.client_limits import ClientLimits
from talchum.apps.request_bodies import body_of
from talchum.apps.verification_desk import VerificationDesk
from talchum.domain.verification_job import VerificationJob

RATE, BURST = 1 / 30, 6.0
"""Of examinations that one address begins, per second and at once."""

_FILE = re.compile(r"/api/verifications/[\w-]+/file")


class _Announcement(msgspec.Struct, forbid_unknown_fields=True):
    size: int


def add_verifications(app: Quart, desk: VerificationDesk, *, expect_own_page: Callable[[], None]) -> None:
    """Register the routes. expect_own_page: raises for requests of other pages, and for too many."""
    limits = ClientLimits(RATE, BURST)
    app.asgi_http_class = PatientHttpConnection
    app.request_class = requests_with_uploads(
        lambda method, path: method == "PUT" and _FILE.fullmatch(path) is not None, desk.max_bytes
    )

    @app.get("/api/verifications")
    async def about() -> Response:
        return json_answer({"open": desk.is_open, "maxBytes": desk.max_bytes})

    @app.post("/api/verifications")
    async def reserve() -> Response:
        expect_own_page()
        size = (await body_of(_Announcement, '{"size"}')).size
        limits.expect(request.remote_addr or "", time.monotonic())
        name = await desk.reserve(size)
        return json_answer({"id": name, **verification_summary(VerificationJob(size))}, 201)

    @app.put("/api/verifications/<name>/file")
    async def receive(name: str) -> Response:
        expect_own_page()
        await desk.receive(name, request.body)
        return json_answer({"id": name, **verification_summary(await desk.records.look(name))}, 202)

    @app.get("/api/verifications/<name>")
    async def look(name: str) -> Response:
        expect_own_page()
        return json_answer({"id": name, **verification_summary(await desk.records.look(name))})

    @app.delete("/api/verifications/<name>")
    async def forget(name: str) -> Response:
        expect_own_page()
        await desk.records.forget(name)
        return json_answer({})


def verification_summary(job: VerificationJob) -> dict[str, object]:
    """An examination as the interface shows it."""
    failure = job.failure
    return {
        "state": job.state,
        "doing": job.doing,
        "share": round(job.share, 3),
        "report": job.report,
        "error": None
        if failure is None
        else {"code": failure.code, "message": failure.message, "retryable": failure.retryable},
    }
