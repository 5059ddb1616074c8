"""The wheel's Postgres, run by its programs alone."""

from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptmill.local.errors import LocalStackError
from promptmill.local.postgres import PostgresServer, programs_by_version, start_postgres, stop_postgres
from promptmill.local.processes import Child, find_process, start_child
from promptmill.local.system_user import postgres_user, require_reachable
from tests.fixtures.session import Session
from tests.local_servers import open_postgres
from tests.support import eventually_sync


@pytest.fixture
def place(session: Session, request: pytest.FixtureRequest) -> Path:
    """A folder that Postgres can access even when the tests run as root."""
    folder = session.folder / f"place-{abs(hash(request.node.name)) % 10**8}"
    folder.mkdir(mode=0o711)
    return folder


def ask(server: PostgresServer, query: str) -> str:
    return server.psql("postgres", "-At", "-c", query).strip()


def parents(folder: Path) -> list[int]:
    return [each.stat().st_mode for each in folder.parents]


@pytest.fixture
def killed(session: Session, place: Path) -> Iterator[PostgresServer]:
    """A Postgres that has outlived its starter: nobody stops it."""
    server = start_postgres(place / "pg", log=place / "log", version=None, options={})
    session.guard(server.child)
    yield server
    stop_postgres(server.child)


def test_it_starts_again_with_its_data(place: Path) -> None:
    for expected in ("1", "2"):
        with open_postgres(place / "pg", log=place / "log") as server:
            ask(server, "CREATE TABLE IF NOT EXISTS kept (n int)")
            ask(server, "INSERT INTO kept VALUES (1)")
            assert ask(server, "SELECT count(*) FROM kept") == expected
        assert find_process(server.child.mark) is None


def test_it_listens_on_a_socket_in_its_own_closed_folder_alone(place: Path) -> None:
    with open_postgres(place / "pg", log=place / "log") as server:
        assert ask(server, "SHOW listen_addresses") == ""
        assert server.sockets == place / "pg"
        assert stat.S_IMODE((place / "pg").stat().st_mode) == 0o700


def test_rights_of_parent_folders_stay(place: Path) -> None:
    before = parents(place / "pg")

    with open_postgres(place / "pg", log=place / "log"):
        assert parents(place / "pg") == before


def test_leftover_is_stopped_before_the_next_start(killed: PostgresServer, place: Path) -> None:
    ask(killed, "CREATE TABLE kept (n int)")

    with open_postgres(place / "pg", log=place / "log") as server:
        assert find_process(killed.child.mark) is None
        assert ask(server, "SELECT count(*) FROM kept") == "0"


def test_it_recovers_from_kill_9(killed: PostgresServer, place: Path) -> None:
    ask(killed, "CREATE TABLE kept (n int)")
    killed.child.process.send_signal(signal.SIGKILL)
    killed.child.process.wait(60)
    # Its child processes notice a moment later, and it refuses to start while they are alive.
    eventually_sync(lambda: "postgres" not in running_on(place / "pg"), 10)

    with open_postgres(place / "pg", log=place / "log") as server:
        assert ask(server, "SELECT count(*) FROM kept") == "0"


def running_on(data: Path) -> str:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == data:
                found.append((entry / "comm").read_text().strip())
        except OSError:
            continue
    return " ".join(found)


@pytest.fixture
def other_program(session: Session, place: Path) -> Iterator[Child]:
    """Another program of the user that Postgres runs as."""
    user = postgres_user(place / "pg")
    child = start_child(
        "other",
        ["/bin/sleep", "60"],
        log=place / "other.log",
        environment={},
        user=user.uid if user else None,
        group=user.gid if user else None,
    )
    yield session.guard(child)
    child.kill()


def test_pid_file_that_names_another_program_is_not_believed(place: Path, other_program: Child) -> None:
    """In a container pids start over, and the old one soon belongs to another process."""
    with open_postgres(place / "pg", log=place / "log"):
        text = (place / "pg" / "postmaster.pid").read_text()
    first, rest = text.split("\n", 1)
    assert first.isdecimal()
    (place / "pg" / "postmaster.pid").write_text(f"{other_program.process.pid}\n{rest}")

    with open_postgres(place / "pg", log=place / "log") as server:
        assert ask(server, "SELECT 1") == "1"
    assert other_program.process.poll() is None


def test_path_too_long_for_a_socket_gets_a_private_short_one(place: Path) -> None:
    data = place / ("long-" * 20)

    with open_postgres(data, log=place / "log") as server:
        assert len(str(server.sockets)) < 60
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        assert ask(server, "SELECT 1") == "1"
    server.sockets.rmdir()


def test_data_of_another_major_version_is_told_and_left_alone(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "PG_VERSION").write_text("19\n")

    with pytest.raises(LocalStackError, match=r"created by Postgres 19, but the installed wheel has 16 and 18"):
        start_postgres(place / "pg", log=place / "log", version=None, options={})
    assert [path.name for path in (place / "pg").iterdir()] == ["PG_VERSION"]


def test_data_keeps_its_version(place: Path) -> None:
    oldest = min(programs_by_version())
    for version in (oldest, None):
        with open_postgres(place / "pg", log=place / "log", version=version) as server:
            assert ask(server, "SHOW server_version").startswith(f"{oldest}.")


def test_folder_with_something_else_in_it_is_left_alone(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "mine.txt").write_text("")

    with pytest.raises(LocalStackError, match="is not a Postgres data folder"):
        start_postgres(place / "pg", log=place / "log", version=None, options={})


def test_closed_parent_is_named_and_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    (closed / "inner").mkdir()

    with pytest.raises(LocalStackError, match=rf"{closed} is closed to others"):
        require_reachable(closed / "inner")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_psql_says_what_postgres_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(LocalStackError, match="division by zero"):
        ask(postgres_server, "SELECT 1/0")
