"""How somebody signs in to this installation: by what its settings and the page's address allow."""

from __future__ import annotations

from collections.abc import Callable

from quart import Quart

from talchum.adapters.accounts import Accounts
from talchum.adapters.oidc import OpenIdProvider
from talchum.adapters.passkeys import RelyingParty
from talchum.apps.account_routes import AccountDesk, add_accounts
from talchum.apps.account_sessions import AccountSessions
from talchum.apps.ceremonies import Ceremonies
from talchum.apps.oidc_routes import add_provider
from talchum.apps.passkey_routes import add_passkeys
from talchum.apps.settings import Settings
from talchum.domain.errors import AccountError


def add_ways_in(
    app: Quart,
    settings: Settings,
    *,
    open_desk: Callable[[], AccountDesk],
    sessions: AccountSessions,
    ceremonies: Ceremonies,
    origin: Callable[[], str],
    expect_own_page: Callable[[], None],
) -> None:
    """Register the routes of accounts, passkeys and, where one is set, of an OpenID provider.

    open_desk: may block. origin: of the pages, as the request at hand knows it. expect_own_page: raises for
    requests of other pages, and for too many.
    """

    def accounts() -> Accounts:
        return open_desk().accounts

    def relying_party() -> RelyingParty:
        return RelyingParty.of(origin())

    def ways() -> dict[str, object]:
        return {
            "registration": settings.registration,
            "passkeys": _succeeds(relying_party),
            "provider": bool(settings.oidc_issuer),
        }

    add_accounts(app, open_desk=open_desk, sessions=sessions, expect_own_page=expect_own_page, ways_in=ways)
    add_passkeys(
        app,
        open_accounts=accounts,
        sessions=sessions,
        ceremonies=ceremonies,
        relying_party=relying_party,
        registration_open=settings.registration == "open",
        expect_own_page=expect_own_page,
    )
    if settings.oidc_issuer:
        add_provider(
            app,
            OpenIdProvider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret),
            open_accounts=accounts,
            sessions=sessions,
            ceremonies=ceremonies,
            origin=origin,
            expect_own_page=expect_own_page,
        )


def _succeeds(relying_party: Callable[[], RelyingParty]) -> bool:
    try:
        relying_party()
    except AccountError:
        return False
    return True
