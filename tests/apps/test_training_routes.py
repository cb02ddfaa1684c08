"""The operator's interface: who may use it, and what each answer says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from talchum.adapters.capture_records import CaptureRecords
from talchum.adapters.content_store import DirectoryStore
from talchum.adapters.database import open_database
from talchum.adapters.identity_files import default_identities_directory
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.server import CallServer, create_app
from talchum.apps.settings import Settings
from talchum.apps.training_routes import shows_token
from talchum.domain.training_job import DEFAULT_STEPS, JobError, Lease, Quality
from tests.domain.test_capture import CAPTURE

TOKEN = "a token for these tests"
PICTURE = b"RIFF....WEBP"


class Desk:
    """A call server without a store, and the records behind it."""

    def __init__(self, directory: Path, token: str = TOKEN) -> None:
        settings = Settings(
            redis_url=f"unix://{directory}/nothing.sock",
            data=directory / "data",
            operator_token=token,
            identities=default_identities_directory(),
        )
        settings.data.mkdir(exist_ok=True)
        self.app: Quart = create_app(CallServer(settings))
        self.engine = open_database(settings.database)
        self.jobs, self.captures = TrainingJobs(self.engine), CaptureRecords(self.engine)
        self.store = DirectoryStore(settings.data / "content")

    async def ask(
        self, path: str, body: Any = None, *, method: str = "", token: str | None = TOKEN, origin: str = ""
    ) -> tuple[int, Any]:
        """Status, and JSON or bytes."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        if origin:
            headers["Origin"] = origin
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client = self.app.test_client()
        send = client.post if (method or ("POST" if data else "GET")) == "POST" else client.get
        answer = await send(path, headers=headers, data=data)
        raw = await answer.get_data(as_text=False)
        is_json = answer.content_type.startswith("application/json")
        return answer.status_code, json.loads(raw) if is_json else raw

    async def submit(self, **values: Any) -> tuple[int, Any]:
        return await self.ask("/api/training-jobs", {"capture": CAPTURE.id, "identity": "somebody", **values})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.captures.add(replace(CAPTURE, thumbnail=made.store.put(PICTURE)))
    made.captures.add(CAPTURE)
    yield made
    made.engine.dispose()


ROUTES = [
    ("GET", "/api/captures"),
    ("GET", f"/api/captures/{CAPTURE.id}/thumbnail.webp"),
    ("POST", "/api/training-jobs"),
    ("GET", "/api/training-jobs"),
    ("GET", "/api/training-jobs/nonsense"),
    ("POST", "/api/training-jobs/nonsense/cancel"),
    ("POST", "/api/training-jobs/nonsense/retry"),
    ("GET", "/api/training-jobs/nonsense/preview.webp"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", "token für euch"])
async def test_nobody_but_the_operator_is_answered(
    desk: Desk, method: str, path: str, token: str | None
) -> None:
    status, answer = await desk.ask(path, method=method, token=token)
    assert (status, answer["code"]) == (401, "operator_only")


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_pages_of_others_are_refused_whatever_they_know(desk: Desk, method: str, path: str) -> None:
    status, answer = await desk.ask(path, method=method, origin="https://evil.example")
    assert (status, answer["code"]) == (403, "origin_refused")


@pytest.mark.parametrize("token", [None, "", "anything"])
async def test_without_a_token_of_its_own_a_server_admits_nobody(tmp_path: Path, token: str | None) -> None:
    closed = Desk(tmp_path, token="")
    assert (await closed.ask("/api/training-jobs", token=token))[0] == 401
    closed.engine.dispose()


def test_a_token_is_shown_as_a_bearers() -> None:
    assert shows_token(f"Bearer {TOKEN}", TOKEN)
    assert shows_token(f"bearer {TOKEN}", TOKEN)
    assert not any(shows_token(header, TOKEN) for header in (TOKEN, f"Basic {TOKEN}", "Bearer", ""))
    assert not any(shows_token(header, "") for header in ("Bearer ", "Bearer", ""))


async def test_captures_are_listed_with_their_pictures(desk: Desk) -> None:
    status, answer = await desk.ask("/api/captures")
    assert status == 200
    [with_picture] = [one for one in desk.captures.list() if one.thumbnail == desk.store.put(PICTURE)]
    assert {
        "id": with_picture.id,
        "subject": CAPTURE.subject,
        "title": dict(CAPTURE.title),
        "seconds": CAPTURE.seconds,
        "createdAt": CAPTURE.created,
    } in answer["captures"]
    assert await desk.ask(f"/api/captures/{with_picture.id}/thumbnail.webp") == (200, PICTURE)
    status, answer = await desk.ask(f"/api/captures/{CAPTURE.id}/thumbnail.webp")
    assert (status, answer["code"]) == (404, "content_missing")


async def test_a_job_is_kept_although_no_trainer_can_be_told(desk: Desk) -> None:
    status, job = await desk.submit()
    assert status == 201
    assert job == {
        "id": job["id"],
        "capture": CAPTURE.id,
        "identity": "somebody",
        "state": "queued",
        "phase": "waiting",
        "step": 0,
        "steps": DEFAULT_STEPS,
        "psnr": None,
        "ssim": None,
        "preview": None,
        "error": None,
        "attempts": 0,
        "createdAt": job["createdAt"],
        "startedAt": None,
        "endedAt": None,
        "secondsLeft": None,
    }
    assert await desk.ask(f"/api/training-jobs/{job['id']}") == (200, job)
    assert await desk.ask("/api/training-jobs") == (200, {"jobs": [job], "trainers": 0})


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"capture": "cap-0000000000000000"}, 404, "capture_unknown"),
        ({"capture": "/etc/passwd"}, 404, "capture_unknown"),
        ({"identity": "sora"}, 409, "identity_taken"),
        ({"identity": "No Body"}, 400, "identity_invalid"),
        ({"steps": 0}, 400, "steps_out_of_range"),
        ({"steps": 10**9}, 400, "steps_out_of_range"),
        ({"steps": "many"}, 400, "malformed_message"),
        ({"identity": None}, 400, "malformed_message"),
        ({"clip": "/tmp/somebody.mp4"}, 400, "malformed_message"),
    ],
)
async def test_what_cannot_be_learned_is_refused_at_once(
    desk: Desk, values: dict[str, Any], status: int, code: str
) -> None:
    got, answer = await desk.submit(**values)
    assert (got, answer["code"]) == (status, code)
    assert desk.jobs.list() == []


