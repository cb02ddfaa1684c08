"""Commands see what the service of the same data directory learned, and make nothing where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from talchum.apps.installed_identities import installed_identities, settings_of_commands
from talchum.apps.known_identities import open_library
from talchum.apps.up import default_data_directory
from talchum.domain.errors import SettingsError
from tests.adapters.learned_bundles import SHIPPED, learned_bundle


def test_what_the_service_learned_is_listed_and_can_be_worn(tmp_path: Path) -> None:
    environment = {"TALCHUM_DATA": str(tmp_path)}
    library = open_library(settings_of_commands(environment))
    library.add(learned_bundle("hana"), 1.0)
    library.learned.engine.dispose()
    found = installed_identities(environment)
    assert "hana" in [identity.name for identity in found.list()]
    assert found.assets("hana").network == b"a network"


def test_where_nothing_ever_ran_a_command_makes_no_database(tmp_path: Path) -> None:
    found = installed_identities({"TALCHUM_DATA": str(tmp_path / "nothing")})
    assert found.list() == SHIPPED.list()
    assert not (tmp_path / "nothing").exists()


def test_state_lies_where_the_service_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert settings_of_commands({}).data == default_data_directory() == tmp_path / "home" / "talchum"
    named = {"TALCHUM_DATA": str(tmp_path / "set")}
    assert settings_of_commands(named).data == tmp_path / "set"
    assert settings_of_commands(named, tmp_path / "named").data == tmp_path / "named"


def test_a_setting_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        installed_identities({"TALCHUM_DATA": str(tmp_path), "TALCHUM_DATABASE_URL": "mysql://nothing"})
