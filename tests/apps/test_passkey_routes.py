"""Passkeys: whose they are signs in, and nobody else does, whatever they answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from talchum.adapters.accounts import MAX_PASSKEYS
from talchum.domain.consent import is_account_id
from tests.apps.accounts_app import Place
from tests.apps.soft_authenticator import USER_PRESENT, SoftAuthenticator, raw, text
from tests.domain.consents import FRIEND, SUBJECT


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place.made(tmp_path)
    yield made
    made.close()


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Place]:
    made = Place.made(tmp_path, registration_open=True)
    yield made
    made.close()


async def asked(browser: Any, what: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await browser.post(f"/api/account/{what}/options", json=body or {})
    assert answer.status_code == 200, await answer.get_json()
    options: dict[str, Any] = (await answer.get_json())["options"]
    return options


async def added(browser: Any, key: SoftAuthenticator) -> Any:
    options = await asked(browser, "passkeys")
    return await browser.post("/api/account/passkeys", json={"credential": key.create(options)})


async def signing_in(browser: Any, key: SoftAuthenticator) -> Any:
    options = await asked(browser, "sign-in/passkey")
    return await browser.post("/api/account/sign-in/passkey", json={"credential": key.get(options)})


async def code(answer: Any) -> str:
    return str((await answer.get_json())["code"])


async def who(browser: Any) -> str:
    return str((await (await browser.get("/who")).get_json())["account"])


async def test_who_was_invited_makes_a_passkey_and_comes_back_with_it(place: Place) -> None:
    key = SoftAuthenticator()
    answer = await added(await place.signed_in(place.account(SUBJECT)), key)
    assert answer.status_code == 201
    elsewhere = place.app.test_client()
    for _ in range(2):
        answer = await signing_in(elsewhere, key)
        assert answer.status_code == 200
        assert await who(elsewhere) == SUBJECT
        await elsewhere.post("/api/account/sign-out")
    [kept] = place.desk.accounts.passkeys(SUBJECT)
    assert (kept.id, kept.sign_count) == (text(key.id), 3)
    assert kept.used is not None
    assert abs(kept.used - time.time()) < 60


async def test_a_passkey_is_asked_to_be_found_without_a_name_and_to_verify_its_person(place: Place) -> None:
    browser = await place.signed_in(place.account(SUBJECT, "Hana"))
    await added(browser, key := SoftAuthenticator())
    making = await asked(browser, "passkeys")
    assert making["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert making["rp"] == {"name": "Talchum", "id": "localhost"}
    assert (making["user"]["name"], raw(making["user"]["id"])) == ("Hana", SUBJECT.encode())
    assert [one["id"] for one in making["excludeCredentials"]] == [text(key.id)]
    signing = await asked(browser, "sign-in/passkey")
    assert (signing["userVerification"], signing["allowCredentials"]) == ("required", [])
    assert len(raw(signing["challenge"])) == 32


async def test_without_an_invitation_nobody_makes_an_account(place: Place) -> None:
    answer = await place.app.test_client().post("/api/account/passkeys/options", json={"name": "Hana"})
    assert await code(answer) == "registration_closed"


async def test_where_registration_is_open_a_name_and_a_passkey_make_an_account(open_place: Place) -> None:
    key, browser = SoftAuthenticator(), open_place.app.test_client()
    nameless = await browser.post("/api/account/passkeys/options", json={"name": " "})
    assert await code(nameless) == "name_missing"
    options = await asked(browser, "passkeys", {"name": "  Hana  Kim "})
    assert await who(browser) == "", "there is no account before there is a passkey"
    answer = await browser.post("/api/account/passkeys", json={"credential": key.create(options)})
    made = (await answer.get_json())["account"]
    assert made["name"] == "Hana Kim"
    assert is_account_id(made["id"])
    assert await who(browser) == made["id"]
    elsewhere = open_place.app.test_client()
    await signing_in(elsewhere, key)
    assert await who(elsewhere) == made["id"]


async def test_a_refused_passkey_leaves_no_account(open_place: Place) -> None:
    key = SoftAuthenticator()
    await added(await open_place.signed_in(open_place.account(SUBJECT)), key)
    browser = open_place.app.test_client()
    for wrong in (key, SoftAuthenticator(origin="https://evil.example")):
        options = await asked(browser, "passkeys", {"name": "Juno"})
        answer = await browser.post("/api/account/passkeys", json={"credential": wrong.create(options)})
        assert await code(answer) in ("passkey_exists", "passkey_refused")
        assert await who(browser) == ""
    with open_place.desk.accounts.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM accounts").scalar_one() == 1


def from_another_page(key: SoftAuthenticator) -> None:
    key.origin = "https://evil.example"


def from_another_port(key: SoftAuthenticator) -> None:
    key.origin = "http://localhost:9999"


def from_within_another_page(key: SoftAuthenticator) -> None:
    key.cross_origin = True


def for_another_party(key: SoftAuthenticator) -> None:
    key.rp_id = "evil.example"


def without_verifying_the_person(key: SoftAuthenticator) -> None:
    key.flags = USER_PRESENT


def without_anybody_there(key: SoftAuthenticator) -> None:
    key.flags = 0


def of_another_account(key: SoftAuthenticator) -> None:
    key.user = FRIEND.encode()


def of_no_account(key: SoftAuthenticator) -> None:
    key.user = b""


def with_another_key(key: SoftAuthenticator) -> None:
    key.key = SoftAuthenticator().key


def as_a_copy_that_signed_less(key: SoftAuthenticator) -> None:
    key.count = 0


WRONG_FROM_THE_START = [
    from_another_page,
    from_another_port,
    from_within_another_page,
    for_another_party,
    without_verifying_the_person,
    without_anybody_there,
]
WRONG_LATER = [of_another_account, of_no_account, with_another_key, as_a_copy_that_signed_less]


@pytest.mark.parametrize("goes_wrong", WRONG_FROM_THE_START)
async def test_a_new_passkey_is_refused(
    place: Place, goes_wrong: Callable[[SoftAuthenticator], None]
) -> None:
    key = SoftAuthenticator()
    goes_wrong(key)
    answer = await added(await place.signed_in(place.account(SUBJECT)), key)
    assert (answer.status_code, await code(answer)) == (400, "passkey_refused")
    assert place.desk.accounts.passkeys(SUBJECT) == []


@pytest.mark.parametrize("goes_wrong", [*WRONG_FROM_THE_START, *WRONG_LATER])
async def test_a_sign_in_is_refused(place: Place, goes_wrong: Callable[[SoftAuthenticator], None]) -> None:
    key = SoftAuthenticator()
    await added(await place.signed_in(place.account(SUBJECT)), key)
    thief = place.app.test_client()
    goes_wrong(key)
    answer = await signing_in(thief, key)
    assert await code(answer) == "passkey_refused"
    assert "Set-Cookie" not in answer.headers
    assert await who(thief) == ""
    assert place.desk.accounts.passkeys(SUBJECT)[0].used is None


async def test_a_passkey_that_does_not_count_signs_in_again_and_again(place: Place) -> None:
    key = SoftAuthenticator(counts=False)
    await added(await place.signed_in(place.account(SUBJECT)), key)
    for _ in range(3):
        assert (await signing_in(place.app.test_client(), key)).status_code == 200


async def test_an_answer_is_good_once(place: Place) -> None:
    key = SoftAuthenticator()
    await added(await place.signed_in(place.account(SUBJECT)), key)
    browser = place.app.test_client()
    answer = {"credential": key.get(await asked(browser, "sign-in/passkey"))}
    assert (await browser.post("/api/account/sign-in/passkey", json=answer)).status_code == 200
    await browser.post("/api/account/sign-out")
    again = await browser.post("/api/account/sign-in/passkey", json=answer)
    assert await code(again) == "sign_in_over"
    await asked(browser, "sign-in/passkey")
    assert await code(await browser.post("/api/account/sign-in/passkey", json=answer)) == "passkey_refused"
    assert await who(browser) == ""


async def test_an_answer_is_good_only_from_the_browser_that_was_asked(place: Place) -> None:
    key = SoftAuthenticator()
    await added(await place.signed_in(place.account(SUBJECT)), key)
    answer = {"credential": key.get(await asked(place.app.test_client(), "sign-in/passkey"))}
    thief = place.app.test_client()
    assert await code(await thief.post("/api/account/sign-in/passkey", json=answer)) == "sign_in_over"


async def test_an_answer_that_comes_too_late_is_refused(place: Place) -> None:
    key, browser = SoftAuthenticator(), await place.signed_in(place.account(SUBJECT))
    options = await asked(browser, "passkeys")
    place.once.kept.clear()
    answer = await browser.post("/api/account/passkeys", json={"credential": key.create(options)})
    assert await code(answer) == "sign_in_over"


async def test_an_answer_to_one_question_is_none_to_the_other(place: Place) -> None:
    browser = await place.signed_in(place.account(SUBJECT))
    key = SoftAuthenticator()
    await added(browser, key)
    options = await asked(browser, "sign-in/passkey")
    [cookie] = [cookie for cookie in browser.cookie_jar if cookie.name == "talchum-passkey"]
    browser.set_cookie("localhost", "talchum-new-passkey", str(cookie.value), path="/api/account")
    answer = await browser.post("/api/account/passkeys", json={"credential": key.get(options)})
    assert await code(answer) == "sign_in_over"


async def test_a_passkey_goes_to_whom_it_was_asked_of_and_to_nobody_who_signed_in_since(place: Place) -> None:
    browser, key = await place.signed_in(place.account(SUBJECT)), SoftAuthenticator()
    options = await asked(browser, "passkeys")
    token = place.desk.accounts.invite(60.0, time.time(), account=place.account(FRIEND, "Friend").id)
    await browser.post("/api/account/sign-in/invitation", json={"token": token})
    answer = await browser.post("/api/account/passkeys", json={"credential": key.create(options)})
    assert await code(answer) == "sign_in_over"
    assert [place.desk.accounts.passkeys(one) for one in (SUBJECT, FRIEND)] == [[], []]


async def test_passkeys_are_listed_and_removed_by_whose_they_are(place: Place) -> None:
    browser, friend = [await place.signed_in(place.account(account)) for account in (SUBJECT, FRIEND)]
    keys = [SoftAuthenticator(), SoftAuthenticator()]
    for key in keys:
        await added(browser, key)
    listed = (await (await browser.get("/api/account/passkeys")).get_json())["passkeys"]
    assert {one["id"] for one in listed} == {text(key.id) for key in keys}
    assert set(listed[0]) == {"id", "createdAt", "usedAt"}
    await friend.delete(f"/api/account/passkeys/{text(keys[0].id)}")
    assert len(place.desk.accounts.passkeys(SUBJECT)) == 2
    answer = await browser.delete(f"/api/account/passkeys/{text(keys[0].id)}")
    assert [one["id"] for one in (await answer.get_json())["passkeys"]] == [text(keys[1].id)]
    removed = await signing_in(place.app.test_client(), keys[0])
    assert await code(removed) == "passkey_unknown"


async def test_an_account_has_so_many_passkeys(place: Place) -> None:
    browser = await place.signed_in(place.account(SUBJECT))
    for _ in range(MAX_PASSKEYS):
        assert (await added(browser, SoftAuthenticator())).status_code == 201
    assert await code(await added(browser, SoftAuthenticator())) == "too_many_passkeys"


async def test_passkeys_are_for_who_is_signed_in(place: Place) -> None:
    guest = place.app.test_client()
    assert await code(await guest.get("/api/account/passkeys")) == "signed_out"
    assert await code(await guest.delete("/api/account/passkeys/key")) == "signed_out"


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 7},
        {"id": "a", "rawId": "a", "type": "public-key", "response": {}},
        {"id": "*", "rawId": "*", "type": "public-key", "response": "none"},
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "_w"},
        },
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "W10", "attestationObject": "oWNmbXQAAA"},
        },
    ],
)
async def test_what_is_no_answer_at_all_is_refused(place: Place, credential: dict[str, Any]) -> None:
    browser = await place.signed_in(place.account(SUBJECT))
    await asked(browser, "passkeys")
    answer = await browser.post("/api/account/passkeys", json={"credential": credential})
    assert await code(answer) == "passkey_refused"
    await asked(browser, "sign-in/passkey")
    answer = await browser.post("/api/account/sign-in/passkey", json={"credential": credential})
    assert await code(answer) == "passkey_refused"
