"""Pages that must say everything there is."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.inspect import StructType, multi_type_info

from talchum.apps.settings import NAMES
from talchum.domain.metrics import LABELS, METRICS
from talchum.protocol.messages import ClientMessage, ServerMessage

DOCS = Path(__file__).parent.parent / "docs"


def headings(page: str, chapter: str) -> list[str]:
    """The words set as code in third-level headings of one chapter."""
    text = (DOCS / page).read_text()
    inside = text.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    return re.findall(r"^### `(.+)`$", inside, re.MULTILINE)


def tags(union: object) -> set[str]:
    (info,) = multi_type_info([union])
    return {str(member.tag) for member in getattr(info, "types", ()) if isinstance(member, StructType)}


def test_every_message_has_a_heading() -> None:
    for chapter, union in (
        ("From client to server", ClientMessage),
        ("From server to client", ServerMessage),
    ):
        found = headings("signalling.md", chapter)
        assert len(found) == len(set(found))
        assert set(found) == tags(union)


def test_every_field_of_a_message_is_named_beside_it() -> None:
    text = (DOCS / "signalling.md").read_text()
    (info,) = multi_type_info([ServerMessage])
    for member in getattr(info, "types", ()):
        for field in member.fields:
            assert field.encode_name in text


def test_every_setting_has_a_heading() -> None:
    assert headings("operate.md", "Settings") == list(NAMES)


def test_every_metric_is_in_the_table_with_its_labels() -> None:
    chapter = (DOCS / "operate.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)`(?: by ([`a-z, ]+))? \| (\w+) \| (\w+) \|", chapter, re.MULTILINE)
    told = [(name, tuple(re.findall("[a-z]+", labels)), kind, unit) for name, labels, kind, unit in rows]
    assert told == [(metric.name, metric.labels, metric.kind, metric.unit) for metric in METRICS]
    values = dict(re.findall(r"^- `([a-z]+)`: (.+)$", chapter, re.MULTILINE))
    assert {label: tuple(re.findall("`([^`]+)`", text)) for label, text in values.items()} == LABELS


def test_every_code_a_client_may_meet_is_named() -> None:
    source = Path(__file__).parent.parent / "src" / "talchum"
    modules = [*(source / "protocol").glob("*.py"), source / "apps" / "signalling.py"]
    modules += [source / "adapters" / "redis_rooms.py"]
    ours = {"room", "membership", "visibility", "face_legs", "signalling_relay", "session_description"}
    ours |= {"admission", "messages", "signalling", "redis_rooms"}
    text = (DOCS / "signalling.md").read_text()
    for module in modules:
        if module.stem in ours:
            for code in re.findall(r'code="([a-z_]+)"', module.read_text()):
                assert code in text, f"{code} of {module.name} is not in signalling.md"
