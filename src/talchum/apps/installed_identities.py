"""The identities that commands see: those of the installation whose state lies where `talchum up` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from talchum.adapters.identity_files import IdentityFiles
from talchum.adapters.identity_library import Identities
from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings
from talchum.apps.up import default_data_directory


def settings_of_commands(environment: Mapping[str, str], data: Path | None = None) -> Settings:
    """The settings of the environment, for what needs no Redis.

    data: the directory for state; where `talchum up` has it when neither this nor the environment says.
    Raises SettingsError.
    """
    settings = Settings.from_environment(environment, needs_redis=False)
    if data is None and not environment.get("TALCHUM_DATA", "").strip():
        data = default_data_directory()
    return settings if data is None else replace(settings, data=data)


def installed_identities(environment: Mapping[str, str]) -> Identities:
    """What can be worn here; a command makes no database where there is none.

    Raises SettingsError, DatabaseError.
    """
    settings = settings_of_commands(environment)
    if settings.database_url or (settings.data / "talchum.db").exists():
        return open_library(settings)
    return IdentityFiles(settings.identities)
