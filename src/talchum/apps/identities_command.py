"""`talchum identities`: which faces can be worn, and where they come from."""

from __future__ import annotations

import json
from typing import TextIO

from rich.console import Console
from rich.table import Table

from talchum.adapters.identity_library import Identities
from talchum.domain.identity import Identity


def run(identities: Identities, *, as_json: bool, out: TextIO) -> int:
    """Write the identities there are to out, as a table or as JSON; returns the exit status."""
    installed = identities.list()
    if as_json:
        out.write(json.dumps([summary(identity) for identity in installed]) + "\n")
        return 0
    table = Table("name", "title", "kind", "engines", "licence", "made by")
    for one in installed:
        title = f"{one.title['en']} ({one.title['ko']})"
        made_by = str(one.provenance["generator"])
        table.add_row(one.name, title, one.kind, ", ".join(one.engines), one.licence, made_by)
    Console(file=out).print(table)
    return 0


def summary(identity: Identity) -> dict[str, object]:
    """What automation relies on: name, kind and engines."""
    return {"name": identity.name, "kind": identity.kind, "engines": list(identity.engines)}
