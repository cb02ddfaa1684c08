"""`talchum audit`, the group; what its commands do is in `audit_command`, imported when one runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.group()
def audit() -> None:
    """The audit log: what was worn, told and acknowledged in calls."""


_DATA = click.option(
    "--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`."
)


@audit.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Receipt of a call, or signed checkpoint, that must be in the log; may be repeated.",
)
@click.option("--keys", help="URL or file of the keys that signed it; this installation's unless given.")
@_DATA
@click.option("--json", "as_json", is_flag=True, help="Print the finding as JSON.")
def verify(
    file: Path | None, checkpoints: tuple[Path, ...], keys: str | None, data: Path | None, as_json: bool
) -> None:
    """Say whether the log, or an exported FILE, is whole; else the first wrong entry and why."""
    from talchum.apps.audit_command import run_verify
    from talchum.apps.installed_identities import settings_of_commands

    settings = settings_of_commands(os.environ, data)
    sys.exit(run_verify(settings, file, checkpoints=checkpoints, keys=keys, as_json=as_json, out=sys.stdout))


@audit.command()
@_DATA
def export(data: Path | None) -> None:
    """Print all entries as JSON Lines."""
    from talchum.apps.audit_command import run_export
    from talchum.apps.installed_identities import settings_of_commands

    sys.exit(run_export(settings_of_commands(os.environ, data), sys.stdout))


@audit.command()
@_DATA
def checkpoint(data: Path | None) -> None:
    """Print a signed checkpoint of the log as it is now, to be kept elsewhere."""
    from talchum.apps.audit_command import run_checkpoint
    from talchum.apps.installed_identities import settings_of_commands

    sys.exit(run_checkpoint(settings_of_commands(os.environ, data), sys.stdout))


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--older-than", "days", required=True, type=click.IntRange(1), help="Days.")
@_DATA
def prune(file: Path, days: int, data: Path | None) -> None:
    """Move old entries into a new FILE, and a checkpoint that stands for them into FILE.checkpoint."""
    from talchum.apps.audit_command import run_prune
    from talchum.apps.installed_identities import settings_of_commands

    sys.exit(run_prune(settings_of_commands(os.environ, data), file, days=days, out=sys.stdout))


@audit.command()
@click.argument("tag")
@_DATA
@click.option("--json", "as_json", is_flag=True, help="Print what is noted as JSON.")
def find(tag: str, data: Path | None, as_json: bool) -> None:
    """Say what is noted of the face leg with this TAG, as read from a badge or a disclosure."""
    from talchum.apps.audit_command import run_find
    from talchum.apps.installed_identities import settings_of_commands

    sys.exit(run_find(settings_of_commands(os.environ, data), tag, as_json=as_json, out=sys.stdout))
