"""`talchum worker-access`: a Redis user for a face worker that stands elsewhere."""

from __future__ import annotations

import secrets
import shlex
from typing import TextIO

from talchum.adapters.store_access import apply_rules, worker_rules, worker_url, worker_user
from talchum.apps.settings import Settings
from talchum.domain.placement import CPU_LEGS, GPU_LEGS


def run(settings: Settings, name: str, *, gpu: bool, apply: bool, out: TextIO) -> int:
    """Print the user's ACL rule and the worker's URL, and make the user if wished; the exit status.

    Raises SettingsError, StoreError.
    """
    user, password = worker_user(name), secrets.token_urlsafe(24)
    rules = worker_rules(user, password, GPU_LEGS if gpu else CPU_LEGS)
    url = worker_url(settings.redis_url, user, password)
    if apply:
        apply_rules(settings.redis_url, user, rules)
    out.write(f"ACL SETUSER {user} {' '.join(shlex.quote(rule) for rule in rules)}\n")
    out.write(f"TALCHUM_REDIS_URL={url}\n")
    return 0
