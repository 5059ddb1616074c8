"""`make drills`: a mistake in the record is undone by restoring it to the second before, and nothing is paid again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from activities.persistence import insist
from promptmill.commands.restore_check import check_restore
from promptmill.contracts.names import reconcile_schedule_id
from promptmill.local.postgres import PostgresServer, programs_by_version
from promptmill.local.processes import start_child
from promptmill.local.readiness import wait_ready
from promptmill.local.system_user import postgres_user
from promptmill.store.migrations import migrate
from promptmill.temporal.installation import initialize
from promptmill.temporal.restore_guard import guard_restore
from tests.fixtures.mill import Mill
from tests.fixtures.session import ROOT, Session
from tests.local_servers import open_postgres
from tests.programs import require_program
from tests.support import eventually, eventually_sync

SAMPLES = ROOT / "deploy" / "backup"
BASE = ("--wal-method=fetch", "--checkpoint=fast")
DEBIAN = Path("/usr/lib/postgresql/15/bin")
"""The newest Postgres that Debian 12's pgBackRest knows. The record needs a newer one."""


@dataclass
class ArchivingPostgres:
    """A Postgres of our own that archives its log, and can be set back to a moment."""

    session: Session
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, name: str, *arguments: str) -> None:
        """Run one of its programs as its user."""
        user = postgres_user(self.folder)
        subprocess.run(
            [str(max(programs_by_version().items())[1] / name), *arguments],
            check=True,
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )

    @contextmanager
    def server(self) -> Iterator[PostgresServer]:
        options = {
            "wal_level": "replica",
            "archive_mode": "on",
            "archive_command": f"test ! -f {self.folder}/archive/%f && cp %p {self.folder}/archive/%f",
        }
        with open_postgres(self.data, log=self.session.folder / "archiving.log", options=options) as server:
            self.session.guard(server.child)
            yield server

    def set_back(self, moment: str) -> None:
        """Put the base backup in the place of the data, to be recovered up to a moment."""
        self.data.rename(self.folder / "broken")
        (self.folder / "base").rename(self.data)
        (self.data / "recovery.signal").touch()
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(f"restore_command = 'cp {self.folder}/archive/%f %p'\n")
            file.write(f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")


@pytest.fixture
def archiving(session: Session) -> ArchivingPostgres:
    folder = session.folder / "archiving"
    (folder / "archive").mkdir(parents=True)
    if user := postgres_user(folder / "data"):
        for each in (folder, folder / "archive"):
            os.chown(each, user.uid, user.gid)
    return ArchivingPostgres(session, folder)


@pytest.fixture
def servers(archiving: ArchivingPostgres) -> Iterator[ExitStack]:
    """Holds the server of the moment."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
async def database_url(archiving: ArchivingPostgres, servers: ExitStack) -> str:
    """The record's database, on that server."""
    url = servers.enter_context(archiving.server()).ensure_database("promptmill")
    await migrate(url)
    return url


async def test_a_mistake_is_undone_to_the_second_before_and_nothing_is_paid_again(
    idle_mill: Mill, archiving: ArchivingPostgres, servers: ExitStack, database_url: str
) -> None:
    mill = idle_mill
    sockets = str(archiving.data)
    await initialize(mill.settings, mill.store, mill.client)
    await mill.client.get_schedule_handle(reconcile_schedule_id(mill.settings.task_queue)).pause()

    async def guarded() -> str | None:
        return await insist(lambda: guard_restore(mill.store, mill.client, mill.settings.task_queue))

    async with mill.worker():
        before = await mill.create()
        await mill.reaches(before, "completed")
        archiving.run("pg_basebackup", "-h", sockets, "-U", "postgres", "-D", str(archiving.folder / "base"), *BASE)
        since = await mill.create()
        await mill.reaches(since, "completed")

    async with connected(database_url) as hand:
        moment = await hand.fetchval("SELECT clock_timestamp()::text")
        await hand.execute("DELETE FROM jobs")  # the mistake
    async with mill.worker():
        afterwards = await mill.create()
        await mill.reaches(afterwards, "completed")
    assert await guarded() is None
    paid = {charge["id"] for charge in await mill.wavespeed.charges()}
    assert len(paid) == 3

    async with connected(database_url) as hand:
        segment = await hand.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
    await eventually((archiving.folder / "archive" / segment).exists, what="the log is archived")
    servers.close()
    archiving.set_back(moment)
    servers.enter_context(archiving.server())
    await eventually(lambda: promoted(database_url), what="the end of the recovery")

    assert "older backup" in (await guarded() or "")
    async with connected(database_url) as hand:
        assert {row["id"] for row in await hand.fetch("SELECT id FROM jobs")} == {before, since}
    async with mill.worker():
        waiting = await mill.create()
        report = await check_restore(mill.settings, release=False, say=print)
        assert report.released, report
        assert report.rows_restored == [afterwards]
        for job_id in (before, since, afterwards, waiting):
            await mill.reaches(job_id, "completed")
        await mill.reconcile()

    charges = [charge["id"] for charge in await mill.wavespeed.charges()]
    assert len(charges) == len(set(charges)) == 4, "one for each job, and none twice"
    billed = await mill.store.jobs.billed([before, since, afterwards, waiting])
    assert set(billed.values()) == {"yes"}


def test_the_samples_of_pgbackrest_restore_to_the_second_before(session: Session) -> None:
    """With the commands of docs/operations.md, on Debian's own Postgres; a table stands for the record."""
    require_program("pgbackrest", "pgbackrest")
    if not (DEBIAN / "postgres").exists():
        pytest.skip("install the package postgresql-15")
    debian = DebianPostgres(session.folder / "debian")
    debian.make()
    with debian.server(session):
        debian.pgbackrest("stanza-create")
        debian.pgbackrest("check")
        debian.psql("CREATE TABLE jobs AS SELECT 1 AS paid")
        debian.pgbackrest("--type=full", "backup")
        debian.psql("INSERT INTO jobs VALUES (2)")
        moment = debian.psql("SELECT clock_timestamp()")
        debian.psql("DELETE FROM jobs")
        debian.psql("SELECT pg_switch_wal()")

    debian.pgbackrest("--type=time", f"--target={moment}", "--target-action=promote", "restore")

    with debian.server(session):
        eventually_sync(lambda: debian.psql("SELECT pg_is_in_recovery()") == "f", what="the end of the recovery")
        assert debian.psql("SELECT sum(paid) FROM jobs") == "3"
        assert "aes-256-cbc" in debian.pgbackrest("info")


@dataclass(frozen=True)
class DebianPostgres:
    """Debian's Postgres with our samples, on paths of its own."""

    folder: Path

    def make(self) -> None:
        self.folder.mkdir()
        for name in ("repository", "log", "lock", "spool"):
            (self.folder / name).mkdir()
        text = (SAMPLES / "pgbackrest.conf").read_text()
        for sample, here in {
            "/var/lib/pgbackrest": "repository",
            "/var/log/pgbackrest": "log",
            "/tmp/pgbackrest": "lock",
            "/var/spool/pgbackrest": "spool",
            "/var/lib/postgresql/17/main": "data",
        }.items():
            assert sample in text
            text = text.replace(sample, str(self.folder / here))
        (self.folder / "pgbackrest.conf").write_text(f"{text}pg1-socket-path={self.folder}\npg1-user=postgres\n")
        if user := postgres_user(self.folder / "data"):
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, user.uid, user.gid)
        self.run(str(DEBIAN / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync")
        conf = (SAMPLES / "postgresql.conf").read_text()
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"{conf}listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n")

    @contextmanager
    def server(self, session: Session) -> Iterator[None]:
        user = postgres_user(self.folder)
        child = start_child(
            "Debian's Postgres",
            [str(DEBIAN / "postgres"), "-D", str(self.folder / "data")],
            log=session.folder / "debian.log",
            environment=self.environment,
            folder=self.folder,
            user=user.uid if user else None,
            group=user.gid if user else None,
        )
        session.guard(child)
        try:
            wait_ready(
                child, lambda: self.attempt(str(DEBIAN / "pg_isready"), "-q", *self.address).returncode == 0, within=60
            )
            yield
        finally:
            child.stop(60)

    @property
    def address(self) -> tuple[str, ...]:
        return ("-h", str(self.folder), "-U", "postgres")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PGBACKREST_CONFIG": str(self.folder / "pgbackrest.conf"),
            "PGBACKREST_REPO1_CIPHER_PASS": "of a drill",
        }

    def psql(self, statement: str) -> str:
        return self.run(str(DEBIAN / "psql"), "-XAtq", *self.address, "-d", "postgres", "-c", statement).strip()

    def pgbackrest(self, *arguments: str) -> str:
        return self.run("pgbackrest", "--stanza=promptmill", *arguments)

    def run(self, *command: str) -> str:
        done = self.attempt(*command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        user = postgres_user(self.folder)
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self.environment,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def promoted(url: str) -> bool:
    try:
        async with connected(url) as hand:
            return not await hand.fetchval("SELECT pg_is_in_recovery()")
    except (OSError, asyncpg.PostgresError):
        return False
