from __future__ import annotations

from pathlib import Path

import pytest

from talchum.adapters.valkey import MAX_SOCKET_PATH, embedded_valkey
from tests.stores import running_store

pytestmark = pytest.mark.valkey


def test_it_answers_on_a_private_socket_and_leaves_nothing(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        assert store.valkey.answers()
        assert store.valkey.socket_path.stat().st_mode & 0o077 == 0
        path = store.valkey.socket_path
    assert not store.valkey.answers()
    assert not path.exists()


def test_directory_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    valkey = embedded_valkey(deep)
    assert len(bytes(valkey.socket_path)) <= MAX_SOCKET_PATH
    assert not valkey.socket_path.is_relative_to(deep)
    assert valkey.socket_path.parent.stat().st_mode & 0o077 == 0
    valkey.clean()
    assert not valkey.socket_path.parent.exists()


def test_nothing_is_written_to_disk(tmp_path: Path) -> None:
    command = embedded_valkey(tmp_path).command
    assert command[command.index("--save") + 1] == ""
    assert command[command.index("--appendonly") + 1] == "no"
