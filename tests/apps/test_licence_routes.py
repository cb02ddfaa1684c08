"""Somebody is asked by a link to lend their face, and does so as themselves and once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from talchum.domain.licence import LINK_SECONDS
from tests.apps.accounts_app import Place
from tests.domain.consents import FRIEND, STRANGER, SUBJECT

DAY = 24 * 3600


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place.made(tmp_path)
    yield made
    made.close()


async def asked(browser: Any, path: str, body: object) -> dict[str, Any]:
    answer: dict[str, Any] = await (await browser.post(path, json=body)).get_json()
    return answer


async def link_of(place: Place, licensee: str = "Studio", days: int = 30) -> str:
    friend = await place.signed_in(place.account(FRIEND, "Juno"))
    wish = {"licensee": licensee, "expiresAt": int(time.time()) + days * DAY}
    return str((await asked(friend, "/api/licences", wish))["token"])


def wish(token: str, **changes: object) -> dict[str, object]:
    return {"title": "Hana", "agreed": True, "adult": True, "licence": token, **changes}


async def test_the_link_says_who_asks_and_until_when_in_the_statement(place: Place) -> None:
    opened = await asked(place.app.test_client(), "/api/licences/open", {"token": await link_of(place)})
    assert opened["licensee"] == "Studio"
    assert not opened["taken"]
    until = time.strftime("%Y-%m-%d %H:%M", time.gmtime(opened["expiresAt"]))
    for statement in opened["statement"].values():
        assert "Studio" in statement
        assert until in statement


async def test_who_opens_it_lends_their_face_to_the_account_that_asked(place: Place) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    offered = await asked(hana, "/api/enrolments", wish(token))
    offer = place.desk.enrolments.records.get(offered["enrolment"]).offer
    assert (offer.subject, offer.scope, offer.wearers, offer.licensee) == (
        SUBJECT,
        "licensed",
        (FRIEND,),
        "Studio",
    )
    assert offered["statement"] == (await asked(hana, "/api/licences/open", {"token": token}))["statement"]
    assert (await (await hana.get(f"/api/enrolments/{offer.nonce}")).get_json())["scope"] == "licensed"


async def test_a_second_try_takes_the_place_of_the_first(place: Place) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    first = await asked(hana, "/api/enrolments", wish(token))
    place.desk.enrolments.records.take(first["enrolment"], SUBJECT, time.time())
    second = await asked(hana, "/api/enrolments", wish(token))
    [row] = place.desk.enrolments.records.of_subject(SUBJECT)
    assert row.offer.nonce == second["enrolment"] != first["enrolment"]


async def test_who_lent_their_face_by_it_lends_it_once(place: Place) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    nonce = (await asked(hana, "/api/enrolments", wish(token)))["enrolment"]
    records = place.desk.enrolments.records
    records.take(nonce, SUBJECT, time.time())
    records.keep(nonce, capture="cap-none", clip_key=b"k", template=b"t", evidence={})
    [shown] = (await (await hana.get("/api/enrolments")).get_json())["enrolments"]
    assert (shown["enrolment"], shown["state"], shown["title"]) == (nonce, "passed", "Hana")
    assert (await asked(hana, "/api/enrolments", wish(token)))["code"] == "licence_used"
    assert records.get(nonce).state == "passed"


async def test_the_link_is_the_first_ones_who_used_it(place: Place) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    stranger = await place.signed_in(place.account(STRANGER))
    await asked(hana, "/api/enrolments", wish(token))
    for path, body in (("/api/enrolments", wish(token)), ("/api/licences/open", {"token": token})):
        assert (await asked(stranger, path, body))["code"] == "licence_unknown"
    friend = await place.signed_in(place.desk.accounts.get(FRIEND))
    assert (await asked(friend, "/api/enrolments", wish(token)))["code"] == "licence_own"


async def test_who_has_no_account_gets_one_by_the_link_once(place: Place) -> None:
    token = await link_of(place)
    browser = place.app.test_client()
    assert (await asked(browser, "/api/licences/account", {"token": token, "name": " "}))["code"] == (
        "name_missing"
    )
    made = await asked(browser, "/api/licences/account", {"token": token, "name": "Hana"})
    assert made["account"]["name"] == "Hana"
    again = await asked(place.app.test_client(), "/api/licences/account", {"token": token, "name": "Eve"})
    assert again["code"] == "licence_unknown"
    assert "enrolment" in await asked(browser, "/api/enrolments", wish(token))
    nobody = {"token": "never-made-by-anybody", "name": "Eve"}
    assert (await asked(place.app.test_client(), "/api/licences/account", nobody))[
        "code"
    ] == "licence_unknown"


@pytest.mark.parametrize(
    "changes", [{"agreed": False}, {"adult": False}, {"title": ""}], ids=["agreed", "adult", "title"]
)
async def test_without_the_persons_word_the_link_stays_as_it_was(
    place: Place, changes: dict[str, object]
) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    assert (await asked(hana, "/api/enrolments", wish(token, **changes)))["code"] == "enrolment_refused"
    assert place.desk.enrolments.licences.get(token, time.time()).subject == ""


@pytest.mark.parametrize(("licensee", "days"), [(" ", 30), ("S" * 65, 30), ("Studio", 3), ("Studio", 366)])
async def test_what_nobody_is_asked(place: Place, licensee: str, days: int) -> None:
    friend = await place.signed_in(place.account(FRIEND))
    body = {"licensee": licensee, "expiresAt": int(time.time()) + days * DAY}
    assert (await asked(friend, "/api/licences", body))["code"] == "enrolment_refused"
    assert (await asked(place.app.test_client(), "/api/licences", body))["code"] == "signed_out"


async def test_with_who_asked_their_links_go(place: Place) -> None:
    token = await link_of(place)
    place.desk.delete(FRIEND)
    opened = await asked(place.app.test_client(), "/api/licences/open", {"token": token})
    assert opened["code"] == "licence_unknown"


async def test_the_link_of_who_was_forgotten_opens_nothing(place: Place) -> None:
    token = await link_of(place)
    hana = await place.signed_in(place.account(SUBJECT))
    await asked(hana, "/api/enrolments", wish(token))
    place.desk.delete(SUBJECT)
    opened = await asked(place.app.test_client(), "/api/licences/open", {"token": token})
    assert opened["code"] == "licence_unknown"


async def test_a_link_is_over_after_some_days(place: Place) -> None:
    licences = place.desk.enrolments.licences
    place.account(FRIEND)
    token = licences.make(FRIEND, "Studio", 2_000_000_000, 1_000.0)
    assert licences.get(token, 1_000.0 + LINK_SECONDS - 1).wearer == FRIEND
    with pytest.raises(Exception, match="unknown or over"):
        licences.get(token, 1_000.0 + LINK_SECONDS)
