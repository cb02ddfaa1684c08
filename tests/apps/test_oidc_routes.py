"""Signing in by an OpenID provider: whom it vouches for here and now comes in, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from talchum.adapters.oidc import DISCOVERY_SECONDS, OpenIdProvider, Question
from talchum.apps.ceremonies import Ceremonies
from talchum.apps.oidc_routes import RETURN, START, add_provider
from talchum.domain.errors import AccountError
from tests.apps.accounts_app import Place
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, provider: OidcProvider) -> Iterator[Place]:
    made = Place.made(tmp_path)
    add_provider(
        made.app,
        OpenIdProvider(provider.issuer, CLIENT, SECRET),
        open_accounts=lambda: made.desk.accounts,
        sessions=made.sessions,
        ceremonies=Ceremonies(made.once, made.sessions),
        origin=lambda: "http://localhost",
        expect_own_page=lambda: None,
    )
    yield made
    made.close()


async def sent_away(browser: Any) -> str:
    answer = await browser.get(START)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


async def sent_back(browser: Any) -> str:
    """Away to the provider, which sends back: the path of the return, not yet taken."""
    async with httpx.AsyncClient() as web:
        answer = await web.get(await sent_away(browser))
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"http://localhost{RETURN}"
    return f"{address.path}?{address.query}"


async def outcome(browser: Any, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


async def who(browser: Any) -> str:
    return str((await (await browser.get("/who")).get_json())["account"])


async def test_whom_the_provider_vouches_for_has_one_account(place: Place, provider: OidcProvider) -> None:
    browsers = [place.app.test_client() for _ in range(3)]
    for browser in browsers[:2]:
        assert await outcome(browser, await sent_back(browser)) == "/account/"
    first, second = [await who(browser) for browser in browsers[:2]]
    assert first == second != ""
    assert place.desk.accounts.get(first).name == "Hana"
    provider.claims = {"sub": "person-2", "name": None, "preferred_username": "juno"}
    await outcome(browsers[2], await sent_back(browsers[2]))
    other = await who(browsers[2])
    assert other != first
    assert place.desk.accounts.get(other).name == "juno"
    assert provider.asked.count("/.well-known/openid-configuration") == 1


async def test_a_browser_is_sent_away_with_secrets_of_its_own(place: Place) -> None:
    found = []
    for _ in range(2):
        browser = place.app.test_client()
        answer = await browser.get(START)
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["client_id"] == [CLIENT]
        found.append({query[name][0] for name in ("state", "nonce", "code_challenge")})
    assert len(found[0] | found[1]) == 6


def of_another_issuer(provider: OidcProvider) -> None:
    provider.claims = {"iss": "https://evil.example"}


def for_another_service(provider: OidcProvider) -> None:
    provider.claims = {"aud": "another"}


def for_us_by_way_of_another(provider: OidcProvider) -> None:
    provider.claims = {"aud": [CLIENT, "another"], "azp": "another"}


def in_answer_to_another_question(provider: OidcProvider) -> None:
    provider.claims = {"nonce": "another"}


def in_answer_to_no_question(provider: OidcProvider) -> None:
    provider.claims = {"nonce": None}


def too_late(provider: OidcProvider) -> None:
    provider.claims = {"iat": int(time.time()) - 900, "exp": int(time.time()) - 600}


def without_an_end(provider: OidcProvider) -> None:
    provider.claims = {"exp": None}


def of_nobody(provider: OidcProvider) -> None:
    provider.claims = {"sub": None}


def of_a_name_too_long(provider: OidcProvider) -> None:
    provider.claims = {"sub": "x" * 256}


def by_another_key(provider: OidcProvider) -> None:
    provider.published = RSAKey.generate_key(2048, {"kid": "one"})


def by_the_clients_own_secret(provider: OidcProvider) -> None:
    def forge(token: str) -> str:
        claims = jwt.decode(token, provider.key).claims
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])

    provider.token = forge


def unsigned(provider: OidcProvider) -> None:
    provider.token = lambda token: "eyJhbGciOiJub25lIn0." + token.split(".")[1] + "."


def that_is_no_token(provider: OidcProvider) -> None:
    provider.token = lambda token: "nonsense"


@pytest.mark.parametrize(
    "lies",
    [
        of_another_issuer,
        for_another_service,
        for_us_by_way_of_another,
        in_answer_to_another_question,
        in_answer_to_no_question,
        too_late,
        without_an_end,
        of_nobody,
        of_a_name_too_long,
        by_another_key,
        by_the_clients_own_secret,
        unsigned,
        that_is_no_token,
    ],
)
async def test_an_id_token_is_refused(
    place: Place, provider: OidcProvider, lies: Callable[[OidcProvider], None]
) -> None:
    browser = place.app.test_client()
    lies(provider)
    assert await outcome(browser, await sent_back(browser)) == "/account/#error=provider_refused"
    assert await who(browser) == ""


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("state=another&code=x", "provider_refused"),
        ("code=x", "provider_refused"),
        ("error=access_denied", "provider_refused"),
        ("", "provider_refused"),
    ],
)
async def test_a_return_that_was_made_up_is_refused(place: Place, given: str, code: str) -> None:
    browser = place.app.test_client()
    await sent_away(browser)
    assert await outcome(browser, f"{RETURN}?{given}") == f"/account/#error={code}"
    assert await who(browser) == ""


async def test_a_return_is_good_once_and_only_in_the_browser_that_left(place: Place) -> None:
    browser, thief = place.app.test_client(), place.app.test_client()
    back = await sent_back(browser)
    assert await outcome(thief, back) == "/account/#error=sign_in_over"
    assert await outcome(browser, back) == "/account/"
    await browser.post("/api/account/sign-out")
    assert await outcome(browser, back) == "/account/#error=sign_in_over"
    assert await who(browser) == ""


async def test_a_code_that_was_used_or_stolen_is_refused(place: Place, provider: OidcProvider) -> None:
    browser = place.app.test_client()
    back = await sent_back(browser)
    provider.codes.clear()
    assert await outcome(browser, back) == "/account/#error=provider_refused"


async def test_keys_that_changed_since_are_asked_for_again(place: Place, provider: OidcProvider) -> None:
    for number in range(2):
        browser = place.app.test_client()
        assert await outcome(browser, await sent_back(browser)) == "/account/"
        provider.key = RSAKey.generate_key(2048, {"kid": f"next-{number}"})


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_does_not_describe_itself_is_said_to_be_away(
    place: Place, provider: OidcProvider, said: dict[str, Any]
) -> None:
    provider.said = said
    assert await sent_away(place.app.test_client()) == "/account/#error=provider_unavailable"


async def test_a_provider_that_does_not_answer_is_said_to_be_away() -> None:
    with running_provider() as gone:
        pass
    with pytest.raises(AccountError) as refused:
        await OpenIdProvider(gone.issuer, CLIENT, SECRET).address(Question.new(), "http://localhost/back")
    assert (refused.value.code, refused.value.retryable) == ("provider_unavailable", True)


async def test_a_secret_that_is_wrong_is_said_to_be_the_providers_trouble(provider: OidcProvider) -> None:
    wrong, question = OpenIdProvider(provider.issuer, CLIENT, "wrong"), Question.new()
    with pytest.raises(AccountError) as refused:
        await wrong.vouched(question, "http://localhost/back", question.state, "code")
    assert refused.value.code == "provider_unavailable"


async def test_a_provider_is_asked_again_after_an_hour(provider: OidcProvider) -> None:
    now = [0.0]
    asking = OpenIdProvider(provider.issuer, CLIENT, SECRET, clock=lambda: now[0])
    for later in (0.0, DISCOVERY_SECONDS, 1.0):
        now[0] += later
        await asking.address(Question.new(), "http://localhost/back")
    assert provider.asked.count("/keys") == 2