async def test_a_body_that_is_no_json_is_refused(desk: Desk) -> None:
    status, answer = await desk.ask("/api/training-jobs", b"nonsense")
    assert (status, answer["code"]) == (400, "malformed_message")


async def test_a_name_is_promised_once(desk: Desk) -> None:
    assert (await desk.submit())[0] == 201
    status, answer = await desk.submit()
    assert (status, answer["code"]) == (409, "identity_taken")


async def test_progress_shows_figures_and_the_picture_of_the_moment(desk: Desk) -> None:
    job = (await desk.submit(steps=100))[1]["id"]
    status, answer = await desk.ask(f"/api/training-jobs/{job}/preview.webp")
    assert (status, answer["code"]) == (404, "content_missing")
    picture = desk.store.put(PICTURE)
    desk.jobs.change(job, lambda one: one.claimed(Lease("one", 9e9), 5.0))
    desk.jobs.change(
        job,
        lambda one: one.progressed(
            "one", phase="learning", step=40, seconds_per_step=0.5, quality=Quality(31.0, 0.9, picture)
        ),
    )
    shown = (await desk.ask(f"/api/training-jobs/{job}"))[1]
    assert {"state": "running", "phase": "learning", "step": 40, "secondsLeft": 30.0}.items() <= shown.items()
    assert (shown["psnr"], shown["ssim"], shown["preview"]) == (31.0, 0.9, picture)
    assert (shown["startedAt"], shown["attempts"]) == (5.0, 1)
    assert await desk.ask(f"/api/training-jobs/{job}/preview.webp") == (200, PICTURE)


async def test_cancel_and_retry(desk: Desk) -> None:
    job = (await desk.submit())[1]["id"]
    path = f"/api/training-jobs/{job}"
    assert (await desk.ask(f"{path}/retry", method="POST"))[1]["code"] == "job_not_ended"
    for _ in range(2):
        status, answer = await desk.ask(f"{path}/cancel", method="POST")
        assert (status, answer["state"]) == (200, "cancelled")
        assert answer["endedAt"] is not None
    status, answer = await desk.ask(f"{path}/retry", method="POST")
    assert (status, answer["state"], answer["endedAt"]) == (200, "queued", None)


async def test_a_failure_says_why(desk: Desk) -> None:
    job = (await desk.submit())[1]["id"]
    desk.jobs.change(job, lambda one: one.claimed(Lease("one", 9e9), 5.0))
    why = JobError("second_face", "got a second face, expected one person alone", False)
    desk.jobs.change(job, lambda one: one.failed("one", why, 6.0))
    shown = (await desk.ask(f"/api/training-jobs/{job}"))[1]
    assert (shown["state"], shown["phase"]) == ("failed", "looking")
    assert shown["error"] == {"code": why.code, "message": why.message, "retryable": False}
    status, answer = await desk.ask(f"/api/training-jobs/{job}/cancel", method="POST")
    assert (status, answer["code"]) == (409, "job_ended")


async def test_a_job_that_is_not_there_is_said_so(desk: Desk) -> None:
    for method, path in ROUTES[4:]:
        status, answer = await desk.ask(path, method=method)
        assert (status, answer["code"]) == (404, "job_unknown")
