"""The identities a page is shown: fresh at every request, with pictures and previews that were checked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quart import Quart, request

from talchum.adapters.signing import Verifier
from talchum.apps.answers import json_answer
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.identity_routes import add_identities, keep_known
from talchum.apps.known_consents import KnownConsents, WearingRights
from talchum.apps.known_identities import KnownIdentities
from talchum.apps.settings import Settings
from talchum.domain.errors import TalchumError
from tests.adapters.learned_bundles import SHIPPED, learned_bundle
from tests.adapters.peers import until
from tests.apps.people import consent_to, persons_bundle
from tests.domain.consents import STRANGER, SUBJECT


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownIdentities]:
    known = KnownIdentities.of(Settings(redis_url="", data=tmp_path))
    yield known
    known.library().learned.engine.dispose()


async def asker() -> str:
    return request.headers.get("X-Account", "")


@pytest.fixture
def app(known: KnownIdentities) -> Quart:
    app = Quart(__name__, static_folder=None)
    add_identities(
        app,
        known,
        may_wear=lambda account, identity: identity != "hana" or account == SUBJECT,
        asker=asker,
    )
    app.register_error_handler(TalchumError, refuse)
    return app


async def refuse(error: TalchumError) -> Any:
    return json_answer({"code": error.code}, 404)


async def listed(app: Quart) -> dict[str, dict[str, Any]]:
    answer = await app.test_client().get("/api/identities")
    assert answer.headers["Cache-Control"] == "no-store"
    return {item["name"]: item for item in await answer.get_json()}


async def test_every_shipped_identity_is_listed_with_what_a_page_shows(app: Quart) -> None:
    items = await listed(app)
    assert list(items) == [identity.name for identity in SHIPPED.list()]
    assert items["veil"] == {
        "name": "veil",
        "title": {"en": "Veil", "ko": "가림"},
        "description": dict(SHIPPED.identity("veil").description),
        "kind": "anonymise",
        "engines": ["veil"],
        "thumbnail": "/api/identities/veil/thumbnail.webp",
        "preview": None,
        "learned": False,
    }


async def test_a_newly_learned_identity_appears_without_a_restart(app: Quart, known: KnownIdentities) -> None:
    assert "hana" not in await listed(app)
    known.library().add(learned_bundle("hana"), 1.0)
    item = (await listed(app))["hana"]
    assert (item["learned"], item["engines"]) == (True, ["neural", "portrait"])
    assert item["preview"] == "/api/identities/hana/preview.mp4"
    client = app.test_client()
    preview = await client.get(item["preview"])
    assert (preview.status_code, preview.content_type) == (200, "video/mp4")
    assert await preview.get_data() == b"a preview"
    picture = await client.get(item["thumbnail"])
    assert picture.content_type == "image/webp"
    assert await picture.get_data() == SHIPPED.thumbnail("amara")


async def test_a_learned_identitys_pictures_are_asked_for_anew_and_shipped_ones_kept(
    app: Quart, known: KnownIdentities
) -> None:
    known.library().add(learned_bundle("hana"), 1.0)
    await listed(app)
    client = app.test_client()
    for path, kept in (
        ("/api/identities/sora/thumbnail.webp", "public, max-age=3600"),
        ("/api/identities/hana/thumbnail.webp", "no-cache"),
        ("/api/identities/hana/preview.mp4", "no-cache"),
    ):
        assert (await client.get(path)).headers["Cache-Control"] == kept


async def test_a_browser_may_ask_for_a_part_of_a_preview(app: Quart, known: KnownIdentities) -> None:
    known.library().add(learned_bundle("hana"), 1.0)
    part = await app.test_client().get("/api/identities/hana/preview.mp4", headers={"Range": "bytes=2-4"})
    assert part.status_code == 206
    assert await part.get_data() == b"a preview"[2:5]
    assert part.headers["Content-Range"] == "bytes 2-4/9"


@pytest.mark.parametrize(
    "path", ["nobody/thumbnail.webp", "nobody/preview.mp4", "veil/preview.mp4", "..%2fsora/preview.mp4"]
)
async def test_what_is_not_there_is_unknown(app: Quart, path: str) -> None:
    answer = await app.test_client().get(f"/api/identities/{path}")
    assert answer.status_code == 404


async def test_a_preview_that_is_not_the_pinned_one_is_not_sent(app: Quart, known: KnownIdentities) -> None:
    known.library().add(learned_bundle("hana"), 1.0)
    content = known.library().learned.content
    content.path(known.identity("hana").files["preview.mp4"]).write_bytes(b"another")
    answer = await app.test_client().get("/api/identities/hana/preview.mp4")
    assert (await answer.get_json())["code"] == "identity_corrupt"


async def test_rooms_accept_it_soon_though_nobody_listed(
    known: KnownIdentities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talchum.apps.identity_routes.REFRESH_SECONDS", 0.01)
    async with keep_known(known):
        await asyncio.to_thread(known.library().add, learned_bundle("hana"), 1.0)
        await until(lambda: "hana" in known, "it is known")


async def test_a_persons_face_is_there_for_those_alone_who_may_wear_it(
    app: Quart, known: KnownIdentities
) -> None:
    grant_hana(known)
    known.refresh()
    client = app.test_client()
    for account, status in (("", 404), (STRANGER, 404), (SUBJECT, 200)):
        headers = {"X-Account": account}
        names = [
            one["name"] for one in await (await client.get("/api/identities", headers=headers)).get_json()
        ]
        assert ("hana" in names) is (status == 200)
        assert "sora" in names
        for file in ("thumbnail.webp", "preview.mp4"):
            answer = await client.get(f"/api/identities/hana/{file}", headers=headers)
            assert answer.status_code == status, file


async def test_a_persons_face_that_another_process_has_just_kept_is_shown_to_nobody_else(
    known: KnownIdentities,
) -> None:
    app = Quart(__name__, static_folder=None)
    rights = WearingRights(known, KnownConsents.of(known, lambda: Verifier({"keys": []})))
    add_identities(app, known, may_wear=rights.may_wear, asker=asker)
    app.register_error_handler(TalchumError, refuse)
    grant_hana(known)
    assert "hana" not in known.digests, "nobody has asked since"
    client = app.test_client()
    for file in ("thumbnail.webp", "preview.mp4"):
        assert (await client.get(f"/api/identities/hana/{file}")).status_code == 404, file
    assert "hana" not in await listed(app)


def grant_hana(known: KnownIdentities) -> None:
    bundle, library = persons_bundle(), known.library()
    registry = ConsentRegistry.open(Settings(redis_url="", data=Path(library_directory(known))), library)
    registry.grant(bundle, consent_to(bundle))


def library_directory(known: KnownIdentities) -> str:
    return str(Path(str(known.library().learned.engine.url.database)).parent)
