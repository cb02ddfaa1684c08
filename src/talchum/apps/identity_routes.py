"""The call server's interface to the identities that can be worn: their list, pictures and previews."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from quart import Quart, Response, send_file

from talchum.apps.answers import json_answer
from talchum.apps.known_identities import KnownIdentities
from talchum.domain.errors import IdentityError
from talchum.domain.identity import PREVIEW_FILE, Identity
from talchum.protocol.face_legs import MayWear

REFRESH_SECONDS = 1.0
"""How old what rooms accept may be where another process learned something."""


@asynccontextmanager
async def keep_known(identities: KnownIdentities) -> AsyncIterator[None]:
    """Refresh what rooms accept, for as long as the application runs."""

    async def refresh() -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await asyncio.to_thread(identities.refresh)

    task = asyncio.create_task(refresh())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def add_identities(
    app: Quart, identities: KnownIdentities, *, may_wear: MayWear, asker: Callable[[], Awaitable[str]]
) -> None:
    """Register the routes. asker: the account that asks, empty for a guest.

    A person's face is there for those alone who may wear it.
    """

    async def expect_shown(name: str) -> None:
        if name not in identities:  # another process may have learned it just now
            await asyncio.to_thread(identities.refresh)
        if identities.needs_consent(name) and not may_wear(await asker(), name):
            raise IdentityError("got an identity that is not installed", code="identity_unknown")

    @app.get("/api/identities")
    async def list_identities() -> Response:
        listed = await asyncio.to_thread(identities.list)
        account = await asker() if any(identity.needs_consent for identity in listed) else ""
        shown = [one for one in listed if not one.needs_consent or may_wear(account, one.name)]
        return json_answer([identity_summary(identity) for identity in shown])

    @app.get("/api/identities/<name>/thumbnail.webp")
    async def identity_thumbnail(name: str) -> Response:
        await expect_shown(name)
        picture = await asyncio.to_thread(identities.thumbnail, name)
        headers = {"Cache-Control": _freshness(identities, name)}
        return Response(picture, content_type="image/webp", headers=headers)

    @app.get("/api/identities/<name>/preview.mp4")
    async def identity_preview(name: str) -> Response:
        await expect_shown(name)
        clip = await asyncio.to_thread(identities.preview, name)
        # conditional, since Safari plays no video of a server that knows no ranges
        response = await send_file(io.BytesIO(clip), mimetype="video/mp4", conditional=True)
        response.headers["Cache-Control"] = _freshness(identities, name)
        return response


def identity_summary(identity: Identity) -> dict[str, object]:
    """An identity as the interface shows it."""
    place = f"/api/identities/{identity.name}"
    return {
        "name": identity.name,
        "title": dict(identity.title),
        "description": dict(identity.description),
        "kind": identity.kind,
        "engines": list(identity.engines),
        "thumbnail": f"{place}/thumbnail.webp",
        "preview": f"{place}/preview.mp4" if PREVIEW_FILE in identity.files else None,
        "learned": identity.learned,
    }


def _freshness(identities: KnownIdentities, name: str) -> str:
    """A learned identity may go, and another come under its name."""
    return "public, max-age=3600" if identities.ships(name) else "no-cache"
