"""The routes of accounts without the rest of a call server, and browsers that keep their cookies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quart import Quart, Response, request

from talchum.adapters.accounts import Account, Accounts
from talchum.adapters.enrolment_records import EnrolmentRecords
from talchum.adapters.licence_links import LicenceLinks
from talchum.adapters.passkeys import RelyingParty
from talchum.adapters.training_jobs import TrainingJobs
from talchum.apps.account_routes import AccountDesk, add_accounts
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.answers import json_answer
from talchum.apps.ceremonies import Ceremonies
from talchum.apps.enrolment_routes import add_enrolments
from talchum.apps.enrolments import Enrolments
from talchum.apps.licence_routes import add_licences
from talchum.apps.passkey_routes import add_passkeys
from talchum.domain.errors import TalchumError
from tests.apps.once_double import OnceDouble
from tests.apps.people import registry_in

STATUS = {"signed_out": 401, "consent_unknown": 404}


class NoTrainers:
    """A queue nobody listens to; a trainer's sweep finds the job."""

    def nudge(self, job: str) -> None:
        """Nobody is told."""


@dataclass
class Place:
    """An installation's accounts, and the application that serves them."""

    desk: AccountDesk
    sessions: AccountSessions
    app: Quart
    once: OnceDouble

    @classmethod
    def made(cls, data: Path, *, https: bool = False, registration_open: bool = False) -> Place:
        registry = registry_in(data)
        engine = registry.records.engine
        enrolments = Enrolments(
            EnrolmentRecords(engine), TrainingJobs(engine), NoTrainers(), registry, LicenceLinks(engine)
        )
        desk = AccountDesk(Accounts(engine), registry, enrolments)
        sessions = AccountSessions(lambda: desk.accounts, https=https)
        app = Quart(__name__, static_folder=None)
        add_accounts(
            app,
            open_desk=lambda: desk,
            sessions=sessions,
            expect_own_page=lambda: None,
            ways_in=lambda: {"registration": "invited", "provider": ""},
        )

        once = OnceDouble()
        add_passkeys(
            app,
            open_accounts=lambda: desk.accounts,
            sessions=sessions,
            ceremonies=Ceremonies(once, sessions),
            relying_party=lambda: RelyingParty.of(f"{request.scheme}://{request.host}"),
            registration_open=registration_open,
            expect_own_page=lambda: None,
        )

        add_enrolments(
            app, open_enrolments=lambda: desk.enrolments, sessions=sessions, expect_own_page=lambda: None
        )
        add_licences(app, open_desk=lambda: desk, sessions=sessions, expect_own_page=lambda: None)

        @app.get("/who")
        async def who() -> Response:
            return json_answer({"account": await sessions.guest_or_account()})

        @app.errorhandler(TalchumError)
        async def refuse(error: TalchumError) -> Response:
            return json_answer({"code": error.code}, STATUS.get(error.code, 400))

        return cls(desk, sessions, app, once)

    async def signed_in(self, account: Account) -> Any:
        """A browser of somebody."""
        token = self.desk.accounts.invite(60.0, time.time(), account=account.id)
        browser = self.app.test_client()
        answer = await browser.post("/api/account/sign-in/invitation", json={"token": token})
        assert answer.status_code == 200
        return browser

    def account(self, account: str, name: str = "Hana") -> Account:
        return self.desk.accounts.create(name, time.time(), account=account)

    def close(self) -> None:
        self.desk.accounts.engine.dispose()
