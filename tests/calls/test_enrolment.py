"""A person of the generator enrols live, through a real connection, until they may wear their own face."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import update

from benchmarks.trust_measures.acting import Stage, filmed
from benchmarks.trust_measures.enrolment import LivePerson
from faces.assets import open_head
from faces.clip import Picture
from talchum.adapters.accounts import Accounts
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.training_jobs import JOBS
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.enrolled_faces import EnrolledFaces
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.settings import Settings
from talchum.domain.acts import CHECKED, RECORDED
from talchum.domain.enrolment import Again, Asked, Performed
from talchum.domain.frame import I420Frame
from talchum.domain.training_job import LEAST_STEPS
from talchum.protocol.enrolment_messages import AskedAgain, EnrolmentMessage, PromptDone, Prompted
from tests.adapters.peers import ready_engine
from tests.apps.people import registry_in
from tests.calls.enroller import Enroller
from tests.calls.service import ROOT, Service, running_service
from tests.vision.scenes import face_networks, face_tracker

pytestmark = [pytest.mark.call, pytest.mark.valkey, pytest.mark.vision]

ENROL_SECONDS = 150.0
LEARN_SECONDS = 240.0
DAY = 24 * 3600
PERSON, LIGHT = "elena", "even"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    try:
        open_head()
    except subprocess.CalledProcessError:
        pytest.skip("the pinned wheel is neither cached nor to be had")
    ready_engine()
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def registry(service: Service) -> Iterator[ConsentRegistry]:
    opened = registry_in(service.directory)
    yield opened
    opened.records.engine.dispose()


@dataclass
class Browser:
    """Requests with the cookie of one account."""

    service: Service
    cookie: str

    @classmethod
    def signed_in(cls, service: Service, registry: ConsentRegistry) -> Browser:
        accounts = Accounts(registry.records.engine)
        account = accounts.redeem(accounts.invite(60.0, time.time()), "Hana", time.time())
        return cls(service, f"talchum-session={accounts.open_session(account.id, 3600, time.time())}")

    def ask(self, path: str, body: object | None = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        request = urllib.request.Request(self.service.url() + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def refused(self, path: str, body: object | None = None, method: str | None = None) -> str:
        with pytest.raises(urllib.error.HTTPError) as error:
            self.ask(path, body, method)
        return str(json.load(error.value)["code"])

    def offer(self, **changes: object) -> dict[str, Any]:
        wish = {
            "title": "Hana",
            "expiresAt": int(time.time()) + 30 * DAY,
            "agreed": True,
            "adult": True,
            "keeps": False,
        }
        answer: dict[str, Any] = self.ask("/api/enrolments", {**wish, **changes})
        return answer

    def ticket(self) -> str:
        room = self.ask("/api/rooms", {})["room"]
        return str(self.ask(f"/api/rooms/{room}/tickets", {})["ticket"])

    def enrol(self, offered: dict[str, Any], actor: Any, patience: float = ENROL_SECONDS) -> str:
        async def run() -> str:
            socket_url = self.service.url().replace("http", "ws") + "/ws"
            one = Enroller(socket_url, self.ticket(), offered["enrolment"], offered["identity"], actor)
            return await one.run(patience)

        return asyncio.run(run())

    def state(self, offered: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(f"/api/enrolments/{offered['enrolment']}")
        return answer


@dataclass
class OnCamera:
    """A live person of the generator as an `Actor`."""

    person: LivePerson
    camera: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))
    asked: list[str] = field(default_factory=list)

    def hear(self, message: EnrolmentMessage, at: float) -> None:
        if isinstance(message, Prompted):
            self.asked.append(message.prompt)
            self.person.hear(Asked(message.prompt), at)
        elif isinstance(message, PromptDone):
            self.person.hear(Performed(message.prompt), at)
        elif isinstance(message, AskedAgain):
            self.person.hear(Again(message.prompt, message.why), at)

    def film(self, at: float) -> I420Frame:
        picture = cv2.resize(self.person.show(at), (480, 480))
        return filmed(np.asarray(picture, np.uint8), at, self.camera, noise=1.0)


def admitted(service: Service, identity: str, picture: Picture) -> bool:
    """Whether a face worker lets somebody before the camera wear an own face."""
    settings = Settings(redis_url="", data=service.directory)
    check = EnrolledFaces(settings, face_networks(), KnownIdentities.of(settings)).check(identity)
    camera, tracker = np.random.default_rng(5), face_tracker()
    last = False
    for number in range(10):
        frame = filmed(np.asarray(cv2.resize(picture, (480, 480)), np.uint8), number / 10, camera)
        found = tracker.update(frame).face
        assert found is not None
        last = check.admits(frame, found)
    return last


@cache
def stage() -> Stage:
    """With the person drawn: a picture takes half a second, and an enrolment bears one without frames."""
    made = Stage()
    made.prepare(PERSON, LIGHT)
    return made


def live(seed: int = 1, **options: Any) -> OnCamera:
    return OnCamera(LivePerson(stage(), PERSON, LIGHT, random.Random(seed), **options))


def test_who_enrols_wears_their_own_face_and_the_recording_is_gone(
    service: Service, registry: ConsentRegistry
) -> None:
    browser = Browser.signed_in(service, registry)
    offered = browser.offer()
    actor = live()
    assert browser.enrol(offered, actor) == "passed"
    assert set(actor.asked) == {*CHECKED, *RECORDED}
    state = browser.state(offered)
    assert (state["state"], state["outcome"]) == ("passed", "passed")
    assert state["job"]["state"] in ("queued", "running")
    [capture] = registry.captures.list()
    content = registry.library.learned.content
    assert b"ftyp" not in content.get(capture.clip)[:64], "the clip lies there sealed"
    assert browser.enrol(offered, live(2)) == "enrolment_taken"

    with registry.records.engine.begin() as connection:  # a test learns little
        connection.execute(update(JOBS).values(steps=LEAST_STEPS))
    trainer = subprocess.Popen(
        [sys.executable, "-m", "tests.apps.small_training"],
        env={**service.environment(), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    try:
        deadline = time.monotonic() + LEARN_SECONDS
        while (state := browser.state(offered))["state"] != "granted":
            assert state["state"] in ("passed", "learned"), state
            assert state["job"]["state"] != "failed", state
            assert time.monotonic() < deadline, state
            time.sleep(0.5)
    finally:
        trainer.terminate()
        trainer.wait(20)
    row = registry.find_by_handle(offered["handle"])
    consent = registry.read(row)
    assert consent.id == state["consent"]
    assert consent.statement == offered["statement"]
    assert {step.prompt: step.outcome for step in consent.challenge.steps} == {
        **dict.fromkeys([*CHECKED, "same-face"], "passed"),
        **dict.fromkeys([*RECORDED, "asked-again"], "recorded"),
    }
    identity = registry.library.identity(offered["identity"])
    assert (identity.kind, identity.title["en"]) == ("self", "Hana")
    assert [one["name"] for one in browser.ask("/api/identities") if one["kind"] == "self"] == [
        offered["identity"]
    ]
    stranger = Browser.signed_in(service, registry)
    assert offered["identity"] not in [one["name"] for one in stranger.ask("/api/identities")]
    assert admitted(service, offered["identity"], actor.person.stage.picture(PERSON, LIGHT, "rest", 3))
    assert not admitted(service, offered["identity"], actor.person.stage.picture("kofi", LIGHT, "rest", 3))
    assert registry.captures.list() == []
    assert not (service.directory / "content" / capture.clip[:2] / capture.clip).exists()

    assert browser.ask("/api/consents/revoke", {"handle": offered["handle"]})["consent"] == consent.id
    assert offered["identity"] not in registry.library.digests()


def test_who_does_something_else_gets_no_face(service: Service, registry: ConsentRegistry) -> None:
    browser = Browser.signed_in(service, registry)
    offered = browser.offer()
    assert browser.enrol(offered, live(does=lambda prompt: "open-mouth")) == "too_many_tries"
    assert browser.state(offered)["state"] == "failed"
    assert registry.captures.list() == []


def test_an_offer_is_nobody_elses(service: Service, registry: ConsentRegistry) -> None:
    browser = Browser.signed_in(service, registry)
    offered = browser.offer()
    stranger = Browser.signed_in(service, registry)
    assert stranger.refused(f"/api/enrolments/{offered['enrolment']}") == "enrolment_unknown"
    assert stranger.enrol(offered, live(), 30) == "enrolment_unknown"
    assert Browser(service, "").enrol(offered, live(), 30) == "signed_out"
    assert EnrolmentRecords(registry.records.engine).get(offered["enrolment"]).state == "offered"


@pytest.mark.parametrize(
    "changes",
    [{"adult": False}, {"agreed": False}, {"title": " "}, {"expiresAt": 5}, {"expiresAt": 1 << 40}],
    ids=["no adult", "no agreement", "no title", "ended", "for ever"],
)
def test_what_is_offered_to_nobody(
    service: Service, registry: ConsentRegistry, changes: dict[str, object]
) -> None:
    browser = Browser.signed_in(service, registry)
    wish = {"title": "Hana", "expiresAt": int(time.time()) + 9 * DAY, "agreed": True, "adult": True}
    assert browser.refused("/api/enrolments", {**wish, **changes}) == "enrolment_refused"
