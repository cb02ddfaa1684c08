from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from talchum.apps.settings import NAMES, Settings
from talchum.domain.errors import SettingsError

STORE = {"TALCHUM_REDIS_URL": "unix:///run/valkey.sock"}


def test_defaults_listen_on_loopback_only() -> None:
    settings = Settings.from_environment({**STORE, "PATH": "/usr/bin"})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.worker_url() == "ws://127.0.0.1:8080/ws"


def test_every_setting_has_a_name_and_every_name_a_setting() -> None:
    assert {field for field, _ in NAMES.values()} == {field.name for field in fields(Settings)}
    assert all(name == f"TALCHUM_{field.upper()}" for name, (field, _) in NAMES.items())


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(
            {
                "TALCHUM_PORT": "eighty",
                "TALCHUM_TURN_URLS": "turn:a,http://b",
                "TALCHUM_TLS_KEY": "/key.pem",
                "TALCHUM_PROT": "8080",
                "TALCHUM_TURN_SECRET": "short",
            }
        )
    for name in ("REDIS_URL", "PORT", "TURN_URLS", "TLS_CERTIFICATE", "PROT", "TURN_SECRET"):
        assert f"TALCHUM_{name}" in refused.value.message
    assert "\n" not in refused.value.message


def test_secrets_are_not_repeated_in_errors() -> None:
    environment = {"TALCHUM_REDIS_URL": "http://me:a-password@x", "TALCHUM_TURN_SECRET": "too-short-one"}
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environment)
    assert "a-password" not in refused.value.message
    assert "too-short-one" not in refused.value.message


def test_empty_value_is_no_value() -> None:
    assert Settings.from_environment({**STORE, "TALCHUM_PORT": "", "TALCHUM_HOST": " "}).port == 8080


def test_lists_are_separated_by_commas() -> None:
    settings = Settings.from_environment(
        {
            **STORE,
            "TALCHUM_TURN_URLS": "stun:a:3478, turns:b:443?transport=tcp ,",
            "TALCHUM_ALLOWED_ORIGINS": "https://one.example/,https://two.example:8443",
            "TALCHUM_DATA": "/var/lib/talchum",
        }
    )
    assert settings.turn_urls == ("stun:a:3478", "turns:b:443?transport=tcp")
    assert settings.allowed_origins == ("https://one.example", "https://two.example:8443")
    assert settings.data == Path("/var/lib/talchum")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"TALCHUM_HOST": "0.0.0.0", "TALCHUM_PORT": "9000"}, "ws://127.0.0.1:9000/ws"),
        ({"TALCHUM_HOST": "::1"}, "ws://[::1]:8080/ws"),
        ({"TALCHUM_INTERNAL_PORT": "9001"}, "ws://127.0.0.1:9001/ws"),
        ({"TALCHUM_SERVER_URL": "wss://calls.example.org/ws"}, "wss://calls.example.org/ws"),
        ({"TALCHUM_TLS_CERTIFICATE": "c", "TALCHUM_TLS_KEY": "k"}, "wss://127.0.0.1:8080/ws"),
    ],
)
def test_workers_are_told_where_a_call_server_is(environment: dict[str, str], url: str) -> None:
    assert Settings.from_environment({**STORE, **environment}).worker_url() == url


def test_an_inference_provider_is_one_of_a_list() -> None:
    assert Settings.from_environment(STORE).inference_provider == "cpu"
    chosen = Settings.from_environment({**STORE, "TALCHUM_INFERENCE_PROVIDER": "tensorrt"})
    assert chosen.inference_provider == "tensorrt"
    with pytest.raises(SettingsError, match="expected one of cpu, cuda, tensorrt, coreml, directml"):
        Settings.from_environment({**STORE, "TALCHUM_INFERENCE_PROVIDER": "rocm"})


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"TALCHUM_OIDC_ISSUER": "https://id.example"}, "expected all or none"),
        ({"TALCHUM_OIDC_CLIENT_SECRET": "secret"}, "expected all or none"),
        ({"TALCHUM_OIDC_ISSUER": "http://id.example"}, "expected a URL that begins with https://"),
        ({"TALCHUM_REGISTRATION": "everybody"}, "expected one of invited, open"),
        ({"TALCHUM_TRUSTED_PROXIES": "10.0.0.1/16"}, "expected an address or a network"),
    ],
)
def test_ways_to_sign_in_that_cannot_be_are_refused(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"TALCHUM_REDIS_URL": "redis://localhost", **environment})
    assert problem in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_openid_provider_keeps_the_slash_it_calls_itself_by() -> None:
    environment = {"TALCHUM_OIDC_ISSUER": "https://id.example/", "TALCHUM_OIDC_CLIENT_ID": "talchum"}
    environment |= {"TALCHUM_OIDC_CLIENT_SECRET": "x", "TALCHUM_REDIS_URL": "redis://localhost"}
    assert Settings.from_environment(environment).oidc_issuer == "https://id.example/"


def test_an_address_is_a_host_and_a_port() -> None:
    settings = Settings.from_environment({**STORE, "TALCHUM_METRICS_ADDRESS": "[::1]:9100"})
    assert settings.metrics_address == ("::1", 9100)
    for wrong in ("9100", "host", "host:", "host:99999", "me@host:9100", "host:9100/metrics"):
        with pytest.raises(SettingsError, match="METRICS_ADDRESS"):
            Settings.from_environment({**STORE, "TALCHUM_METRICS_ADDRESS": wrong})
