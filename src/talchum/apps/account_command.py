"""`talchum account`: the operator lets people in, from the machine itself."""

from __future__ import annotations

import time
from typing import TextIO

from talchum.adapters.accounts import Accounts
from talchum.apps.known_identities import open_library
from talchum.apps.settings import Settings

INVITATION_SECONDS = 600


def run_invite(settings: Settings, account: str | None, *, out: TextIO) -> int:
    """Print an invitation; the exit status. Raises AccountError (`account_unknown`), DatabaseError."""
    accounts = Accounts(open_library(settings).learned.engine)
    if account is not None:
        accounts.get(account)
    out.write(accounts.invite(INVITATION_SECONDS, time.time(), account=account) + "\n")
    return 0
