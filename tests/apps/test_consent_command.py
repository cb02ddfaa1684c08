"""What the operator sees of consents on the command line, and can end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from talchum.adapters.accounts import Accounts
from talchum.apps.cli import main
from talchum.apps.consent_registry import ConsentRegistry
from tests.apps.people import HANDLE, consent_to, persons_bundle, registry_in


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ConsentRegistry]:
    opened = registry_in(tmp_path)
    bundle = persons_bundle()
    opened.grant(bundle, consent_to(bundle))
    yield opened
    opened.records.engine.dispose()


def run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path)])
    return result.exit_code, result.output


def test_every_consent_is_listed(registry: ConsentRegistry, tmp_path: Path) -> None:
    status, shown = run(tmp_path, "consent", "list")
    assert status == 0
    assert registry.find(HANDLE).id in shown
    [listed] = json.loads(run(tmp_path, "consent", "list", "--json")[1])
    assert (listed["identity"], listed["scope"], listed["verified"]) == ("hana", "self", True)
    assert listed["endedAt"] is None


def test_a_record_that_was_altered_is_listed_as_such(registry: ConsentRegistry, tmp_path: Path) -> None:
    with registry.records.engine.begin() as connection:
        connection.execute(text("UPDATE consents SET record = record || 'x'"))
    [listed] = json.loads(run(tmp_path, "consent", "list", "--json")[1])
    assert (listed["verified"], listed["scope"]) == (False, None)
    assert "not verified" in run(tmp_path, "consent", "list")[1]


def test_a_whole_record_is_shown(registry: ConsentRegistry, tmp_path: Path) -> None:
    status, shown = run(tmp_path, "consent", "show", HANDLE)
    assert status == 0
    assert json.loads(shown)["jti"] == registry.find(HANDLE).id


@pytest.mark.parametrize("by", ["handle", "name"])
def test_the_operator_ends_any_consent(registry: ConsentRegistry, tmp_path: Path, by: str) -> None:
    row = registry.find(HANDLE)
    status, said = run(tmp_path, "consent", "revoke", HANDLE if by == "handle" else row.id)
    assert status == 0
    assert row.id in said
    assert registry.records.get(row.id).reason == "operator"
    assert "hana" not in registry.library.digests()


def test_a_handle_of_nothing_is_said_so(registry: ConsentRegistry, tmp_path: Path) -> None:
    status, said = run(tmp_path, "consent", "revoke", "HANA")
    assert status == 1
    assert "consent_unknown" in said


def test_an_invitation_of_the_operator_signs_in(registry: ConsentRegistry, tmp_path: Path) -> None:
    status, token = run(tmp_path, "account", "invite")
    assert status == 0
    accounts = Accounts(registry.records.engine)
    made = accounts.redeem(token.strip(), "Hana", 1.0)
    assert made.name == "Hana"
    status, said = run(tmp_path, "account", "invite", "--account", "acc-0000000000000000")
    assert status == 1
    assert "account_unknown" in said
