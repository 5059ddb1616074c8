"""The user that Postgres runs as: ourselves, or, for root, whom Postgres refuses, a system user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from promptmill.local.errors import LocalStackError

SYSTEM_USERS = ("pgserver", "postgres")
"""The first that exists is taken; where none does, the first is made."""


@dataclass(frozen=True)
class SystemUser:
    """Another user than ourselves."""

    uid: int
    gid: int


def postgres_user(data: Path) -> SystemUser | None:
    """Return who shall run Postgres on this data folder; None when we ourselves may.

    Raises:
        LocalStackError: We are root and no system user can be had.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        found = data.stat()
        return SystemUser(found.st_uid, found.st_gid)
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_uid, entry.pw_gid)
    return _make_user(SYSTEM_USERS[0])


def require_open_way(*folders: Path) -> None:
    """Check that another user can reach the folders. Never opens one: their rights are not ours to change.

    Raises:
        LocalStackError: A folder on the way is closed to others; the message says which.
    """
    for folder in folders:
        for step in (folder, *folder.parents):
            if step.exists() and not step.stat().st_mode & stat.S_IXOTH:
                raise LocalStackError(
                    f"As root, Postgres runs as another user, and {step} is closed to others: start as a normal user, "
                    f"move to a folder that is open (chmod o+x), or set DATABASE_URL to a Postgres of your own."
                )


def _make_user(name: str) -> SystemUser:
    """Make a system user without a home and without a shell to log in with."""
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is not None:
        command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603  # fixed words
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise LocalStackError(
            f"Postgres refuses to run as root and no system user '{name}' could be made: start as a normal user, "
            "or set DATABASE_URL to a Postgres of your own."
        ) from None
    return SystemUser(entry.pw_uid, entry.pw_gid)
