"""`talchum audit` over a log that somebody may have been at."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from talchum.adapters.audit_log import LOG, AuditLog
from talchum.adapters.database import open_database
from talchum.adapters.signing import Signer
from talchum.apps.cli import main
from talchum.apps.receipts import make_receipt
from talchum.domain.audit import AuditEvent
from tests.domain.audit_chains import CALL, CONSENT, ROOM, TAG

NOW = int(time.time() * 1000)
LONG_AGO = NOW - 40 * 24 * 3600 * 1000


@pytest.fixture(autouse=True)
def _no_other_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TALCHUM_DATA", str(tmp_path))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    log = AuditLog(open_database(f"sqlite:///{tmp_path / 'talchum.db'}"))
    log.append([(LONG_AGO, event) for event in CALL])
    log.append([(NOW, event) for event in CALL[:4]])
    yield log
    log.engine.dispose()


@pytest.fixture
def receipt(log: AuditLog, tmp_path: Path) -> Path:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(make_receipt(log, Signer.of("", tmp_path), ROOM)))
    return path


def audit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def finding(*arguments: str | Path) -> dict[str, Any]:
    result = audit("verify", "--json", *arguments)
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if found["whole"] else 1)
    return found


def export(path: Path) -> list[str]:
    """Write the log to a file; its lines."""
    path.write_text(audit("export").stdout)
    return path.read_text().splitlines(keepends=True)


def test_a_whole_log_is_whole_in_the_database_and_exported(
    log: AuditLog, receipt: Path, tmp_path: Path
) -> None:
    lines = export(tmp_path / "log.jsonl")
    assert len(lines) == 13
    for place in ((), (tmp_path / "log.jsonl",)):
        found = finding(*place, "--checkpoint", receipt)
        assert found == {
            "whole": True,
            "first": 1,
            "last": 13,
            "hash": json.loads(lines[-1])["hash"],
            "lost": 0,
            "checkpoints": 1,
        }


def test_without_a_checkpoint_it_says_what_it_cannot_know(log: AuditLog, receipt: Path) -> None:
    assert "nobody can tell whether its end was cut off" in audit("verify").stdout
    assert "nobody can tell" not in audit("verify", "--checkpoint", receipt).stdout


def test_an_altered_export_is_found_with_its_line(log: AuditLog, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = export(path)
    path.write_text("".join([*lines[:3], lines[3].replace(CONSENT, "consent-2"), *lines[4:]]))
    assert finding(path)["code"] == "audit_entry_altered"
    path.write_text("".join([*lines[:3], lines[3].replace(TAG, "Kim Minji"), *lines[4:]]))
    found = finding(path)
    assert (found["code"], found["message"]) == (
        "audit_entry_malformed",
        "line 4: entry 4 holds what no entry may hold",
    )


def test_lines_that_are_gone_or_elsewhere_are_found(log: AuditLog, receipt: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = export(path)
    path.write_text("".join(lines[:5] + lines[6:]))
    assert finding(path)["code"] == "audit_entry_missing"
    path.write_text("".join([*lines[:5], lines[6], lines[5], *lines[7:]]))
    assert finding(path)["code"] == "audit_entry_missing"
    path.write_text("".join(lines[:12]) + lines[12][:40])
    assert finding(path)["code"] == "audit_entry_malformed"
    path.write_text("".join(lines[:12]))
    assert finding(path)["whole"], "the end that is gone shows only against a checkpoint"
    assert finding(path, "--checkpoint", receipt)["code"] == "audit_cut_off"


def test_a_database_that_somebody_was_at_is_found(log: AuditLog, receipt: Path) -> None:
    with log.engine.begin() as connection:
        connection.execute(update(LOG).where(LOG.c.seq == 2).values(time=1))
    assert (
        "not whole: entry 2 was altered after it was written (audit_entry_altered)" in audit("verify").stdout
    )


def test_a_log_written_anew_is_found_against_a_receipt(log: AuditLog, receipt: Path) -> None:
    with log.engine.begin() as connection:
        connection.execute(delete(LOG))
    log.append([(NOW, AuditEvent("gap", {"lost": 1}))] * 13)
    assert finding()["whole"]
    assert finding("--checkpoint", receipt)["code"] == "audit_chain_replaced"


def test_a_receipt_of_another_key_counts_for_nothing(log: AuditLog, receipt: Path, tmp_path: Path) -> None:
    own, other = tmp_path / "own.json", tmp_path / "other.json"
    own.write_text(json.dumps(Signer.of("", tmp_path).jwks))
    other.write_text(json.dumps(Signer.of("", tmp_path / "elsewhere").jwks))
    assert finding("--checkpoint", receipt, "--keys", str(own))["whole"]
    refused = audit("verify", "--checkpoint", receipt, "--keys", other)
    assert refused.exit_code == 1
    assert "(key_unknown)" in refused.stderr
    forged = tmp_path / "forged.json"
    claims = {"seq": 1, "hash": "0" * 64, "time": 1, "room": "", "tags": []}
    forged.write_text(Signer.of("", tmp_path).sign(claims, "talchum-disclosure+jwt"))
    assert "(statement_invalid)" in audit("verify", "--checkpoint", forged).stderr


def test_keys_are_fetched_from_where_an_installation_publishes_them(
    log: AuditLog, receipt: Path, tmp_path: Path
) -> None:
    keys = json.dumps(Signer.of("", tmp_path).jwks).encode()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert finding("--checkpoint", receipt, "--keys", url)["whole"]
        server.shutdown()
    assert asked == ["/.well-known/talchum.json"]
    assert "(keys_unreadable)" in audit("verify", "--checkpoint", receipt, "--keys", url).stderr


def test_a_checkpoint_can_be_had_at_any_time(log: AuditLog, tmp_path: Path) -> None:
    path = tmp_path / "now.jws"
    path.write_text(audit("checkpoint").stdout)
    log.append([(NOW, CALL[0])])
    assert finding("--checkpoint", path)["checkpoints"] == 1


def test_a_leg_is_found_by_its_tag(log: AuditLog) -> None:
    log.append([(NOW + 5, AuditEvent("revoked", {"consent": CONSENT}))])
    found = json.loads(audit("find", TAG.lower(), "--json").stdout)
    assert found["tag"] == TAG
    assert found["ended"] is None, "the later of two with this tag"
    assert [(one["kind"], one["identity"], one["consent"]) for one in found["worn"]] == [
        ("self", None, CONSENT)
    ]
    assert found["revoked"] is not None
    told = audit("find", TAG).stdout
    assert "wore self by consent consent-1 (neural)" in told
    assert "its consent was revoked" in told


def test_a_tag_that_is_not_noted_or_none_is_said_to_be(log: AuditLog) -> None:
    nothing = audit("find", "00000000", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (1, None)
    assert "no face leg" in audit("find", "00000000").stdout
    assert "(frame_invalid)" in audit("find", "Kim Minji").stderr


def test_old_entries_move_to_a_file_and_the_rest_stays_verifiable(log: AuditLog, tmp_path: Path) -> None:
    old, checkpoint = tmp_path / "old.jsonl", tmp_path / "old.jsonl.checkpoint"
    assert "entries 1 to 9 are in" in audit("prune", "--older-than", "30", old).stdout
    assert finding(old, "--checkpoint", checkpoint)["last"] == 9
    assert finding()["code"] == "audit_beginning_missing"
    assert finding("--checkpoint", checkpoint)["first"] == 10
    both = tmp_path / "both.jsonl"
    both.write_text(old.read_text() + audit("export").stdout)
    assert finding(both)["last"] == 14, "what was noted of it is the last entry"


def test_nothing_is_deleted_when_there_is_nothing_old_or_no_place_for_it(
    log: AuditLog, tmp_path: Path
) -> None:
    path = tmp_path / "old.jsonl"
    assert "nothing is that old" in audit("prune", "--older-than", "300", path).stdout
    assert not path.exists()
    path.write_text("mine")
    assert "(audit_file_exists)" in audit("prune", "--older-than", "30", path).stderr
    assert path.read_text() == "mine"
    assert finding()["last"] == 13


def test_what_is_not_whole_is_not_deleted(log: AuditLog, tmp_path: Path) -> None:
    with log.engine.begin() as connection:
        connection.execute(delete(LOG).where(LOG.c.seq == 4))
    path = tmp_path / "old.jsonl"
    assert "(audit_entry_missing)" in audit("prune", "--older-than", "30", path).stderr
    assert not path.exists()
    assert len(list(log.entries())) == 12


def test_no_command_makes_a_database(tmp_path: Path) -> None:
    for command in (("verify",), ("export",), ("find", TAG)):
        assert "(database_unavailable)" in audit(*command).stderr
    assert not (tmp_path / "talchum.db").exists()


def test_a_long_line_is_no_entry(log: AuditLog, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(io.StringIO("x" * 100_000).getvalue())
    assert finding(path)["code"] == "audit_entry_malformed"
