"""The page of an account, with a real browser's passkeys: Chromium's virtual authenticator."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Playwright, expect

from talchum.adapters.accounts import Accounts
from talchum.apps.consent_registry import ConsentRegistry
from tests.apps.call_servers import CallServer, installation
from tests.apps.people import HANDLE, consent_to, persons_bundle, registry_in
from tests.browser.conftest import RESULTS
from tests.browser.people import Person, person
from tests.domain.consents import FRIEND, SUBJECT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.valkey,
    pytest.mark.asyncio(loop_scope="session"),
]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ConsentRegistry]:
    opened = registry_in(tmp_path)
    yield opened
    opened.records.engine.dispose()


@pytest.fixture
def server(registry: ConsentRegistry, tmp_path: Path) -> Iterator[CallServer]:
    with installation(tmp_path) as servers:
        yield servers.start(TALCHUM_REGISTRATION="open")


@contextlib.asynccontextmanager
async def visitor(playwright: Playwright, directory: Path, **context: Any) -> AsyncIterator[Person]:
    """Somebody whose device has an authenticator."""
    async with person(playwright, "visitor", None, directory, devices=False, probed=False, **context) as one:
        devtools = await one.context.new_cdp_session(one.page)
        await devtools.send("WebAuthn.enable")
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield one


def invitation(registry: ConsentRegistry, account: str | None = None) -> str:
    return Accounts(registry.records.engine).invite(600.0, time.time(), account=account)


async def looks(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{overflow} px sideways"
    await page.screenshot(path=RESULTS / f"account-{name}.png", full_page=True)


async def test_an_invitation_then_a_passkey_then_away(
    playwright: Playwright, server: CallServer, registry: ConsentRegistry, tmp_path: Path
) -> None:
    async with visitor(playwright, tmp_path) as one:
        page = one.page
        await page.goto(f"{server.origin}/account/#{invitation(registry)}")
        await expect(page.get_by_test_id("invitation")).not_to_have_value("")
        assert page.url.endswith("/account/"), "the address bar keeps no token"
        await page.get_by_test_id("name").fill("Hana")
        await looks(page, "sign-in")
        await page.get_by_test_id("use-invitation").click()
        await expect(page.get_by_text("Signed in as Hana")).to_be_visible()
        await expect(page.get_by_test_id("passkeys-none")).to_be_visible()
        await page.get_by_test_id("add-passkey").click()
        await expect(page.get_by_test_id("passkey")).to_have_count(1)
        await page.get_by_test_id("sign-out").click()
        await page.get_by_test_id("sign-in-passkey").click()
        await expect(page.get_by_text("Signed in as Hana")).to_be_visible()
        await expect(page.get_by_test_id("passkey")).to_contain_text("last used")
        await page.get_by_test_id("add-passkey").click()
        await expect(page.get_by_test_id("error-message")).to_contain_text("already")
        await page.get_by_test_id("delete-account").click()
        await page.get_by_test_id("confirm-yes").click()
        await page.get_by_test_id("sign-in-passkey").click()
        await expect(page.get_by_test_id("error-message")).to_contain_text("No account here")
        # The browser's own lines about answers of 400 and 404.
        assert [problem for problem in one.problems if "Failed to load resource" not in problem] == []


async def test_somebody_new_makes_an_account_where_that_is_open(
    playwright: Playwright, server: CallServer, tmp_path: Path
) -> None:
    async with visitor(playwright, tmp_path) as one:
        page = one.page
        await page.goto(server.origin)
        await page.get_by_test_id("account-link").click()
        await page.get_by_test_id("new-name").fill("Juno")
        await page.get_by_test_id("new-account").press("Enter")
        await expect(page.get_by_text("Signed in as Juno")).to_be_visible()
        await expect(page.get_by_test_id("passkey")).to_have_count(1)
        await page.get_by_test_id("remove-passkey").click()
        await expect(page.get_by_test_id("confirm")).to_contain_text("your only one")
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("passkey")).to_have_count(1)
        assert one.problems == []


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
async def test_ones_faces_are_seen_and_taken_back(
    playwright: Playwright, server: CallServer, registry: ConsentRegistry, tmp_path: Path, locale: str
) -> None:
    mine, let, theirs = persons_bundle(), persons_bundle("juno", "licensed"), persons_bundle("mira")
    for bundle, handle in ((mine, HANDLE), (let, "another"), (theirs, "a third")):
        registry.grant(bundle, consent_to(bundle, handle=handle, seconds=90 * 24 * 3600))
    accounts = Accounts(registry.records.engine)
    accounts.create("하나", time.time(), account=SUBJECT)
    accounts.create("Friend", time.time(), account=FRIEND)
    phone = {"viewport": {"width": 360, "height": 740}, "locale": locale}
    async with visitor(playwright, tmp_path, **phone) as one:
        page = one.page
        await page.goto(f"{server.origin}/account/#{invitation(registry, SUBJECT)}")
        await page.get_by_test_id("use-invitation").click()
        await expect(page.get_by_test_id("face")).to_have_count(3)
        face = page.get_by_test_id("face").filter(has=page.get_by_role("heading", name="hana"))
        await face.get_by_test_id("revoke").click()
        await page.screenshot(path=RESULTS / f"account-confirm-{locale}.png")
        await page.get_by_test_id("confirm-no").click()
        await expect(face).to_have_attribute("data-ended", "false")
        await face.get_by_test_id("revoke").click()
        await page.get_by_test_id("confirm-yes").click()
        await expect(face).to_have_attribute("data-ended", "true")
        await looks(page, f"faces-{locale}")
        assert "hana" not in registry.library.digests()
        await page.get_by_test_id("sign-out").click()
        await expect(page.get_by_test_id("sign-in-passkey")).to_be_visible()
        await looks(page, f"guest-{locale}")
        for typed, outcome in (("nonsense", "error-message"), ("a third", "handle-revoked")):
            await page.get_by_test_id("handle").fill(typed)
            await page.get_by_test_id("revoke-handle").click()
            await page.get_by_test_id("confirm-yes").click()
            await expect(page.get_by_test_id(outcome)).to_be_visible()
        assert "mira" not in registry.library.digests()
    async with visitor(playwright, tmp_path, locale=locale) as friend:
        await friend.page.goto(f"{server.origin}/account/#{invitation(registry, FRIEND)}")
        await friend.page.get_by_test_id("use-invitation").click()
        await expect(friend.page.get_by_test_id("face")).to_have_count(1)
        await expect(friend.page.get_by_test_id("revoke")).to_have_count(0)
        await looks(friend.page, f"friend-{locale}")
