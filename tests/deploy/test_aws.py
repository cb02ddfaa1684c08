"""`deploy/aws/talchum.yaml`, read by CloudFormation's linter; it was never deployed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from talchum.adapters.coturn import coturn_configuration
from talchum.adapters.turn_credentials import TurnCredentials
from talchum.apps.settings import NAMES
from tests.deploy.containers import ROOT

TEMPLATE = ROOT / "deploy" / "aws" / "talchum.yaml"


def test_the_linter_finds_nothing() -> None:
    program = Path(sys.executable).with_name("cfn-lint")
    checked = subprocess.run([str(program), str(TEMPLATE)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_what_instances_are_told_are_settings() -> None:
    told = set(re.findall(r"export (TALCHUM_[A-Z_]+)=", TEMPLATE.read_text()))
    assert {"TALCHUM_REDIS_URL", "TALCHUM_TRUSTED_PROXIES", "TALCHUM_TURN_URLS"} <= told
    assert told <= set(NAMES)


def test_what_coturns_are_called_by_are_addresses_of_turn_servers() -> None:
    lists = re.findall(r"TURN_[AB]='([^']+)'", TEMPLATE.read_text())
    assert lists
    for listed in lists:
        urls = NAMES["TALCHUM_TURN_URLS"][1](re.sub(r"\$\{\w+\}", "192.0.2.1", listed))
        assert isinstance(urls, tuple)
        assert TurnCredentials(urls, "secret").has_turn


def test_the_ports_that_coturn_relays_on_are_open() -> None:
    lines = coturn_configuration(Path("/"), port=3478, addresses=["192.0.2.1"], secret="s").splitlines()
    ports = dict(line.split("=") for line in lines if line.startswith(("min-port", "max-port")))
    assert f"FromPort: {ports['min-port']}, ToPort: {ports['max-port']}" in TEMPLATE.read_text()


def test_every_instance_asks_for_tokens_of_its_metadata() -> None:
    text = TEMPLATE.read_text()
    assert text.count("HttpTokens: required") == text.count("Type: AWS::EC2::LaunchTemplate") > 0


def test_scripts_of_instances_are_shell() -> None:
    text = TEMPLATE.read_text()
    for name in ("ProcessStart", "TurnStart"):
        body = text.split(f"  {name}:\n")[1].split("Value: !Sub |\n")[1]
        script = re.split(r"^  \w", body, maxsplit=1, flags=re.MULTILINE)[0]
        script = re.sub(r"^ {8}", "", re.sub(r"\$\{[\w.:]+\}", "x", script), flags=re.MULTILINE)
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
