"""What a page may ask of accounts: to sign in and out, see one's faces, take them back, and be forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from talchum.adapters.database import METADATA
from talchum.apps.account_sessions import COOKIE
from tests.apps.accounts_app import Place
from tests.apps.people import HANDLE, consent_to, persons_bundle
from tests.domain.consents import FRIEND, SUBJECT


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place.made(tmp_path)
    yield made
    made.close()


async def test_an_invitation_makes_an_account_and_signs_it_in(place: Place) -> None:
    token = place.desk.accounts.invite(60.0, time.time())
    browser = place.app.test_client()
    assert (await (await browser.get("/api/account")).get_json())["account"] is None
    answer = await browser.post("/api/account/sign-in/invitation", json={"token": token, "name": "Hana"})
    [cookie] = answer.headers.getlist("Set-Cookie")
    for flag in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
        assert flag in cookie
    assert "Secure" not in cookie
    shown = await (await browser.get("/api/account")).get_json()
    assert shown["account"]["name"] == "Hana"
    assert shown["registration"] == "invited"
    again = await place.app.test_client().post("/api/account/sign-in/invitation", json={"token": token})
    assert (await again.get_json())["code"] == "invitation_invalid"


async def test_over_https_the_cookie_never_goes_over_http(tmp_path: Path) -> None:
    place = Place.made(tmp_path, https=True)
    token = place.desk.accounts.invite(60.0, time.time())
    answer = await place.app.test_client().post("/api/account/sign-in/invitation", json={"token": token})
    assert "Secure" in answer.headers["Set-Cookie"]
    place.close()


async def test_signing_out_ends_the_session_and_not_only_the_cookie(place: Place) -> None:
    browser = await place.signed_in(place.account(SUBJECT))
    assert (await (await browser.get("/who")).get_json())["account"] == SUBJECT
    [cookie] = [cookie for cookie in browser.cookie_jar if cookie.name == COOKIE]
    await browser.post("/api/account/sign-out")
    assert (await (await browser.get("/who")).get_json())["account"] == ""
    thief = place.app.test_client()
    thief.set_cookie("localhost", COOKIE, str(cookie.value))
    assert (await (await thief.get("/who")).get_json())["account"] == ""


async def test_nobody_sees_or_ends_anything_without_signing_in(place: Place) -> None:
    guest = place.app.test_client()
    for answer in (
        await guest.get("/api/account/faces"),
        await guest.post("/api/account/faces/con-0000000000000000/revoke"),
        await guest.delete("/api/account"),
    ):
        assert answer.status_code == 401
        assert (await answer.get_json())["code"] == "signed_out"


async def test_while_the_database_is_away_everybody_is_a_guest(place: Place) -> None:
    browser = await place.signed_in(place.account(SUBJECT))
    METADATA.drop_all(place.desk.accounts.engine)
    assert (await (await browser.get("/who")).get_json())["account"] == ""


async def test_ones_faces_are_shown_with_who_may_wear_them_and_until_when(place: Place) -> None:
    mine, let = persons_bundle(), persons_bundle("juno", "licensed")
    consent = consent_to(mine)
    place.desk.registry.grant(mine, consent)
    place.desk.registry.grant(let, consent_to(let, handle="another"))
    browser = await place.signed_in(place.account(SUBJECT))
    faces = {
        one["identity"]: one for one in (await (await browser.get("/api/account/faces")).get_json())["faces"]
    }
    assert faces["hana"]["expiresAt"] == consent.expires_at
    assert (faces["hana"]["given"], faces["hana"]["wearable"]) == (True, True)
    assert (faces["juno"]["given"], faces["juno"]["wearable"]) == (True, False)
    assert faces["juno"]["licensee"] == "Studio"
    friend = await place.signed_in(place.account(FRIEND, "Friend"))
    [face] = (await (await friend.get("/api/account/faces")).get_json())["faces"]
    assert (face["identity"], face["given"], face["wearable"]) == ("juno", False, True)


async def test_a_person_takes_their_face_back_and_nobody_else_can(place: Place) -> None:
    let = persons_bundle("juno", "licensed")
    consent = consent_to(let)
    place.desk.registry.grant(let, consent)
    friend = await place.signed_in(place.account(FRIEND, "Friend"))
    refused = await friend.post(f"/api/account/faces/{consent.id}/revoke")
    assert refused.status_code == 404
    assert "juno" in place.desk.registry.library.digests()
    browser = await place.signed_in(place.account(SUBJECT))
    answer = await browser.post(f"/api/account/faces/{consent.id}/revoke")
    [face] = (await answer.get_json())["faces"]
    assert face["reason"] == "subject"
    assert "juno" not in place.desk.registry.library.digests()


async def test_a_handle_takes_a_face_back_without_any_account(place: Place) -> None:
    mine = persons_bundle()
    consent = consent_to(mine)
    place.desk.registry.grant(mine, consent)
    guest = place.app.test_client()
    for wrong in ("HANA", consent.id, ""):
        answer = await guest.post("/api/consents/revoke", json={"handle": wrong})
        assert answer.status_code == 404
    answer = await guest.post("/api/consents/revoke", json={"handle": HANDLE.lower()})
    assert await answer.get_json() == {"consent": consent.id}
    assert "hana" not in place.desk.registry.library.digests()


async def test_being_forgotten_leaves_nothing_of_a_person(place: Place, tmp_path: Path) -> None:
    mine = persons_bundle()
    place.desk.registry.grant(mine, consent_to(mine))
    browser = await place.signed_in(place.account(SUBJECT, "Hana Kim"))
    assert (await browser.delete("/api/account")).status_code == 200
    assert (await (await browser.get("/who")).get_json())["account"] == ""
    with place.desk.accounts.engine.connect() as connection:
        for table in ("accounts", "account_sessions", "consents", "learned_identities"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    files = [path for path in (tmp_path / "content").rglob("*") if path.is_file()]
    assert files == []


@pytest.mark.parametrize("body", [b"", b"{}", b'{"token": 7}', b'{"token": "x", "admin": true}'])
async def test_a_body_that_is_no_invitation_is_refused(place: Place, body: bytes) -> None:
    answer = await place.app.test_client().post("/api/account/sign-in/invitation", data=body)
    assert (await answer.get_json())["code"] == "malformed_message"
