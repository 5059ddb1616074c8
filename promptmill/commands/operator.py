"""Who runs a command: the system's user, as the audit log names it."""

from __future__ import annotations

import os
import pwd

from promptmill.contracts.access import By


def operator() -> By:
    """Return the user of this process: not what the environment says, which anybody can set."""
    uid = os.getuid()
    try:
        return By(f"cli:{pwd.getpwuid(uid).pw_name}")
    except KeyError:  # a user without a name, as in containers
        return By(f"cli:uid-{uid}")
