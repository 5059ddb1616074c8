"""The user that Postgres runs as: the current one, or an unprivileged system user if that is root."""

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
"""The first that exists is used; if none does, the first is created."""


@dataclass(frozen=True)
class SystemUser:
    """A user other than the current one."""

    uid: int
    gid: int


def postgres_user(data: Path) -> SystemUser | None:
    """Return the user that must run Postgres on this data folder; None for the current one.

    Raises:
        LocalStackError: The current user is root and there is no system user.
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


def require_reachable(*folders: Path) -> None:
    """Check that another user can reach the folders. Never changes their permissions.

    Raises:
        LocalStackError: A folder on the way is closed to others; the message says which.
    """
    for folder in folders:
        for step in (folder, *folder.parents):
            if step.exists() and not step.stat().st_mode & stat.S_IXOTH:
                raise LocalStackError(
                    f"As root, Postgres runs as another user, and {step} is closed to others: start as a normal user, "
                    f"move to a folder that is open (chmod o+x), or set DATABASE_URL to your own Postgres."
                )


def _make_user(name: str) -> SystemUser:
    """Create a system user without a home directory or login shell."""
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is not None:
        command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603  # fixed words
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise LocalStackError(
            f"Postgres refuses to run as root and system user '{name}' could not be created: start as a normal user, "
            "or set DATABASE_URL to your own Postgres."
        ) from None
    return SystemUser(entry.pw_uid, entry.pw_gid)
