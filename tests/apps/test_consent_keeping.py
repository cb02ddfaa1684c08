"""While a call server runs, what ran out is ended, and no trouble of the database stops that for good."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from talchum.apps import consent_keeping
from talchum.apps.consent_keeping import keep_consents
from talchum.apps.consent_registry import ConsentRegistry
from talchum.apps.known_consents import KnownConsents
from talchum.domain.errors import DatabaseError
from tests.apps.people import consent_to, persons_bundle, registry_in


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ConsentRegistry]:
    opened = registry_in(tmp_path)
    yield opened
    opened.records.engine.dispose()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent_keeping, "EXPIRY_SECONDS", 0.02)


def known(registry: ConsentRegistry) -> KnownConsents:
    return KnownConsents(lambda: registry.records, lambda: registry.verifier)


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_what_ran_out_is_ended_and_its_face_goes(registry: ConsentRegistry) -> None:
    old, young = persons_bundle(), persons_bundle("juno")
    consent = consent_to(old, seconds=60, since=120)
    registry.grant(old, consent)
    registry.grant(young, consent_to(young, handle="another"))
    async with keep_consents(known(registry), lambda: registry):
        await until(lambda: "hana" not in registry.library.digests())
    assert registry.records.get(consent.id).reason == "expired"
    assert "juno" in registry.library.digests()


async def test_a_database_that_was_away_is_asked_again(
    registry: ConsentRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    old, away = persons_bundle(), [True, True]
    registry.grant(old, consent_to(old, seconds=60, since=120))

    def open_registry() -> ConsentRegistry:
        if away:
            away.pop()
            raise DatabaseError("the database did not answer: OperationalError")
        return registry

    async with keep_consents(known(registry), open_registry):
        await until(lambda: "hana" not in registry.library.digests())
    assert caplog.text.count("database_unavailable") == 2


async def test_what_nobody_expected_is_logged_with_its_cause(
    registry: ConsentRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    def open_registry() -> ConsentRegistry:
        raise RuntimeError("a fault of this program's own")

    with caplog.at_level(logging.ERROR):
        async with keep_consents(known(registry), open_registry):
            await until(lambda: "keeping consents failed: RuntimeError" in caplog.text)


async def test_nothing_of_it_runs_on_afterwards(registry: ConsentRegistry) -> None:
    before = asyncio.all_tasks()
    async with keep_consents(known(registry), lambda: registry):
        assert len(asyncio.all_tasks() - before) == 2
    assert asyncio.all_tasks() == before
