from __future__ import annotations

from pathlib import Path

import pytest

from talchum.adapters.network_addresses import free_port
from talchum.apps.alive import alive, main
from tests.apps.call_servers import installation


@pytest.mark.valkey
def test_a_call_server_lives_while_it_answers_also_without_its_store(tmp_path: Path) -> None:
    with installation(tmp_path) as running:
        server = running.start()
        environment = {"TALCHUM_PORT": str(server.port), "TALCHUM_HOST": "0.0.0.0"}
        assert alive(environment)
        running.store.kill()
        assert alive(environment)
        server.stop()
        assert not alive(environment)


def test_a_process_without_http_lives_by_its_file(tmp_path: Path) -> None:
    environment = {"TALCHUM_LIVENESS_FILE": str(tmp_path / "alive"), "TALCHUM_PORT": str(free_port())}
    assert not alive(environment)
    (tmp_path / "alive").touch()
    assert alive(environment)


def test_settings_it_cannot_read_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TALCHUM_PORT", "nowhere")
    assert main() == 2
    assert "TALCHUM_PORT" in capsys.readouterr().err
