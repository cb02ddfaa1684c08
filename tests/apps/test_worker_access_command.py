"""`talchum worker-access` prints what to set, and sets it only when asked to."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner

from talchum.apps.cli import main
from talchum.apps.settings import Settings
from talchum.apps.worker_access_command import run
from talchum.domain.errors import SettingsError
from tests.stores import running_store


def test_it_prints_the_rule_and_the_address_and_no_password_in_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TALCHUM_REDIS_URL", "rediss://operator:own-secret@store.example.org/0")
    result = CliRunner().invoke(main, ["worker-access", "attic", "--gpu"])
    rule, address = result.stdout.splitlines()
    assert rule.startswith("ACL SETUSER worker-attic reset on '#")
    assert "'(~talchum:celery:face-legs.gpu +brpop +llen)'" in rule
    password = address.partition("worker-attic:")[2].partition("@")[0]
    assert address == f"TALCHUM_REDIS_URL=rediss://worker-attic:{password}@store.example.org/0"
    assert len(password) >= 32
    assert password not in rule
    assert "own-secret" not in result.stdout


@pytest.mark.valkey
def test_nothing_is_set_for_a_store_that_no_other_machine_reaches(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        settings = Settings(redis_url=store.url)
        with pytest.raises(SettingsError):
            run(settings, "attic", gpu=False, apply=True, out=io.StringIO())
        with redis.from_url(store.url) as client:
            assert client.acl_users() == ["default"]


def test_a_name_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALCHUM_REDIS_URL", "redis://store.example.org/0")
    result = CliRunner().invoke(main, ["worker-access", "*"])
    assert result.exit_code == 1
    assert result.stderr.startswith("talchum: got a worker's name")
